import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { messagesFor } from '../../src/cli/messages.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { freshEnvironment } from './command.ts';
import { koubouHere, recordedTerminal } from './recorded-terminal.ts';

function programIn(language: string): Command {
  const env = { LANG: language };
  const cli = { env, cwd: '/', terminal: recordedTerminal(), messages: messagesFor(env) };
  return buildProgram(
    cli,
    (action) =>
      async (...args) =>
        void (await action(...args)),
  );
}

/** Those that do something. `config`, `db` and `token` only hold others; `workers` does both. */
function doers(command: Command): readonly Command[] {
  const below = command.commands.flatMap(doers);
  return ['koubou', 'config', 'db', 'token'].includes(command.name()) ? below : [command, ...below];
}

const pathOf = (command: Command): readonly string[] =>
  command.parent === null ? [] : [...pathOf(command.parent), command.name()];
const paths = doers(programIn('C')).map((command) => pathOf(command));

describe('help', () => {
  test('names every command', () => {
    expect(paths.map((path) => path.join(' '))).toEqual([
      'init',
      'start',
      'stop',
      'restart',
      'status',
      'delegate',
      'tasks',
      'task',
      'cancel',
      'retry',
      'pool',
      'pause',
      'resume',
      'reload',
      'workers',
      'workers show',
      'workers drain',
      'workers rest',
      'workers resume',
      'workers reset',
      'worker',
      'token create',
      'token list',
      'token revoke',
      'mcp',
      'logs',
      'report',
      'viz',
      'doctor',
      'config check',
      'db status',
      'db backup',
      'db vacuum',
      'demo',
      'simulate',
    ]);
  });

  test.each(
    paths.map((path) => [path]),
  )('of %s has a description, examples of itself, and --json', async (path) => {
    const { stdout, exitCode } = await koubouHere([...path, '--help'], freshEnvironment());
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Usage: /);
    expect(stdout).toContain('--json');
    const examples = stdout.split('Examples:')[1] ?? '';
    expect(examples).toContain(`koubou ${path.join(' ')}`);
  });

  test('is Japanese for Japanese users, titles and all', async () => {
    const { stdout } = await koubouHere(['delegate', '--help'], freshEnvironment({ LANG: 'ja_JP.UTF-8' }));
    expect(stdout).toMatch(/^使い方: koubou delegate/);
    expect(stdout).toContain('例:');
  });

  test('describes every option, in both languages', () => {
    for (const command of ['C', 'ja_JP'].flatMap((language) => doers(programIn(language)))) {
      for (const option of command.options) expect(option.description, option.flags).not.toBe('');
    }
  });
});

describe('a wrong command line', () => {
  test.each([
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['statuz'], 'Did you mean status?'],
    [['tasks', '--frob'], "unknown option '--frob'"],
    [['delegate'], "missing required argument 'prompt'"],
    [['delegate', 'a', 'b'], 'too many arguments'],
    [['delegate', 'x', '--priority', '11'], 'a whole number from 1 to 10'],
    [['delegate', 'x', '--priority', 'high'], 'a whole number from 1 to 10'],
    [['delegate', 'x', '--timeout', 'soon'], 'a number of seconds'],
    [['delegate', '  '], 'The prompt is empty.'],
    [['tasks', '--status', 'lost'], 'Allowed choices are pending'],
    [['tasks', '--limit'], 'argument missing'],
    [['cancel'], "missing required argument 'ids'"],
    [['retry'], 'Name tasks, or use --failed.'],
    [['retry', 'ID', '--failed'], 'not both'],
    [['retry', 'ID', '--yes'], 'not both'],
    [['retry', '--dry-run'], '--dry-run narrows down --failed'],
    [['retry', '--failed'], 'nobody to ask'],
    [['retry', '--failed', '--since', 'yesterday'], 'a time ago (90s, 15m, 2h, 3d) or a date and time'],
    [['retry', '--failed', '--limit', '1001'], 'a whole number from 1 to 1000'],
    [['workers', 'drain'], "missing required argument 'id'"],
    [['workers', 'rest', 'w1', '--wait'], "unknown option '--wait'"],
    [['workers', 'fire'], 'too many arguments'],
    [[], 'Name a command'],
    [['config'], 'Name a command'],
  ])('%j is refused with 2, on stderr', async (args, expected) => {
    const { exitCode, stdout, stderr } = await koubouHere(args, freshEnvironment());
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(expected);
  });

  test('is explained in Japanese to Japanese users', async () => {
    const env = freshEnvironment({ LC_ALL: 'ja_JP.UTF-8' });
    const { exitCode, stderr } = await koubouHere(['delegate', 'x', '--priority', '11'], env);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('1 から 10 までの整数');
  });
});

test('the version is data', async () => {
  const { exitCode, stdout } = await koubouHere(['--version'], freshEnvironment());
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
