import { askLogs } from './doors.ts';
import { Show } from './loading.tsx';
import { overviewWords } from './overview-words.ts';
import { isEnding, useFollowed } from './polling.ts';
import { ScrollBox } from './scroll-box.tsx';
import { durationOf, numberOf, percentOf } from './time-words.ts';

interface Summary {
  readonly tasks: { readonly completed: number; readonly failed: number; readonly cancelled: number };
  readonly success_rate: number | null;
  readonly durations: { readonly mean_ms: number | null; readonly p95_ms: number | null };
  readonly tokens: { readonly output: number };
  readonly workers: readonly {
    readonly worker_id: string;
    readonly completed: number;
    readonly failed: number;
    readonly utilisation: number;
    readonly availability: number;
  }[];
}

/** Shares of a day hardly move in a minute in which no task ends; in ms. */
const everyMs = 60_000;
const restMs = 10_000;

/** What was done within a day, in all and by worker. */
export function FiguresCard() {
  const words = overviewWords.value;
  const summary = useFollowed((signal) => askLogs<Summary>('/api/metrics/summary?hours=24', signal), {
    matters: isEnding,
    restMs,
    everyMs,
  });
  return (
    <section class="card" aria-labelledby="figures-title">
      <h2 id="figures-title">{words.day}</h2>
      <Show of={summary.state.value}>
        {(value) => (
          <>
            <Figures value={value} />
            <ByWorker workers={value.workers} />
          </>
        )}
      </Show>
    </section>
  );
}

function Figures({ value }: { value: Summary }) {
  const words = overviewWords.value;
  const { tasks, durations } = value;
  const figures: readonly (readonly [string, string])[] = [
    [words.completed, numberOf(tasks.completed)],
    [words.failed, numberOf(tasks.failed)],
    [words.cancelled, numberOf(tasks.cancelled)],
    [words.success, percentOf(value.success_rate)],
    [words.mean, durationOf(durations.mean_ms)],
    [words.p95, durationOf(durations.p95_ms)],
    [words.outputTokens, numberOf(value.tokens.output)],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, figure]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{figure}</dd>
        </div>
      ))}
    </dl>
  );
}

function ByWorker({ workers }: Pick<Summary, 'workers'>) {
  const words = overviewWords.value;
  return (
    <ScrollBox label={words.byWorker}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.worker}</th>
            <th scope="col" class="number">
              {words.completed}
            </th>
            <th scope="col" class="number">
              {words.failed}
            </th>
            <th scope="col" class="number">
              {words.utilisation}
            </th>
            <th scope="col" class="number">
              {words.availability}
            </th>
          </tr>
        </thead>
        <tbody>
          {workers.map((worker) => (
            <tr key={worker.worker_id}>
              <th scope="row" class="worker-name">
                {worker.worker_id}
              </th>
              <td class="number">{numberOf(worker.completed)}</td>
              <td class="number">{numberOf(worker.failed)}</td>
              <td class="number">{percentOf(worker.utilisation)}</td>
              <td class="number">{percentOf(worker.availability)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}
