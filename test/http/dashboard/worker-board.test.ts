import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LiveEvent } from '../../../src/http/dashboard/live-event.ts';
import { WorkerBoard } from '../../../src/http/dashboard/worker-board.ts';
import type { WorkerView } from '../../../src/runtime/worker-view.ts';

const at = '2026-11-22T10:00:00.000Z';

function worker(worker_id: string, tasks: readonly string[] = [], location = 'local'): WorkerView {
  const known = { worker_id, location, status: 'idle', admission: 'active' };
  return {
    ...known,
    current_tasks: [...tasks],
    leases: tasks.length,
    current_task: tasks[0] ?? null,
  } as WorkerView;
}

function ofTask(seq: number, event: string, task_id: string, worker_id?: string): LiveEvent {
  return { type: 'task_update', seq, timestamp: at, task_id, details: { event, worker_id } };
}

function ofWorker(seq: number, event: string, worker_id: string, status: string, to?: string): LiveEvent {
  return { type: 'worker_update', seq, timestamp: at, worker_id, status, details: { event, to } };
}

/** A board of these workers, up to date. */
function boardOf(...workers: readonly WorkerView[]): WorkerBoard {
  const board = new WorkerBoard();
  board.expect();
  board.begin(workers);
  return board;
}

const tasksOn = (board: WorkerBoard) => board.workers.map(({ current_tasks }) => current_tasks);

test('a task is on its worker by its fact, and off it by that of its end', () => {
  const board = boardOf(worker('a'), worker('b'));
  const begun = board.hear([ofTask(1, 'task.assigned', 't', 'b'), ofWorker(1, 'task.assigned', 'b', 'busy')]);
  expect(begun).toEqual({ hasChanged: true, isStale: false });
  expect(board.workers[1]).toMatchObject({
    current_tasks: ['t'],
    leases: 1,
    current_task: 't',
    status: 'busy',
  });
  expect(board.sinceOf('t')).toBe(at);
  for (const ending of ['task.completed', 'task.failed', 'task.cancelled', 'task.retried']) {
    board.hear([ofTask(2, 'task.assigned', 't', 'b')]);
    board.hear([ofTask(3, ending, 't', 'b')]);
    expect(board.workers[1], ending).toMatchObject({ current_tasks: [], leases: 0, current_task: null });
    expect(board.sinceOf('t')).toBeUndefined();
  }
});

test('what happened while the snapshot was under way counts, whether the snapshot has it or not', () => {
  const board = boardOf(worker('a', ['old']));
  board.expect();
  board.hear([
    ofTask(1, 'task.completed', 'old', 'a'),
    ofTask(2, 'task.assigned', 'short', 'a'),
    ofTask(3, 'task.completed', 'short', 'a'),
    ofTask(4, 'task.assigned', 'new', 'a'),
  ]);
  expect(board.begin([worker('a', ['old'])])).toBe(true);
  expect(tasksOn(board)).toEqual([['new']]);
  board.expect();
  board.hear([ofTask(5, 'task.assigned', 'newer', 'a')]);
  board.begin([worker('a', ['new', 'newer'])]);
  expect(tasksOn(board)).toEqual([['new', 'newer']]);
});

test('a snapshot of any moment and the facts from its question on lead to what the facts alone lead to', () => {
  const steps = fc.array(fc.tuple(fc.nat(5), fc.boolean()), { maxLength: 40 });
  fc.assert(
    fc.property(steps, fc.nat(40), fc.nat(40), (drawn, one, other) => {
      const facts = drawn.map(([task, begins], index) =>
        ofTask(index + 1, begins ? 'task.assigned' : 'task.completed', `t${task}`, 'a'),
      );
      const [asked, seen] = [Math.min(one, other), Math.max(one, other)];
      const alone = boardOf(worker('a'));
      alone.hear(facts.slice(0, seen));
      const snapshot = worker('a', tasksOn(alone)[0]);
      alone.hear(facts.slice(seen));
      const board = boardOf(worker('a'));
      board.hear(facts.slice(0, asked));
      board.expect();
      board.hear(facts.slice(asked));
      board.begin([snapshot]);
      expect(tasksOn(board)[0]?.toSorted()).toEqual(tasksOn(alone)[0]?.toSorted());
    }),
    { numRuns: 100 },
  );
});

test('a missing fact, and one that tells of more than it says, ask for a snapshot', () => {
  const board = boardOf(worker('a'));
  const accepted = (seq: number) => board.hear([ofTask(seq, 'task.accepted', `t${seq}`)]);
  expect([accepted(1), accepted(2)].map(({ isStale }) => isStale)).toEqual([false, false]);
  expect(accepted(4)).toEqual({ hasChanged: false, isStale: true });
  // Two channels tell one fact under one seq.
  const twice = board.hear([ofTask(5, 'task.retried', 't', 'a'), ofWorker(5, 'task.retried', 'a', 'idle')]);
  expect(twice.isStale).toBe(false);
  expect(board.hear([ofWorker(6, 'worker.enrolled', 'b', 'offline')]).isStale).toBe(true);
});

test('more facts than are kept while a snapshot is under way ask for another one', () => {
  const board = new WorkerBoard();
  const facts = Array.from({ length: 5_000 }, (_, index) => ofTask(index + 1, 'task.accepted', `t${index}`));
  board.expect();
  board.hear(facts);
  expect(board.begin([worker('a')])).toBe(true);
  board.expect();
  board.hear([...facts, ofTask(5_001, 'task.accepted', 'one more')]);
  expect(board.begin([worker('a')])).toBe(false);
});

test('whether a worker takes work is told by its fact', () => {
  const board = boardOf(worker('a'));
  board.hear([ofWorker(1, 'worker.readmitted', 'a', 'idle', 'drained')]);
  expect(board.workers[0]?.admission).toBe('drained');
  board.hear([ofWorker(2, 'worker.changed', 'a', 'offline', 'lost')]);
  expect(board.workers[0]).toMatchObject({ admission: 'drained', status: 'offline' });
});

test('local workers come before remote ones, and by name among them', () => {
  const board = boardOf(worker('z', [], 'remote'), worker('b'), worker('a', [], 'remote'), worker('c'));
  expect(board.workers.map(({ worker_id }) => worker_id)).toEqual(['b', 'c', 'a', 'z']);
});
