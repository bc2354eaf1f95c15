import {
  answerOf,
  type DatabaseRecord,
  type EventRow,
  type Fault,
  type Generation,
  type History,
  type Observation,
  type Seen,
  type TaskRow,
} from './history.ts';

/** `a` and `b` are asked for, acknowledged, executed one after the other, seen and told; nothing is done to them. */
export function good(): History {
  return {
    observations: [
      asked('a', 5, 0),
      acknowledged('a', 10),
      asked('b', 5, 20),
      acknowledged('b', 30),
      ...[1, 2, 3, 4, 5, 6].map((seq) => told(seq)),
      seen('a', 'sync', 400),
      seen('a', 'look', 500),
      seen('b', 'last', 900),
    ],
    generations: [generation('a', 'g-a', 110), generation('b', 'g-b', 310)],
    faults: [],
    record: { tasks: [row('a', 1), row('b', 2)], events, damage: [] },
  };
}

export const events: readonly EventRow[] = [
  { seq: 1, taskId: 'task_a', type: 'task.accepted', atMs: 5 },
  { seq: 2, taskId: 'task_b', type: 'task.accepted', atMs: 25 },
  { seq: 3, taskId: 'task_a', type: 'task.assigned', atMs: 200 },
  { seq: 4, taskId: 'task_a', type: 'task.completed', atMs: 300 },
  { seq: 5, taskId: 'task_b', type: 'task.assigned', atMs: 305 },
  { seq: 6, taskId: 'task_b', type: 'task.completed', atMs: 300 },
];

export function asked(op: string, priority: number, atMs: number): Observation {
  return { type: 'asked', op, door: 'rest', priority, isPlain: true, atMs };
}

export function acknowledged(op: string, atMs: number, taskId = `task_${op}`): Observation {
  return { type: 'acknowledged', op, taskId, sentMs: atMs - 5, atMs };
}

export function seen(op: string, by: Seen['by'], atMs: number, more: Partial<Seen> = {}): Observation {
  const output = answerOf(op, `g-${op}`);
  return {
    type: 'seen',
    op,
    taskId: `task_${op}`,
    by,
    status: 'completed',
    output,
    sentMs: atMs - 5,
    atMs,
    ...more,
  };
}

export function told(seq: number, event = events[seq - 1]?.type ?? '', watcher = 'w'): Observation {
  const taskId = events[seq - 1]?.taskId ?? '';
  return { type: 'told', watcher, seq, taskId, event, atMs: 310 };
}

export function generation(
  op: string,
  id: string,
  begunMs: number,
  more: Partial<Generation> = {},
): Generation {
  return { id, op, via: 'gpu1', begunMs, endedMs: begunMs + 100, end: 'complete', ...more };
}

export function row(op: string, seq: number, more: Partial<TaskRow> = {}): TaskRow {
  const output = answerOf(op, `g-${op}`);
  const common = { taskId: `task_${op}`, op, seq, priority: 5, errorCode: null, endedMs: 300 };
  return { ...common, status: 'completed', output, ...more };
}

export function fault(beganMs: number, endedMs: number, more: Partial<Fault> = {}): Fault {
  return {
    kind: 'kill server',
    beganMs,
    endedMs,
    reaches: 'all',
    killsServer: true,
    evidence: 'SIGKILL',
    ...more,
  };
}

export function changed(
  change: Partial<Omit<History, 'record'>> & { readonly record?: Partial<DatabaseRecord> },
): History {
  const history = good();
  return { ...history, ...change, record: { ...history.record, ...change.record } };
}

/** With these behind what was observed in the good one. */
export function observed(...more: readonly Observation[]): History {
  return changed({ observations: [...good().observations, ...more] });
}

/** `b` is older, and `a` was assigned while it waited. */
export function swapped(): EventRow[] {
  const [first, second, ...rest] = events as readonly [EventRow, EventRow, ...EventRow[]];
  return [{ ...second, seq: 1 }, { ...first, seq: 2 }, ...rest];
}
