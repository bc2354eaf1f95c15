import { describe, expect, test } from 'vitest';
import { assignmentId, workerId } from '../../src/machines/identifiers.ts';
import { limits } from '../../src/machines/limits.ts';
import { smallTokens } from '../../src/machines/route-class.ts';
import { actorOfSeat, seatOfActor } from '../../src/machines/seat.ts';
import { type LiveTask, TaskBoard, type TaskRef } from '../../src/machines/task-board.ts';
import type { TaskTicket } from '../../src/machines/task-ticket.ts';
import { makeTicket, taskIdOf } from '../support/pool-samples.ts';

const nobody = {} as TaskRef;

function sit(board: TaskBoard, ticket: TaskTicket): LiveTask {
  return board.sit(board.takeSeat(), ticket, nobody);
}

const ofFive = { priority: 5, taskType: 'general' };

describe('the window', () => {
  test('has an equal part for each priority', () => {
    const board = new TaskBoard(20, 0);
    sit(board, makeTicket(1));
    expect(board.hasRoomFor(makeTicket(3))).toBe(true);
    sit(board, makeTicket(2));
    expect(board.hasRoomFor(makeTicket(3))).toBe(false);
    expect(board.hasRoomFor(makeTicket(3, { priority: 6 }))).toBe(true);
  });

  test('holds at least one task of each priority, however small it is', () => {
    expect(new TaskBoard(1, 0).hasRoomFor(makeTicket(1))).toBe(true);
  });

  test('lets nobody pass those who wait behind it', () => {
    const board = new TaskBoard(10, 0);
    const first = sit(board, makeTicket(1));
    board.leaveDormant(makeTicket(2));
    board.leave(first);
    expect(board.hasRoomFor(makeTicket(3))).toBe(false);
    board.readRows(ofFive, 2, true);
    expect(board.hasRoomFor(makeTicket(3))).toBe(true);
  });

  test('is not filled by tasks that wait for a start time', () => {
    const board = new TaskBoard(10, 0);
    sit(board, makeTicket(1, { delayMs: 5_000 }));
    expect(board.hasRoomFor(makeTicket(2))).toBe(true);
  });

  test('takes tasks that start within a minute beside it, and not more than its limit', () => {
    const board = new TaskBoard(10_000, 0);
    const soon = (seq: number) => makeTicket(seq, { delayMs: limits.scheduledHorizonMs });
    expect(board.hasRoomFor(makeTicket(1, { delayMs: limits.scheduledHorizonMs + 1 }))).toBe(false);
    const seated = Array.from({ length: limits.scheduledWindow }, (_, at) => sit(board, soon(at + 1)));
    expect(board.hasRoomFor(soon(9_999))).toBe(false);
    board.leave(seated[0] as LiveTask);
    expect(board.hasRoomFor(soon(9_999))).toBe(true);
  });

  test('refuses a priority that does not exist, and says which', () => {
    const askedOf = (priority: number) => () => new TaskBoard(10, 0).hasRoomFor(makeTicket(1, { priority }));
    for (const priority of [0, 11, 2.5]) {
      expect(askedOf(priority)).toThrow(RangeError);
      expect(askedOf(priority)).toThrow(`priority ${priority} `);
    }
  });
});

describe('the rows behind the window', () => {
  test('are counted, over all priorities', () => {
    const board = new TaskBoard(10, 0);
    board.inherit({ priority: 5, taskType: 'general', count: 40, firstSeq: 7 });
    board.leaveDormant(makeTicket(50, { priority: 9 }));
    expect(board.dormantCount).toBe(41);
    board.awaken(ofFive);
    expect(board.dormantCount).toBe(40);
  });

  test('are asked for from the first of them on, the urgent ones first', () => {
    const board = new TaskBoard(100, 0);
    board.leaveDormant(makeTicket(41));
    board.leaveDormant(makeTicket(42));
    board.inherit({ priority: 7, taskType: 'general', count: 3, firstSeq: 20 });
    expect(board.shortages()).toEqual([
      { priority: 7, taskType: 'general', afterSeq: 0, limit: 10 },
      { priority: 5, taskType: 'general', afterSeq: 40, limit: 10 },
    ]);
  });

  test('are asked for again from the start when one comes due that is older than those read', () => {
    const board = new TaskBoard(100, 0);
    board.inherit({ priority: 5, taskType: 'general', count: 90, firstSeq: 10 });
    board.readRows(ofFive, 60, false);
    board.inherit({ priority: 5, taskType: 'general', count: 1, firstSeq: 3 });
    expect(board.shortages()).toEqual([{ priority: 5, taskType: 'general', afterSeq: 2, limit: 10 }]);
  });

  test('are asked for when half of the window is empty, and not more than fits', () => {
    const board = new TaskBoard(100, 0);
    const seated = [1, 2, 3, 4, 5, 6].map((seq) => sit(board, makeTicket(seq)));
    board.leaveDormant(makeTicket(7));
    expect(board.shortages()).toEqual([]);
    board.leave(seated[0] as LiveTask);
    expect(board.shortages()).toEqual([{ priority: 5, taskType: 'general', afterSeq: 6, limit: 5 }]);
  });

  test('are read in bounded batches', () => {
    const board = new TaskBoard(100_000, 0);
    board.inherit({ priority: 5, taskType: 'general', count: 90_000, firstSeq: 1 });
    expect(board.shortages()).toEqual([
      { priority: 5, taskType: 'general', afterSeq: 0, limit: limits.activationBatch },
    ]);
  });

  test('wait until a read has shown that there are none, whatever the count says', () => {
    const board = new TaskBoard(100, 0);
    board.inherit({ priority: 5, taskType: 'general', count: 2, firstSeq: 10 });
    for (let taken = 0; taken < 5; taken += 1) board.awaken(ofFive);
    expect(board.shortages()).toHaveLength(1);
    expect(board.hasRoomFor(makeTicket(99))).toBe(false);
    board.readRows(ofFive, 11, true);
    expect(board.shortages()).toEqual([]);
    board.awaken(ofFive);
    expect(board.dormantCount).toBe(0);
  });
});

describe('a seat', () => {
  test('is taken again after its task has left', () => {
    const board = new TaskBoard(100, 0);
    const [first, second] = [sit(board, makeTicket(1)), sit(board, makeTicket(2))];
    expect([first.seat, second.seat]).toEqual([1, 2]);
    board.leave(first);
    expect(sit(board, makeTicket(3)).seat).toBe(1);
    expect(sit(board, makeTicket(4)).seat).toBe(3);
    expect(board.atSeat(1)?.ticket.seq).toBe(3);
  });

  test('gives its actor a name that no worker can have', () => {
    expect(seatOfActor(actorOfSeat(12))).toBe(12);
    for (const name of ['local_001', 'task-1', 'task_1', 'task.1', 'task-', 'task']) {
      expect(seatOfActor(name)).toBeUndefined();
    }
  });

  test('is left once: the task waits nowhere any more', () => {
    const board = new TaskBoard(100, 0);
    const task = sit(board, makeTicket(1));
    board.ready.add(task);
    board.leave(task);
    expect([board.liveCount, board.ready.size]).toEqual([0, 0]);
    expect(board.get(taskIdOf(1))).toBeUndefined();
    expect(board.atSeat(task.seat)).toBeUndefined();
    expect([...board.all()]).toEqual([]);
  });
});

describe('tasks of another type', () => {
  const other = (seq: number) => makeTicket(seq, { taskType: 'translation' });

  test('have a window of their own in the same priority', () => {
    const board = new TaskBoard(100, 0);
    for (let seq = 1; seq <= 10; seq += 1) sit(board, makeTicket(seq));
    board.leaveDormant(makeTicket(11));
    expect(board.hasRoomFor(makeTicket(12))).toBe(false);
    expect(board.hasRoomFor(other(13))).toBe(true);
  });

  test('have a reserve when the whole window is full, and no more than that', () => {
    const board = new TaskBoard(300, 0);
    for (let seq = 1; seq <= 300; seq += 1) sit(board, makeTicket(seq, { priority: 1 + (seq % 10) }));
    for (let seq = 301; seq <= 300 + limits.windowReserve; seq += 1) {
      expect(board.hasRoomFor(other(seq))).toBe(true);
      sit(board, other(seq));
    }
    expect(board.hasRoomFor(other(999))).toBe(false);
  });

  test('keep no more than their reserve free from the task on that fills the whole window', () => {
    const board = new TaskBoard(300, 0);
    for (let seq = 1; seq <= 25; seq += 1) sit(board, other(seq));
    for (let seq = 26; seq < 300; seq += 1) sit(board, makeTicket(seq, { priority: 1 + (seq % 10) }));
    expect(board.hasRoomFor(other(999))).toBe(true);
    sit(board, makeTicket(300));
    expect(board.hasRoomFor(other(999))).toBe(false);
  });
});

describe('what a worker has', () => {
  const lease = {
    assignmentId: assignmentId(1),
    workerId: workerId('local_001'),
    model: 'gpt-oss:20b',
    expected: null,
  };

  /** One of the two that fill a window is in the hands of a worker. */
  function lentBoard(): { board: TaskBoard; task: LiveTask } {
    const board = new TaskBoard(20, 0);
    const task = sit(board, makeTicket(1));
    sit(board, makeTicket(2));
    board.lend(task, lease);
    return { board, task };
  }

  test('takes no room in the window until it is given back', () => {
    const { board, task } = lentBoard();
    expect(board.hasRoomFor(makeTicket(3))).toBe(true);
    board.takeBack(task);
    board.takeBack(task);
    expect(board.hasRoomFor(makeTicket(3))).toBe(false);
    board.leave(task);
    expect(board.hasRoomFor(makeTicket(3))).toBe(true);
  });

  test('takes none in the window of another priority that it is given meanwhile, before it is given back', () => {
    const { board, task } = lentBoard();
    board.reprioritize(task, 6);
    sit(board, makeTicket(3, { priority: 6 }));
    expect(board.hasRoomFor(makeTicket(4, { priority: 6 }))).toBe(true);
    expect(board.hasRoomFor(makeTicket(4))).toBe(true);
    sit(board, makeTicket(4));
    expect(board.hasRoomFor(makeTicket(5))).toBe(false);
    board.takeBack(task);
    expect(board.hasRoomFor(makeTicket(6, { priority: 6 }))).toBe(false);
  });

  test('frees nothing in the window when it ends there', () => {
    const { board, task } = lentBoard();
    sit(board, makeTicket(3));
    board.leave(task);
    expect(board.hasRoomFor(makeTicket(4))).toBe(false);
  });
});

describe('tasks of one class', () => {
  const classOf = (parts: Partial<TaskTicket> = {}) =>
    sit(new TaskBoard(100, 0), makeTicket(1, parts)).routeClass;

  test('have one type and ask for one model, named or proposed', () => {
    expect(classOf({ priority: 9, promptTokens: 700, promptChars: 3 })).toBe(classOf());
    const others = [
      { taskType: 'translation' },
      { model: 'gpt-oss:20b' },
      { suggestedModel: 'gemma3:4b' },
      { fallbackModel: 'gemma3:4b' },
      { numCtx: 8_192 },
    ];
    expect(new Set([{}, ...others].map(classOf)).size).toBe(others.length + 1);
  });

  test('need contexts of about the same size, where that matters', () => {
    const long = (promptTokens: number) => classOf({ promptTokens });
    expect(long(smallTokens)).toBe(long(1));
    expect(long(smallTokens + 1)).not.toBe(long(1));
    for (let tokens = smallTokens + 1; tokens < 200_000; tokens = Math.ceil(tokens * 1.3)) {
      expect(long(Math.ceil(tokens * 1.21))).not.toBe(long(tokens));
    }
    expect(classOf({ promptTokens: 10, answerTokens: 50_000 })).toBe(long(50_010));
  });

  test('are left for another when another model stands in', () => {
    const board = new TaskBoard(100, 0);
    const task = sit(board, makeTicket(1));
    const before = task.routeClass;
    board.ready.add(task);
    board.ready.remove(task);
    board.useModel(task, 'gemma3:4b');
    board.ready.add(task);
    expect([task.demand.fallbackModel, task.routeClass === before]).toEqual(['gemma3:4b', false]);
    expect(board.ready.walk().head()).toBe(task);
    board.ready.remove(task);
    board.useModel(task, null);
    expect(task.routeClass).toBe(before);
  });
});

test('aging is that of the board', () => {
  const board = new TaskBoard(100, 1_000);
  const old = sit(board, makeTicket(1, { priority: 4, sinceMs: 0 }));
  board.ready.add(old);
  board.ready.add(sit(board, makeTicket(2, { priority: 5, sinceMs: 1_500 })));
  expect(board.ready.walk().head()).toBe(old);
});
