import { expect, test } from 'vitest';
import { formatLogLine } from '../../src/cli/log-lines.ts';
import { recordedTerminal } from './recorded-terminal.ts';

const format = (record: object) => formatLogLine(JSON.stringify(record), recordedTerminal());
const time = '2026-11-22T10:15:00.123Z';

test('a line tells time, level, worker, message and details', () => {
  const line = format({
    level: 'warn',
    time,
    worker: 'local_001',
    seq: 7,
    task_id: 't',
    rule: 'two words',
    msg: 'waits',
  });
  expect(line).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.123 WARN {2}\[local_001\] waits task_id=t rule="two words"$/,
  );
});

test('an error shows its stack, indented', () => {
  const lines = format({
    level: 'error',
    time,
    err: { message: 'm', stack: 'Error: m\n    at x' },
    msg: 'failed',
  }).split('\n');
  expect(lines.slice(1)).toEqual(['    Error: m', '        at x']);
});

test('what is not JSON, such as half a line, is shown as it is', () => {
  expect(formatLogLine('{"level":"in', recordedTerminal())).toBe('{"level":"in');
});

test('nothing in a log can speak to the terminal of its reader', () => {
  const line = format({
    level: 'info',
    time,
    prompt: '\u001b]0;owned\u0007\u001b[2Jx',
    msg: '\u001b[31mred',
  });
  expect([...line].filter((character) => character < ' ' || character === '\u007f')).toEqual([]);
  expect(formatLogLine('\u001b[2J raw', recordedTerminal())).toBe(' raw');
});
