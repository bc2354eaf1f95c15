import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeConfig } from '../config/config-folder.ts';
import { freshEnvironment, koubou } from './command.ts';
import { koubouHere } from './recorded-terminal.ts';

const broken = () =>
  freshEnvironment({ KOUBOU_CONFIG: writeConfig({ koubou: 'hots: 127.0.0.1\nports:\n  rest: many\n' }) });

test('a configuration that is right is summarized on stdout', async () => {
  const env = freshEnvironment({ KOUBOU_CONFIG: writeConfig({}), KOUBOU_API_TOKEN: 'secret-4711' });
  const { exitCode, stdout, stderr } = await koubouHere(['config', 'check'], env);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toContain(`home: ${env['KOUBOU_HOME']}`);
  expect(stdout).toContain('API token set');
  expect(stdout).not.toContain('secret-4711');
});

test('each fault is a line with file, line and column on stderr, and the exit code is 2', async () => {
  const { exitCode, stderr } = await koubouHere(['config', 'check'], broken());
  expect(exitCode).toBe(2);
  expect(stderr.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^koubou\.yaml:1:1 hots: unknown key; did you mean host\?/),
    expect.stringMatching(/^koubou\.yaml:3:9 ports\.rest: expected /),
  ]);
});

test('--json tells machines the same', async () => {
  const { exitCode, stdout } = await koubouHere(['config', 'check', '--json'], broken());
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ valid: false, problems: [{ line: 1 }, { line: 3, column: 9 }] });
});

test.each([
  [['start']],
  [['start', '-b']],
  [['restart']],
  [['tasks']],
  [['delegate', 'x']],
  [['demo', '--once']],
])('%j refuses a wrong configuration with its lines and 2', async (args) => {
  const { exitCode, stdout, stderr } = await koubouHere(args, broken());
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain('koubou.yaml:1:1 hots: unknown key');
  expect(stderr).toContain('koubou.yaml:3:9 ports.rest');
});

test('a wrong configuration does not keep anybody from stopping, or from a server that KOUBOU_URL names', async () => {
  const env = broken();
  expect(await koubouHere(['stop'], env)).toMatchObject({ exitCode: 0 });
  const elsewhere = await koubouHere(['tasks'], { ...env, KOUBOU_URL: 'http://127.0.0.1:9' });
  expect(elsewhere.exitCode).toBe(1);
  expect(elsewhere.stderr).not.toContain('koubou.yaml');
});

test('what the files say without effect is told at the check and at the start', async () => {
  const models = 'default_model: any\nmodels:\n  any:\n    name: any:1b\nlogging:\n  level: INFO\n';
  const env = freshEnvironment({ KOUBOU_CONFIG: writeConfig({ models }) });
  const { stdout } = await koubouHere(['config', 'check'], env);
  expect(stdout).toContain('the section logging has no effect');
  const home = join(env['KOUBOU_HOME'] ?? '', 'x');
  const { exitCode, stderr } = await koubou(['demo', '--once'], { ...env, KOUBOU_HOME: home });
  expect(exitCode).toBe(0);
  expect(stderr).toContain('DEMO');
});
