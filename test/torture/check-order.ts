import type { Violation } from './checker.ts';
import type { History } from './history.ts';

/** A task must have been accepted so long before another is handed out that both stood in the same queue, in ms. */
const settledMs = 100;

export interface OrderReport {
  readonly violations: readonly Violation[];
  /** Leases that were given while another task waited, so that there was an order to judge. */
  readonly judged: number;
}

interface Waiting {
  readonly taskId: string;
  readonly op: string;
  readonly acceptedMs: number;
  isOver: boolean;
}

/**
 * A task that waits for its first lease goes before all that are younger and have no higher priority: aging cannot turn
 * these round. Only plain tasks are judged, which every worker takes alike.
 */
export function orderViolations({ observations, record }: History): OrderReport {
  const plain = new Map<string, number>();
  for (const asked of observations) {
    if (asked.type === 'asked' && asked.isPlain) plain.set(asked.op, asked.priority);
  }
  const judgedTasks = new Map(
    record.tasks.filter(({ op }) => plain.has(op)).map((row) => [row.taskId, row] as const),
  );
  const queues = Array.from({ length: 11 }, (): Waiting[] => []);
  const waiting = new Map<string, Waiting>();
  const acceptedAt = new Map<string, number>();
  const violations: Violation[] = [];
  let judged = 0;
  for (const { taskId, type, atMs, seq } of record.events) {
    const row = taskId === null ? undefined : judgedTasks.get(taskId);
    if (row === undefined) continue;
    if (type === 'task.accepted') {
      const entry = { taskId: row.taskId, op: row.op, acceptedMs: atMs, isOver: false };
      queues[row.priority]?.push(entry);
      waiting.set(row.taskId, entry);
      acceptedAt.set(row.taskId, row.seq);
      continue;
    }
    const own = waiting.get(row.taskId);
    if (own !== undefined) own.isOver = true;
    waiting.delete(row.taskId);
    if (type !== 'task.assigned' || waiting.size === 0) continue;
    judged += 1;
    for (let priority = row.priority; priority <= 10; priority += 1) {
      const first = firstOf(queues[priority] ?? []);
      if (first === undefined || atMs - first.acceptedMs < settledMs) continue;
      if ((judgedTasks.get(first.taskId)?.seq ?? 0) > row.seq) continue;
      violations.push({
        verdict: 'out of order',
        what: `${row.op} (priority ${row.priority}) was assigned at event ${seq}, while ${first.op} (${priority}), which is older, waited`,
      });
    }
  }
  return { violations, judged };
}

/** The oldest that waits; those that do not any more are taken out on the way. */
function firstOf(queue: Waiting[]): Waiting | undefined {
  while (queue[0]?.isOver === true) queue.shift();
  return queue[0];
}
