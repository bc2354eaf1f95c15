import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ActorSnapshot } from './actor-life.ts';
import type { Shown } from './actor-page.tsx';
import { actorWords } from './actor-words.ts';
import { durationOf, timeOf } from './time-words.ts';

const tickMs = 200;

/** Where the actor stands and since when; now, also which of its timers run. */
export function ActorStates({ snapshot, shown }: { snapshot: ActorSnapshot | null; shown: Shown }) {
  const words = actorWords.value;
  const isNow = shown.isLatest && snapshot !== null;
  return (
    <section class="card">
      <h2>{words.states}</h2>
      <ul class="plain">
        {isNow
          ? snapshot.states.map(({ state, since }) => (
              <li key={state}>
                <span class="tag run">{state}</span>{' '}
                <span class="muted">
                  {words.since} {timeOf(since)}
                </span>
              </li>
            ))
          : shown.states.map((state) => (
              <li key={state}>
                <span class="tag">{state}</span>
              </li>
            ))}
      </ul>
      {!isNow && <Silence shown={shown} />}
      {isNow && <Timers timers={snapshot.timers} />}
    </section>
  );
}

/** What the record does not say is called so. */
function Silence({ shown: { moment, states } }: { shown: Shown }) {
  const words = actorWords.value;
  const { untold } = moment ?? {};
  if (untold === undefined) return null;
  return (
    <>
      {states.length === 0 && untold.length === 0 && <p class="muted">{words.noActorThen}</p>}
      {untold.length > 0 && <p class="muted">{words.untold(untold.join(', '))}</p>}
      <p class="muted">{words.notMemory}</p>
    </>
  );
}

/** Timers count down by the reader's clock: the two may differ, so one that is due says so for a while. */
function Timers({ timers }: Pick<ActorSnapshot, 'timers'>) {
  const words = actorWords.value;
  const now = useSignal(Date.now());
  useEffect(() => {
    if (timers.length === 0) return undefined;
    const timer = setInterval(() => {
      now.value = Date.now();
    }, tickMs);
    return () => clearInterval(timer);
  }, [timers.length]);
  return (
    <>
      <h3>{words.timers}</h3>
      {timers.length === 0 && <p class="muted">{words.noTimers}</p>}
      <ul class="plain">
        {timers.map(({ event, due_at }) => {
          const leftMs = Date.parse(due_at) - now.value;
          return (
            <li key={event} class="mono">
              {words.dueIn(nameOf(event), leftMs > 0 ? durationOf(leftMs) : words.due)}
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** `xstate.after.waitMs.task.scheduled` is `after waitMs`. */
function nameOf(event: string): string {
  const [, delay] = /^xstate\.after\.([^.]+)/.exec(event) ?? [];
  return delay === undefined ? event : `after ${delay}`;
}
