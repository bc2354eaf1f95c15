import { expect, test } from 'vitest';
import { english } from '../../src/cli/messages-en.ts';
import { tellOutcome, watchTask } from '../../src/cli/task-watch.ts';
import { recordedTerminal } from './recorded-terminal.ts';
import { breakOff, events, json, standIn } from './stand-in.ts';

const frame = (id: string, event: string, data: object) =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
const fact = (seq: number, type: string, data: object = {}) =>
  frame(String(seq), type, { seq, type, task_id: 't', at: '', from: null, to: null, data });
const token = (seq: number, offset: number, text: string) =>
  frame(`${seq}:${offset + text.length}`, 'token', { text, offset, assignment_id: seq });
const end = (output: string, status = 'completed') =>
  `event: end\ndata: ${JSON.stringify({ task_id: 't', status, result: { success: status === 'completed', output, error: null } })}\n\n`;
const failure = { failure: { code: 'backend.cut', message: 'the stream broke' } };

async function watch(answers: Parameters<typeof standIn>[0], show: 'text' | 'events' | 'nothing' = 'text') {
  const { client, asked } = await standIn(answers);
  const terminal = recordedTerminal();
  const cli = { env: {}, cwd: '/', terminal, messages: english };
  const task = await watchTask(cli, client, 't', show);
  const exitCode = tellOutcome(cli, task, { show, json: show === 'events' });
  return { stdout: terminal.out.join(''), stderr: terminal.err.join('\n'), asked, exitCode };
}

test('text comes as it is written, once, with a line end of its own', async () => {
  const frames = [fact(1, 'task.assigned'), token(1, 0, 'Hel'), token(1, 3, 'lo'), end('Hello')];
  const { stdout, exitCode } = await watch([events(frames, 'end')]);
  expect({ stdout, exitCode }).toEqual({ stdout: 'Hello\n', exitCode: 0 });
});

test('after a broken connection it goes on behind the last event it had', async () => {
  const { stdout, asked } = await watch([
    events([fact(1, 'task.assigned'), token(1, 0, 'Hel')], 'cut'),
    breakOff,
    json(503, { error: { code: 'WORKER_UNAVAILABLE', message: 'draining', details: {} } }),
    events([token(1, 3, 'lo\n'), end('Hello\n')], 'end'),
  ]);
  expect(stdout).toBe('Hello\n');
  expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1:3', '1:3', '1:3']);
});

test('a new attempt begins on a new line, and stderr says why', async () => {
  const { stdout, stderr } = await watch([
    events([token(1, 0, 'Wro'), fact(2, 'task.retried', failure), token(3, 0, 'Right'), end('Right')], 'end'),
  ]);
  expect(stdout).toBe('Wro\nRight\n');
  expect(stderr).toContain('the stream broke');
});

test('what was missed of the text is added at the end', async () => {
  expect((await watch([events([token(1, 0, 'Hel'), end('Hello')], 'end')])).stdout).toBe('Hello\n');
  expect((await watch([events([end('Hello')], 'end')])).stdout).toBe('Hello\n');
  const gap = await watch([events([token(1, 9, 'lo'), end('Hello, hello')], 'end')]);
  expect(gap.stdout).toBe('lo\nHello, hello\n');
  expect(gap.stderr).toContain('the whole answer');
});

test('a task that fails or is cancelled is told, and the exit code is 1', async () => {
  const { stderr, exitCode } = await watch([events([end('', 'cancelled')], 'end')]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('t cancelled');
});

test('for machines each event is a line of JSON, the last one the task', async () => {
  const { stdout } = await watch(
    [events([fact(1, 'task.assigned'), token(1, 0, 'x'), end('x')], 'end')],
    'events',
  );
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ event, id }) => [event, id])).toEqual([
    ['task.assigned', '1'],
    ['token', '1:1'],
    ['end', null],
  ]);
  expect(lines.at(-1)?.data).toMatchObject({ status: 'completed', result: { output: 'x' } });
});

test('an unknown task is told at once', async () => {
  const unknown = json(404, {
    error: { code: 'TASK_NOT_FOUND', message: 'there is no task t', details: {} },
  });
  await expect(watch([unknown])).rejects.toThrow('there is no task t');
});
