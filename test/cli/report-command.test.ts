import { expect, test } from 'vitest';
import { reportSchema } from '../../src/http/report-schemas.ts';
import { freshEnvironment, startServer } from './command.ts';
import { koubouHere } from './recorded-terminal.ts';

test('koubou report writes the report of the server that runs, in the language that is asked for', async () => {
  const env = freshEnvironment();
  await startServer(env, ['--demo']);
  const id = (await koubouHere(['delegate', '--sync', 'one'], env)).exitCode;
  expect(id).toBe(0);
  const { exitCode, stdout, stderr } = await koubouHere(['report', '--hours', '1'], env);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^# Koubou: report of the workshop\n/);
  expect(stdout).toContain('**Completed**: 1\n');
  expect(stdout).toMatch(/^\| Dashboard \| \d+ \| answers \|$/m);
  expect((await koubouHere(['report', '--lang', 'ja'], env)).stdout).toContain('稼働報告書');
  expect((await koubouHere(['report'], { ...env, LANG: 'ja_JP.UTF-8' })).stdout).toContain('稼働報告書');
  const data = JSON.parse((await koubouHere(['report', '--json'], env)).stdout);
  expect(reportSchema.parse(data)).toEqual(data);
});

test('a period that does not exist is refused before anybody is asked', async () => {
  const env = freshEnvironment();
  for (const hours of ['0', '721', 'x']) {
    const { exitCode, stdout } = await koubouHere(['report', '--hours', hours], env);
    expect([exitCode, stdout], hours).toEqual([2, '']);
  }
});
