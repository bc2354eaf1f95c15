import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { ActorChart } from './actor-chart.tsx';
import { ActorContext } from './actor-context.tsx';
import type { Moment } from './actor-history.ts';
import { isOver, isTask, type Life, useLife, useSurroundings } from './actor-life.ts';
import { ActorNext } from './actor-next.tsx';
import { ActorScrubber } from './actor-scrubber.tsx';
import { ActorSequence } from './actor-sequence.tsx';
import { ActorStates } from './actor-states.tsx';
import { actorWords } from './actor-words.ts';
import { drawingOf } from './chart-drawings.ts';
import { Show, useLoaded } from './loading.tsx';
import { go, hrefOf, route } from './route.ts';
import { numberOf } from './time-words.ts';

/** What the page shows of an actor: how it stood at one moment of its life, or stands now. */
export interface Shown {
  /** `null` where nothing is known of its past. */
  readonly moment: Moment | null;
  readonly before: Moment | null;
  /** It is the last one: what is shown goes on by itself. */
  readonly isLatest: boolean;
  readonly states: readonly string[];
  readonly context: Readonly<Record<string, unknown>>;
}

/** `#/actors/task_…?seq=123`: the life of one actor. */
export function ActorPage({ actor }: { actor: string }) {
  const life = useLife(actor);
  const chosen = useSignal<Moment | null>(null);
  useDeepLink(life, chosen);
  useSurroundings(life, chosen, () => route.value.query.get('seq'));
  const shown = useComputed(() => shownOf(life, chosen.value));
  const choose = (moment: Moment | null) => {
    chosen.value = moment;
    const seq = moment?.seq ?? null;
    go(['actors', actor], seq === null ? {} : { seq: String(seq) }, 'replace');
  };
  const { moments, past, skipped } = life;
  const isRecorded = isTask(actor) || past !== null;
  const machine = machineOf(actor);
  const drawing = useLoaded(() => drawingOf(machine));
  const heading = <Heading actor={actor} life={life} chosen={chosen.value} />;
  // Of a name that nobody bears there is nothing else to show.
  if (life.absence.value !== '' && moments.value.length === 0) return heading;
  return (
    <>
      {heading}
      <ActorScrubber
        moments={moments.value}
        shown={shown.value.moment}
        isLatest={shown.value.isLatest}
        isRecorded={isRecorded}
        past={past}
        skipped={skipped.value}
        choose={choose}
      />
      <Show of={drawing.value}>
        {({ layout }) =>
          layout !== null && (
            <>
              <Stale hash={life.snapshot.value?.machine_hash ?? layout.hash} own={layout.hash} />
              <ActorChart layout={layout} shown={shown.value} />
              <div class="grid">
                <ActorStates snapshot={life.snapshot.value} shown={shown.value} />
                <ActorNext
                  graph={layout.graph}
                  actor={actor}
                  shown={shown.value}
                  snapshot={life.snapshot.value}
                />
              </div>
            </>
          )
        }
      </Show>
      <ActorContext shown={shown.value} />
      {isRecorded && <ActorSequence moments={moments.value} shown={shown.value.moment} choose={choose} />}
    </>
  );
}

function machineOf(actor: string): string {
  return isTask(actor) ? 'task' : (actor.split(':', 1)[0] ?? '');
}

/** Goes to the moment that the address names, once the record has come so far. */
function useDeepLink({ moments }: Life, chosen: { value: Moment | null; peek(): Moment | null }): void {
  useSignalEffect(() => {
    const asked = route.value.query.get('seq');
    const shown = chosen.peek()?.seq ?? null;
    // Back in the history of the browser, to the address without a moment.
    if (asked === null && shown !== null) chosen.value = null;
    if (asked === null || String(shown) === asked) return;
    chosen.value = moments.value.find(({ seq }) => String(seq) === asked) ?? chosen.peek();
  });
}

function shownOf({ snapshot, moments, past }: Life, chosen: Moment | null): Shown {
  const all = moments.value;
  const last = all.at(-1) ?? null;
  // What is on record is told anew with each fact that comes.
  const again = chosen?.seq === null ? chosen : all.find(({ seq }) => seq === chosen?.seq);
  const moment = again ?? chosen ?? last;
  const isLatest = chosen === null || moment === last;
  const live = chosen === null ? snapshot.value : null;
  return {
    moment,
    before: moment === null ? null : beforeOf(all, moment, past === null),
    isLatest,
    states: live?.states.map(({ state }) => state) ?? moment?.states ?? [],
    context: live === null ? (moment?.context ?? {}) : { ...moment?.context, ...live.context },
  };
}

/** What it is compared with. Of what is no task the record tells other things than what is seen live. */
function beforeOf(all: readonly Moment[], moment: Moment, isAlike: boolean): Moment | null {
  const before = all.slice(0, Math.max(0, all.indexOf(moment)));
  return before.findLast(({ seq }) => isAlike || (seq === null) === (moment.seq === null)) ?? null;
}

function Heading({ actor, life, chosen }: { actor: string; life: Life; chosen: Moment | null }) {
  const words = actorWords.value;
  const { snapshot, moments, past, absence } = life;
  const asked = route.value.query.get('seq');
  const isEnded = isOver(actor, moments.value) || (past !== null && moments.value.length > 0);
  const isRead = past === null ? isEnded : past.isSettled.value;
  const { parent = null, children = 0 } = snapshot.value ?? {};
  const machine = machineOf(actor);
  return (
    <>
      <p class="crumbs">
        <a href={hrefOf(['actors'])}>{words.title}</a> ›{' '}
        <a href={hrefOf(['actors', 'machine', machine])}>{machine}</a>
      </p>
      <h1 class="mono">{actor}</h1>
      <p>
        <span class={`tag ${snapshot.value === null ? '' : 'run'}`}>
          {snapshot.value === null ? (isEnded ? words.ended : words.none) : words.alive}
        </span>{' '}
        {parent !== null && (
          <>
            {words.owner} <a href={hrefOf(['actors', parent])}>{parent}</a>{' '}
          </>
        )}
        {children > 0 && `${words.children} ${numberOf(children)} `}
        {isTask(actor) && <a href={hrefOf(['tasks', actor])}>{words.toTask}</a>}
      </p>
      {absence.value !== '' && !isOver(actor, moments.value) && (
        <p class="muted">
          {moments.value.length === 0 ? words.gone(absence.value) : isTask(actor) ? words.row : words.left}
        </p>
      )}
      {asked !== null && chosen === null && isRead && <p class="muted">{words.noSuchSeq(asked)}</p>}
    </>
  );
}

function Stale({ hash, own }: { hash: string; own: string }) {
  return hash === own ? null : (
    <p class="fault" role="alert">
      {actorWords.value.otherVersion}
    </p>
  );
}
