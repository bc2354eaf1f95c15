import { expect, test } from 'vitest';
import { type TaskRow, TaskRows } from '../../src/http/dashboard/task-rows.ts';
import { taskEvent } from './live-event-samples.ts';

const row = (id: string): TaskRow => ({
  task_id: id,
  status: 'pending',
  type: 'general',
  priority: 5,
  summary: id,
  worker_id: null,
  created_at: '2026-11-22T10:00:00.000Z',
});

test('events change the rows that they are about, in their places', () => {
  const rows = new TaskRows();
  rows.append([row('a'), row('b')]);
  expect(rows.hear([taskEvent(1, 'task.assigned', 'b', { status: 'in_progress', worker_id: 'w' })])).toBe(
    true,
  );
  rows.hear([taskEvent(2, 'task.reprioritized', 'a', { priority: 9 })]);
  expect(rows.slice(0, 2)).toEqual([
    { ...row('a'), priority: 9 },
    { ...row('b'), status: 'in_progress', worker_id: 'w' },
  ]);
});

test('a task that is new is counted and not shown, until it is read', () => {
  const rows = new TaskRows();
  rows.append([row('a')]);
  expect(rows.hear([taskEvent(1, 'task.accepted', 'new'), taskEvent(2, 'task.completed', 'elsewhere')])).toBe(
    true,
  );
  expect([rows.length, rows.newCount]).toEqual([1, 1]);
  rows.append([row('new')]);
  expect([rows.length, rows.newCount]).toEqual([2, 0]);
});

test('a page that holds what is there already adds nothing twice', () => {
  const rows = new TaskRows();
  rows.append([row('a'), row('b')]);
  rows.hear([taskEvent(1, 'task.completed', 'b', { status: 'completed' })]);
  rows.append([row('b'), row('c')]);
  expect(rows.slice(0, 9).map(({ task_id, status }) => [task_id, status])).toEqual([
    ['a', 'pending'],
    ['b', 'completed'],
    ['c', 'pending'],
  ]);
});
