import { execFileSync } from 'node:child_process';
import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { freshEnvironment, freshFolder } from './command.ts';
import { koubouHere } from './recorded-terminal.ts';

const homeOf = (env: Readonly<Record<string, string>>) => env['KOUBOU_HOME'] ?? '';

test('lays out configuration, schemas and executable scripts, and says so', async () => {
  const env = freshEnvironment();
  const { exitCode, stdout } = await koubouHere(['init', '--json'], env);
  expect(exitCode).toBe(0);
  const { home, files } = JSON.parse(stdout) as { home: string; files: { path: string; action: string }[] };
  expect(home).toBe(homeOf(env));
  expect(files.map(({ path }) => path)).toEqual([
    'config/koubou.yaml',
    'config/workers.yaml',
    'config/ollama_models.yaml',
    'config/schema/koubou.schema.json',
    'config/schema/ollama_models.schema.json',
    'config/schema/workers.schema.json',
    'start_system.sh',
    'start_system_quick.sh',
    'stop_system.sh',
  ]);
  expect(new Set(files.map(({ action }) => action))).toEqual(new Set(['created']));
  for (const { path } of files) expect(existsSync(join(home, path)), path).toBe(true);
  for (const name of readdirSync(home).filter((entry) => entry.endsWith('.sh'))) {
    accessSync(join(home, name), constants.X_OK);
  }
  expect(loadConfig({ cwd: '/', env }).configDir).toBe(join(home, 'config'));
});

test('lays it out under the working directory when no home is named', async () => {
  const cwd = freshFolder();
  const { KOUBOU_HOME: _, ...env } = freshEnvironment();
  const { exitCode } = await koubouHere(['init'], env, { cwd });
  expect(exitCode).toBe(0);
  expect(existsSync(join(cwd, '.koubou', 'config', 'workers.yaml'))).toBe(true);
});

test('overwrites nothing, and tells what it kept', async () => {
  const env = freshEnvironment();
  await koubouHere(['init'], env);
  const edited = join(homeOf(env), 'config', 'workers.yaml');
  writeFileSync(edited, 'workers: {}\n');
  const { exitCode, stdout } = await koubouHere(['init'], env);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/config\/workers\.yaml {2}kept/);
  expect(stdout).toMatch(/config\/koubou\.yaml {2}unchanged/);
  expect(readFileSync(edited, 'utf8')).toBe('workers: {}\n');
});

test('--force replaces what was edited, and keeps every former version', async () => {
  const env = freshEnvironment();
  await koubouHere(['init'], env);
  const edited = join(homeOf(env), 'config', 'workers.yaml');
  const shipped = readFileSync(edited, 'utf8');
  for (const text of ['workers: {} # first\n', 'workers: {} # second\n']) {
    writeFileSync(edited, text);
    const { exitCode } = await koubouHere(['init', '--force'], env);
    expect(exitCode).toBe(0);
    expect(readFileSync(edited, 'utf8')).toBe(shipped);
  }
  expect(readFileSync(`${edited}.bak`, 'utf8')).toContain('# first');
  expect(readFileSync(`${edited}.bak2`, 'utf8')).toContain('# second');
});

test('the scripts are valid for a POSIX shell and find their home from anywhere, odd names included', async () => {
  const env = freshEnvironment();
  const home = join(homeOf(env), "o'dd näme");
  await koubouHere(['init'], { ...env, KOUBOU_HOME: home });
  const script = join(home, 'stop_system.sh');
  execFileSync('sh', ['-n', script]);
  // Not running, so it ends at once; run from elsewhere, with another home in the environment.
  const said = execFileSync(script, ['--json'], { cwd: '/', env, encoding: 'utf8' });
  expect(JSON.parse(said)).toEqual({ stopped: false, pid: null });
  appendFileSync(join(home, 'config', 'workers.yaml'), 'nonsense: 1\n');
  expect(() => execFileSync(join(home, 'start_system.sh'), { cwd: '/', env, stdio: 'pipe' })).toThrow(
    /nonsense/,
  );
});

test('a home that cannot be made is told without a stack', async () => {
  const file = join(freshFolder(), 'file');
  writeFileSync(file, '');
  const { exitCode, stderr } = await koubouHere(
    ['init'],
    freshEnvironment({ KOUBOU_HOME: join(file, 'home') }),
  );
  expect(exitCode).toBe(1);
  expect(stderr).toContain('cannot lay out');
  expect(stderr).not.toContain('    at ');
});
