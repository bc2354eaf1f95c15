import type { Moment } from './actor-history.ts';
import type { Past } from './actor-past.ts';
import { actorWords } from './actor-words.ts';
import { timeOf } from './time-words.ts';

interface ScrubberProps {
  readonly moments: readonly Moment[];
  readonly shown: Moment | null;
  readonly isLatest: boolean;
  /** Its whole past is on record; of others, what was seen. */
  readonly isRecorded: boolean;
  /** Of what is no task, what is read of its record. */
  readonly past: Past | null;
  readonly skipped: number;
  /** `null` for how it stands now, whatever comes. */
  readonly choose: (moment: Moment | null) => void;
}

/** Moves through the past of an actor. */
export function ActorScrubber({
  moments,
  shown,
  isLatest,
  isRecorded,
  past,
  skipped,
  choose,
}: ScrubberProps) {
  const words = actorWords.value;
  const at = shown === null ? 0 : Math.max(0, moments.indexOf(shown));
  const last = moments.length - 1;
  const goTo = (index: number) => choose(index >= last ? null : (moments[Math.max(0, index)] ?? null));
  return (
    <section class="card scrubber" aria-label={words.past}>
      <div class="bar">
        <h2>{words.past}</h2>
        {past?.canReadOlder.value === true && (
          <button type="button" onClick={() => past.readOlder()}>
            {words.older}
          </button>
        )}
        <button type="button" disabled={at <= 0} onClick={() => goTo(0)}>
          {words.first}
        </button>
        <button type="button" disabled={at <= 0} onClick={() => goTo(at - 1)}>
          ‹ {words.back}
        </button>
        <button type="button" disabled={at >= last} onClick={() => goTo(at + 1)}>
          {words.forth} ›
        </button>
        <button type="button" disabled={isLatest} onClick={() => goTo(last)}>
          {words.latest}
        </button>
      </div>
      {moments.length > 0 && (
        <input
          type="range"
          min={0}
          max={Math.max(last, 0)}
          value={at}
          disabled={last < 1}
          aria-label={words.past}
          aria-valuetext={shown === null ? '' : `${words.moment(at + 1, moments.length)}: ${shown.name}`}
          onInput={({ currentTarget }) => goTo(Number(currentTarget.value))}
        />
      )}
      <p role="status">
        {shown === null ? (
          <span class="muted">{words.noEvent}</span>
        ) : (
          <>
            <strong class="mono">{shown.name}</strong> {timeOf(shown.at)}{' '}
            <span class="muted">
              {shown.seq === null ? words.seen : `${words.recorded} seq ${shown.seq}`} ·{' '}
              {words.moment(at + 1, moments.length)}
            </span>
          </>
        )}
      </p>
      {skipped > 0 && <p class="muted">{words.skipped(skipped)}</p>}
      {!isRecorded && <p class="muted">{words.onlySeen}</p>}
      {past !== null && <PastNotes past={past} />}
    </section>
  );
}

function PastNotes({ past: { fault } }: { past: Past }) {
  const words = actorWords.value;
  return (
    <>
      <p class="muted">{words.tasksAround}</p>
      {fault.value !== '' && (
        <p class="fault" role="alert">
          {words.unread(fault.value)}
        </p>
      )}
    </>
  );
}
