import { ask } from './doors.ts';
import type { LiveEvent } from './live-event.ts';
import { Show } from './loading.tsx';
import { overviewWords } from './overview-words.ts';
import { nowMs, useFollowed } from './polling.ts';
import { hrefOf } from './route.ts';
import { ScrollBox } from './scroll-box.tsx';
import { ageOf, numberOf, timeOf } from './time-words.ts';

interface Tier {
  readonly priority: number;
  readonly waiting: number;
  readonly oldest_task_id: string;
  readonly oldest_at: string;
  readonly finish: { readonly p50: string; readonly p90: string } | null;
}

/** In ms: forecasts move while nothing happens, if only slowly. */
const everyMs = 60_000;
const restMs = 2_000;

function isOfQueue({ type, details }: LiveEvent): boolean {
  return type === 'task_update' || details.event?.startsWith('pool.') === true;
}

async function loadQueue(signal: AbortSignal) {
  const [{ tiers }, { state }] = await Promise.all([
    ask<{ tiers: readonly Tier[] }>('/queue', { signal }),
    ask<{ state: string }>('/pool', { signal }),
  ]);
  return { tiers, state };
}

/** What waits, by priority: how long the oldest has, and when the last will be done. */
export function QueueCard() {
  const words = overviewWords.value;
  const queue = useFollowed(loadQueue, { matters: isOfQueue, restMs, everyMs });
  return (
    <section class="card" aria-labelledby="queue-title">
      <h2 id="queue-title">{words.queue}</h2>
      <Show of={queue.state.value}>
        {({ tiers, state }) => (
          <>
            {state === 'paused' && <p class="tag wait">{words.paused}</p>}
            {state !== 'paused' && state !== 'running' && <p class="tag bad">{words.notRunning(state)}</p>}
            {tiers.length === 0 ? <EmptyQueue /> : <Tiers tiers={tiers} />}
          </>
        )}
      </Show>
    </section>
  );
}

function EmptyQueue() {
  const words = overviewWords.value;
  return (
    <p class="muted">
      {words.noQueue} <a href={hrefOf(['tasks'], { new: '1' })}>{words.delegate}</a>
    </p>
  );
}

function Tiers({ tiers }: { tiers: readonly Tier[] }) {
  const words = overviewWords.value;
  return (
    <ScrollBox label={words.byPriority}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.priority}</th>
            <th scope="col" class="number">
              {words.waiting}
            </th>
            <th scope="col">{words.oldest}</th>
            <th scope="col">{words.finish}</th>
          </tr>
        </thead>
        <tbody>
          {tiers.map(({ priority, waiting, oldest_task_id, oldest_at, finish }) => (
            <tr key={priority}>
              <td>
                <a href={hrefOf(['tasks'], { status: 'pending', priority: String(priority) })}>{priority}</a>
              </td>
              <td class="number">{numberOf(waiting)}</td>
              <td>
                <a href={hrefOf(['tasks', oldest_task_id])}>{ageOf(oldest_at, nowMs.value)}</a>
              </td>
              <td>{finish === null ? words.unknownFinish : finishText(finish)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

function finishText({ p50, p90 }: { readonly p50: string; readonly p90: string }): string {
  const [early, late] = [timeOf(p50), timeOf(p90)];
  return early === late ? early : overviewWords.value.finishOf(early, late);
}
