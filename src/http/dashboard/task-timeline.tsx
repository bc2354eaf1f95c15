import type { LiveEvent } from './live-event.ts';
import { hrefOf } from './route.ts';
import { taskPageWords } from './task-page-words.ts';
import { durationOf, timeOf } from './time-words.ts';

/** What happened to it, in order, each with the time since the one before. */
export function Timeline({ taskId, facts }: { taskId: string; facts: readonly LiveEvent[] }) {
  const words = taskPageWords.value;
  return (
    <section class="card" aria-labelledby="timeline-title">
      <h2 id="timeline-title">{words.timeline}</h2>
      <ol class="timeline">
        {facts.map((fact, place) => {
          const before = facts[place - 1];
          const event = fact.details.event ?? '';
          return (
            <li key={fact.seq}>
              <a class="timeline-time" href={hrefOf(['actors', taskId], { seq: String(fact.seq) })}>
                <time dateTime={fact.timestamp}>{timeOf(fact.timestamp)}</time>
              </a>
              <span>
                <strong>{words.facts[event] ?? event}</strong> {detailOf(fact)}
              </span>
              <span class="muted timeline-delta">
                {before !== undefined &&
                  words.after(durationOf(Date.parse(fact.timestamp) - Date.parse(before.timestamp)))}
              </span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** Worker, model, priority, failure: what there is of it. */
function detailOf({ details }: LiveEvent): string {
  const { worker_id, model, priority, failure, elapsed_ms } = details;
  const failed = (failure as { message?: unknown; code?: unknown } | undefined) ?? {};
  const parts = [worker_id, model, failed.code, failed.message].filter((part) => typeof part === 'string');
  if (typeof priority === 'number') parts.push(`${taskPageWords.value.priority} ${priority}`);
  if (typeof elapsed_ms === 'number') parts.push(durationOf(elapsed_ms));
  return parts.join(' · ');
}
