import { expect, test } from 'vitest';
import { english } from '../../src/cli/messages-en.ts';
import { freshEnvironment } from './command.ts';
import { koubouHere, recordedTerminal } from './recorded-terminal.ts';
import { json, standIn } from './stand-in.ts';

const dry = (found: number, isWhole = true) =>
  json(200, {
    found,
    is_whole: isWhole,
    tasks: [],
    sample: Array.from({ length: Math.min(found, 20) }, (_, index) => ({
      task_id: `task_${index}`,
      error: 'no luck',
    })),
  });
const done = (count: number, found = count) =>
  json(202, {
    found,
    is_whole: true,
    tasks: Array.from({ length: count }, (_, index) => ({
      task_id: `again_${index}`,
      retry_of: `task_${index}`,
    })),
    sample: [],
  });

/** Runs `koubou retry --failed` against a server that answers so; `answer` is what somebody types. */
async function retry(args: readonly string[], answers: Parameters<typeof standIn>[0], answer?: string) {
  const { client, asked } = await standIn(answers);
  const terminal = recordedTerminal(undefined, answer);
  const env = freshEnvironment({ KOUBOU_URL: client.url });
  const ended = await koubouHere(['retry', '--failed', ...args], env, { terminal });
  return { ...ended, asked: asked.map(({ method, path, body }) => [method, path, JSON.parse(body)]) };
}

test('on a terminal it shows how many and asks; so many are then tried again, and their ids are the data', async () => {
  const { exitCode, stdout, stderr, asked } = await retry([], [dry(2), done(2)], ' Y ');
  expect(exitCode).toBe(0);
  expect(asked).toEqual([
    ['POST', '/tasks/retry', { status: 'failed', limit: 100, dry_run: true }],
    ['POST', '/tasks/retry', { status: 'failed', limit: 2, all: true }],
  ]);
  expect(stdout).toBe('again_0\nagain_1\n');
  expect(stderr).toContain('task_1  no luck');
  expect(stderr).toContain(english.operating.question(2));
});

test.each(['', 'n', 'nonsense', 'yesterday'])('nothing is done when the answer is "%s"', async (answer) => {
  const { exitCode, stdout, stderr, asked } = await retry([], [dry(2)], answer);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
  expect(stderr).toContain(english.operating.notRetried);
  expect(asked).toHaveLength(1);
});

test('--yes does not ask, and needs no terminal', async () => {
  const { exitCode, stdout, asked } = await retry(['--yes', '--limit', '3'], [done(3, 5)]);
  expect(exitCode).toBe(0);
  expect(asked).toEqual([['POST', '/tasks/retry', { status: 'failed', limit: 3, all: true }]]);
  expect(stdout.split('\n')).toHaveLength(4);
});

test('all that narrows it down reaches the server, times in UTC', async () => {
  const args = '--type translation --worker w1 --code backend.* --until 2026-11-22T10:15+09:00 --dry-run';
  const { asked } = await retry([...args.split(' '), '--since', '2026-11-21T00:00Z'], [dry(0)]);
  expect(asked[0]?.[2]).toEqual({
    status: 'failed',
    type: 'translation',
    worker: 'w1',
    error_code: 'backend.*',
    since: '2026-11-21T00:00:00.000Z',
    until: '2026-11-22T01:15:00.000Z',
    limit: 100,
    dry_run: true,
  });
});

test('--dry-run shows which, as data, and that there are more', async () => {
  const { exitCode, stdout, stderr, asked } = await retry(['--dry-run', '--yes', '--limit', '50'], [dry(70)]);
  expect(exitCode).toBe(0);
  expect(asked).toHaveLength(1);
  expect(stdout).toMatch(/^TASK +ERROR\n/);
  expect(stdout).toMatch(/task_19 +no luck\n…\n$/);
  expect(stderr).toContain(english.operating.found(50, 70, true));
});

test('what could not be counted to the end is at least so many', async () => {
  const { stderr } = await retry(['--dry-run'], [dry(20, false)]);
  expect(stderr).toContain('the 20 oldest of at least 20');
});

test('--json prints the report and nothing else', async () => {
  const shown = await retry(['--dry-run', '--json'], [dry(1)]);
  expect(JSON.parse(shown.stdout)).toMatchObject({ found: 1, sample: [{ task_id: 'task_0' }] });
  const asked = await retry(['--json'], [dry(1), done(1)], 'y');
  expect(JSON.parse(asked.stdout)).toMatchObject({ found: 1, tasks: [{ task_id: 'again_0' }] });
});

test('where there is none, it says so and asks nobody', async () => {
  const { exitCode, stderr } = await retry([], [dry(0)], 'y');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: `${english.operating.noneFound}\n` });
  expect((await retry(['--yes'], [done(0)])).stderr).toBe(`${english.operating.noneFound}\n`);
});
