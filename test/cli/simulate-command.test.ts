import { expect, test } from 'vitest';
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
  ]) {
    const { exitCode, stdout } = await koubouHere(['simulate', ...args], env);
    expect([exitCode, stdout], args.join(' ')).toEqual([2, '']);
  }
  const folder = freshFolder();
  const { exitCode, stderr } = await koubouHere(['simulate', '--config', folder], env);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('workers.yaml');
});
