import { expect, test } from 'vitest';
import { parseTaskId } from '../../src/machines/identifiers.ts';

test.each([
  'task_20260131_235959_000001_0123456789abc',
  'task_20260131_235959_999999', // of the original, without a suffix
])('%s can be the id of a task', (text) => {
  expect(parseTaskId(text)).toBe(text);
});

test.each([
  '',
  'task',
  'task_2026_235959_000001',
  'task_20260131_235959_000001_ABC',
  'task_20260131_235959_000001_',
  'task_20260131_235959_000001_a\n',
  ' task_20260131_235959_000001_a',
  "task_20260131_235959_000001' OR 1=1",
  `task_20260131_235959_000001_${'a'.repeat(33)}`,
  'Task_20260131_235959_000001_a',
])('%j cannot be the id of a task', (text) => {
  expect(parseTaskId(text)).toBeUndefined();
});
