import { expect, test } from 'vitest';
import { type LogEntry, LogRing } from '../../src/http/dashboard/log-ring.ts';

const entry = (message: string): LogEntry => ({
  timestamp: '2026-11-22T10:00:00.000Z',
  worker: 'system',
  type: 'info',
  message,
});
const messages = (ring: LogRing) => ring.show().map(({ message }) => message);

test('the last lines are shown, however many came', () => {
  const ring = new LogRing(3);
  for (let n = 1; n <= 100; n += 1) ring.push(entry(`${n}`));
  expect(ring.waitingCount).toBe(100);
  expect(messages(ring)).toEqual(['98', '99', '100']);
  ring.push(entry('101'));
  expect([messages(ring), ring.waitingCount]).toEqual([['99', '100', '101'], 0]);
});

test('the past stands before what came meanwhile, and what came by both ways stands once', () => {
  const ring = new LogRing(9);
  ring.push(entry('both'));
  ring.push(entry('live'));
  ring.begin([entry('old'), entry('both')]);
  expect(messages(ring)).toEqual(['old', 'both', 'live']);
});

test('a line keeps its key from one showing to the next', () => {
  const ring = new LogRing(2);
  ring.push(entry('a'));
  ring.push(entry('b'));
  const [, b] = ring.show();
  ring.push(entry('c'));
  expect(ring.show()[0]).toBe(b);
});
