import type { Foretold, TaskFacts } from './task-facts.ts';
import { taskPageWords } from './task-page-words.ts';
import { durationOf, percentOf, timeOf } from './time-words.ts';

/** First predictions of tasks that were looked at; the oldest is forgotten for a new one. */
const remembered = new Map<string, Foretold>();
const rememberedMax = 200;

/** What was foretold of a task when it was first looked at: there is no prediction any more once it has ended. */
function firstOf({ task_id, prediction }: TaskFacts): Foretold | null {
  const known = remembered.get(task_id);
  if (known !== undefined && known.finish !== null) return known;
  if (prediction === null) return known ?? null;
  remembered.set(task_id, prediction);
  for (const oldest of remembered.keys()) {
    if (remembered.size <= rememberedMax) break;
    remembered.delete(oldest);
  }
  return prediction;
}

export function Prediction({ task }: { task: TaskFacts }) {
  const words = taskPageWords.value;
  const first = firstOf(task);
  const last = task.attempt_list.at(-1);
  const expectedMs = last?.reason.candidates?.find(
    ({ worker_id }) => worker_id === last.worker_id,
  )?.expected_ms;
  const place = task.prediction?.place ?? null;
  return (
    <section class="card" aria-labelledby="prediction-title">
      <h2 id="prediction-title">{words.prediction}</h2>
      {place !== null && <p>{words.place(place)}</p>}
      {first === null && expectedMs === undefined && <p class="muted">{words.noPrediction}</p>}
      <table>
        <thead>
          <tr>
            <th scope="col">
              <span class="visually-hidden">{words.prediction}</span>
            </th>
            <th scope="col">{words.foretold}</th>
            <th scope="col">{words.happened}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{words.start}</th>
            <td>{spanText(first?.start ?? null)}</td>
            <td>
              {task.started_at === null && task.ended_at === null ? words.notYet : timeOf(task.started_at)}
            </td>
          </tr>
          <tr>
            <th scope="row">{words.finish}</th>
            <td>{spanText(first?.finish ?? null)}</td>
            <td>{task.ended_at === null ? words.notYet : timeOf(task.ended_at)}</td>
          </tr>
          <tr>
            <th scope="row">{words.duration}</th>
            <td>{durationOf(expectedMs ?? null)}</td>
            <td>
              {durationOf(last?.duration_ms ?? null)} {errorText(expectedMs, last?.duration_ms)}
            </td>
          </tr>
        </tbody>
      </table>
      {first !== null && <p class="muted">{words.basis(first.basis)}</p>}
    </section>
  );
}

function spanText(span: { readonly p50: string; readonly p90: string } | null): string {
  return span === null ? '–' : taskPageWords.value.span(timeOf(span.p50), timeOf(span.p90));
}

function errorText(expectedMs: number | undefined, actualMs: number | null | undefined): string {
  if (expectedMs === undefined || !actualMs) return '';
  return `(${taskPageWords.value.offBy(percentOf(Math.abs(actualMs - expectedMs) / actualMs))})`;
}
