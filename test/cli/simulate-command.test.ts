import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { SeedsReport } from '../../src/simulation/many-seeds.ts';
import { setupRuntime, spec } from '../support/running-server.ts';
import { freshEnvironment, freshFolder } from './command.ts';
import { koubouHere } from './recorded-terminal.ts';

const short = ['simulate', '--hours', '1', '--per-hour', '40'];

test('koubou simulate prints what happened in a workshop of these files, and asks no server', async () => {
  const { exitCode, stdout, stderr } = await koubouHere([...short, '--seed', '42'], freshEnvironment());
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^seed 42: \d+\.\d h, \d+ tasks, 1 process starts\n/);
  expect(stdout).toMatch(/^local_001 +\d+ %/m);
  expect(stdout).toMatch(/^All \d+ invariants held\.$/m);
});

test('it says so in Japanese to Japanese users', async () => {
  const { stdout } = await koubouHere(short, freshEnvironment({ LANG: 'ja_JP.UTF-8' }));
  expect(stdout).toContain('不変条件はすべて守られました');
});

test('--json has all figures, and --trace every fact; both are the same for the same seed', async () => {
  const env = freshEnvironment();
  const faults = ['--faults', 'light'];
  const first = await koubouHere([...short, ...faults, '--json'], env);
  expect(JSON.parse(first.stdout)).toMatchObject({ seed: 1, violations: [], tasks: { open: 0 } });
  expect((await koubouHere([...short, ...faults, '--json'], env)).stdout).toBe(first.stdout);
  const { stdout } = await koubouHere([...short, ...faults, '--trace'], env);
  expect(stdout).toMatch(/^ +0\.000 process\.began process=1$/m);
  expect(stdout).toContain('task.completed');
});

test('a wrong command line and files without workers are refused', async () => {
  const env = freshEnvironment();
  for (const args of [
    ['--hours', '0'],
    ['--faults', 'some'],
    ['--seed', '-1'],
    ['--hours', '673'],
    ['--seeds', '0'],
    ['--seeds', '1000001'],
    ['--seeds', '1', '--jobs', '65'],
    ['--per-hour', '1000001'],
  ]) {
    const { exitCode, stdout } = await koubouHere(['simulate', ...args], env);
    expect([exitCode, stdout], args.join(' ')).toEqual([2, '']);
  }
  const folder = freshFolder();
  const { exitCode, stderr } = await koubouHere(['simulate', '--config', folder], env);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('workers.yaml');
});

const workshop = ['--config', fileURLToPath(new URL('../../scripts/workshop', import.meta.url))];
const seeds = [
  'simulate',
  ...workshop,
  '--seeds',
  '2',
  '--hours',
  '0.05',
  '--faults',
  'none',
  '--per-hour',
  '40',
];

test('--seeds runs a world for each, says how fast and how many reached what, and shares them among processes', async () => {
  const env = freshEnvironment();
  const { exitCode, stdout } = await koubouHere([...seeds, '--json'], env);
  const report = JSON.parse(stdout) as SeedsReport;
  expect([exitCode, report.violations, report.count]).toEqual([0, [], 2]);
  expect(report.digests).toHaveLength(2);
  expect(report.steps).toBeGreaterThan(100);
  const shared = await koubouHere([...seeds, '--jobs', '2', '--json'], env);
  expect(JSON.parse(shared.stdout)).toMatchObject({ digests: report.digests, tasks: report.tasks });
  const told = await koubouHere(seeds, env);
  expect(told.stdout).toMatch(/^seeds 1 to 2: \d+ simulated hours, \d+ tasks, [\d.]+ s of processor time$/m);
  expect(told.stdout).toMatch(/^each second of it: [\d.]+ simulated hours, [\d,]+ events of the scheduler$/m);
  expect(told.stdout).toMatch(/^All invariants held in all 2 worlds\.$/m);
});

test('--script does its steps and nothing else, and says which of them it cannot read', async () => {
  const env = freshEnvironment();
  const script = 'delegate a general 9; advance 5; kill; advance 60';
  const { exitCode, stdout } = await koubouHere(['simulate', ...workshop, '--script', script], env);
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/ 11 tasks, 2 process starts\n/)]);
  const wrong = await koubouHere(['simulate', ...workshop, '--script', 'dance'], env);
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toContain('"dance" is no step of a script');
});

test('--shrink finds nothing to shrink where all holds, and says so', async () => {
  const { exitCode, stdout } = await koubouHere([...short, '--shrink'], freshEnvironment());
  expect([exitCode, stdout]).toEqual([0, 'seed 1: all invariants held, so there is nothing to shrink\n']);
  const { stdout: json } = await koubouHere([...short, '--shrink', '--json'], freshEnvironment());
  expect(JSON.parse(json)).toEqual({ seed: 1, violation: null });
});

test('--acts lets nothing else take place', async () => {
  const { exitCode, stdout } = await koubouHere(
    [...short, '--faults', 'heavy', '--acts', 'task 2; task 7;killsPerHour 0'],
    freshEnvironment(),
  );
  // One task of each priority comes at the end.
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/ 12 tasks, [12] process starts\n/)]);
});

test('what excludes each other is not taken together', async () => {
  const { exitCode, stderr } = await koubouHere(
    [...seeds, '--script', 'kill', '--trace'],
    freshEnvironment(),
  );
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--seeds, --script, --trace exclude each other');
  const shrunk = await koubouHere(
    ['simulate', '--shrink', '--acts', 'task 1', '--trace'],
    freshEnvironment(),
  );
  expect(shrunk.stderr).toContain('--acts, --shrink, --trace exclude each other');
});

test('--replay takes who came then, and has the same workers take as long for them', async () => {
  const home = freshFolder();
  const { runtime, close } = await setupRuntime({ home, workers: [{ maxConcurrentTasks: 1 }] });
  const { taskIds } = await runtime.delegate([
    spec({ prompt: 'x'.repeat(300), priority: 9 }),
    spec({ priority: 3 }),
  ]);
  for (const taskId of taskIds) await runtime.wait(taskId, 60_000);
  await close();
  const env = freshEnvironment({ KOUBOU_HOME: home });
  const replay = ['simulate', ...workshop, '--replay', '-1h..now', '--json'];
  const { exitCode, stdout } = await koubouHere(replay, env);
  expect([exitCode, JSON.parse(stdout)]).toMatchObject([
    0,
    { tasks: { accepted: 12, open: 0 }, violations: [] },
  ]);
  const before = await koubouHere(['simulate', ...workshop, '--replay', '48h..47h'], env);
  expect([before.exitCode, before.stderr]).toEqual([
    2,
    expect.stringContaining('no task was accepted between'),
  ]);
});

test('a replay without a record, and a span that is none, are refused', async () => {
  const env = freshEnvironment();
  const nowhere = await koubouHere(['simulate', ...workshop, '--replay', '24h..now'], env);
  expect([nowhere.exitCode, nowhere.stderr]).toEqual([2, expect.stringContaining('there is no database in')]);
  for (const span of ['24h', 'now..24h', '24h..now..now', 'then..now', '700h..now']) {
    const { exitCode, stderr } = await koubouHere(['simulate', ...workshop, '--replay', span], env);
    expect([span, exitCode]).toEqual([span, 2]);
    expect(stderr).toContain('two moments of the past');
  }
});
