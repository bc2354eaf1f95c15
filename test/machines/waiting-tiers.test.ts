import { describe, expect, test } from 'vitest';
import { type LiveTask, TaskBoard, type TaskRef } from '../../src/machines/task-board.ts';
import type { TaskTicket } from '../../src/machines/task-ticket.ts';
import { poolView } from '../../src/runtime/pool-view.ts';
import { makeTicket } from '../support/pool-samples.ts';
import { setupPool } from '../support/setup-pool.ts';

const nobody = {} as TaskRef;

/** A board on which these wait for a worker as actors. */
function boardWith(...tickets: readonly TaskTicket[]): TaskBoard {
  const board = new TaskBoard(1_000, 0);
  for (const ticket of tickets) wait(board, ticket);
  return board;
}

function wait(board: TaskBoard, ticket: TaskTicket): LiveTask {
  const task = board.sit(board.takeSeat(), ticket, nobody);
  board.ready.add(task);
  return task;
}

describe('what waits for a worker', () => {
  test('is nothing on an empty board', () => {
    expect(boardWith().waitingByTier()).toEqual([]);
  });

  test('is counted by priority and type, as actors and as rows together', () => {
    const board = boardWith(makeTicket(1), makeTicket(2), makeTicket(3, { priority: 8 }));
    board.leaveDormant(makeTicket(4));
    board.inherit({ priority: 5, taskType: 'general', count: 30, firstSeq: 5 });
    board.inherit({ priority: 2, taskType: 'general', count: 7, firstSeq: 40 });
    expect(board.waitingByTier()).toEqual([
      { priority: 8, taskType: 'general', count: 1 },
      { priority: 5, taskType: 'general', count: 33 },
      { priority: 2, taskType: 'general', count: 7 },
    ]);
  });

  test('is told from the highest priority down, and by the alphabet within one', () => {
    const typed = (seq: number, priority: number, taskType: string) =>
      makeTicket(seq, { priority, taskType });
    const board = boardWith(
      typed(1, 5, 'coding'),
      typed(2, 5, 'translation'),
      typed(3, 1, 'analysis'),
      typed(4, 10, 'translation'),
      typed(5, 5, 'analysis'),
      typed(6, 9, 'coding'),
      typed(7, 10, 'coding'),
    );
    expect(board.waitingByTier().map(({ priority, taskType }) => `${priority} ${taskType}`)).toEqual([
      '10 coding',
      '10 translation',
      '9 coding',
      '5 analysis',
      '5 coding',
      '5 translation',
      '1 analysis',
    ]);
  });

  test('is not what a worker has, nor what has not come to wait yet', () => {
    const board = boardWith(makeTicket(1, { priority: 9 }), makeTicket(2), makeTicket(3));
    board.sit(board.takeSeat(), makeTicket(4, { priority: 7 }), nobody);
    for (const task of board.all()) if (task.priority === 9) board.ready.remove(task);
    expect(board.waitingByTier()).toEqual([{ priority: 5, taskType: 'general', count: 2 }]);
  });

  test('moves with a task that is given another priority', () => {
    const board = boardWith(makeTicket(1));
    const task = wait(board, makeTicket(2));
    board.reprioritize(task, 6);
    expect(board.waitingByTier()).toEqual([
      { priority: 6, taskType: 'general', count: 1 },
      { priority: 5, taskType: 'general', count: 1 },
    ]);
  });
});

test('a task whose start time has come is counted, also where none of its kind has been there before', async () => {
  const bench = setupPool({ workers: 0 });
  bench.admit(makeTicket(1, { delayMs: 5_000 }));
  const waiting = () => poolView(bench.pool.getSnapshot().context, 'open', null).waiting;
  expect(waiting()).toEqual([]);
  await bench.clock.advance(5_000);
  expect(waiting()).toEqual([{ priority: 5, type: 'general', count: 1 }]);
});

describe('the rows that forecasts count', () => {
  test('are those behind each window, with how far they were read', () => {
    const board = boardWith(makeTicket(1));
    board.inherit({ priority: 5, taskType: 'general', count: 30, firstSeq: 5 });
    board.readRows({ priority: 5, taskType: 'general' }, 12, false);
    board.leaveDormant(makeTicket(41, { priority: 8, taskType: 'coding' }));
    expect([...board.dormant()].toSorted((a, b) => a.priority - b.priority)).toEqual([
      { priority: 5, taskType: 'general', count: 30, readUpTo: 12 },
      { priority: 8, taskType: 'coding', count: 1, readUpTo: 40 },
    ]);
  });

  test('are none where all that waits lives, or a read has shown that nothing is left', () => {
    const board = boardWith(makeTicket(1));
    board.leaveDormant(makeTicket(2, { priority: 8 }));
    board.readRows({ priority: 8, taskType: 'general' }, 2, true);
    expect([...board.dormant()]).toEqual([]);
  });
});
