import { grouped } from './check-promises.ts';
import type { Violation } from './checker.ts';
import type { History } from './history.ts';

/** What watchers were told stands in the record, and they were told all of it, once and in order. */
export function toldViolations({ observations, record }: History): Violation[] {
  const written = new Map(record.events.map((event) => [event.seq, event]));
  const told = observations.filter((observation) => observation.type === 'told');
  const found: Violation[] = [];
  for (const [watcher, stream] of grouped(told.map((event) => [event.watcher, event]))) {
    let last = 0;
    const heard = new Set<number>();
    for (const { seq, taskId, event } of stream) {
      if (seq <= last)
        found.push({ verdict: 'told with a gap', what: `${watcher} was told ${seq} after ${last}` });
      last = seq;
      heard.add(seq);
      const row = written.get(seq);
      if (row === undefined || row.taskId !== taskId || row.type !== event) {
        const instead = row === undefined ? 'is not on record' : `is ${row.type} of ${row.taskId} on record`;
        found.push({
          verdict: 'told too early',
          what: `${watcher} was told ${event} of ${taskId} as ${seq}, which ${instead}`,
        });
      }
    }
    const first = stream[0]?.seq ?? 0;
    for (const { seq, type, taskId } of record.events) {
      const isTold = seq < first || seq > last || taskId === null || !taskEvents.has(type) || heard.has(seq);
      if (!isTold)
        found.push({
          verdict: 'told with a gap',
          what: `${watcher} was not told ${type} of ${taskId}, ${seq}`,
        });
    }
  }
  return found;
}

const taskEvents: ReadonlySet<string> = new Set([
  'task.accepted',
  'task.assigned',
  'task.retried',
  'task.completed',
  'task.failed',
  'task.cancelled',
]);
