import { Command, CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/actors/clock.ts';
import { linkSocketOf } from '../../src/actors/join-socket.ts';
import type { JoinedWorker } from '../../src/actors/worker-link.ts';
import { WorkerLinks } from '../../src/actors/worker-links.ts';
import type { Act } from '../../src/cli/cli.ts';
import { CliError } from '../../src/cli/cli.ts';
import { english } from '../../src/cli/messages-en.ts';
import { registerWorker, type WorkerCli } from '../../src/cli/worker-command.ts';
import { workerEnglish, workerJapanese } from '../../src/cli/worker-messages.ts';
import { onDisposal } from '../support/disposal.ts';
import { startFakeOllama } from '../support/fake-ollama.ts';
import { until } from '../support/until.ts';
import { rightToken, setupDoor } from '../support/worker-door.ts';
import { recordedTerminal } from './recorded-terminal.ts';

const env = { WORKER_AUTH_TOKEN: rightToken };

/** Runs the command in this process; answers what it said, and how it ended. */
async function worker(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = env,
  terminal = recordedTerminal(),
) {
  const cli: WorkerCli = {
    env: environment,
    cwd: '.',
    terminal,
    messages: { ...english, worker: workerEnglish },
  };
  let exitCode = 0;
  const act: Act =
    (action) =>
    async (...options) => {
      exitCode = await action(...options);
    };
  const program = new Command('koubou').exitOverride().configureOutput({ writeErr: () => undefined });
  registerWorker(program, cli, act);
  try {
    await program.parseAsync(['worker', ...args], { from: 'user' });
    return { terminal, exitCode, error: '' };
  } catch (error) {
    if (!(error instanceof CliError || error instanceof CommanderError)) throw error;
    return { terminal, exitCode: error.exitCode, error: error.message };
  }
}

/** A pool on a real port, and the workers that have joined it. */
async function setupPool() {
  const enrolled: JoinedWorker[] = [];
  const log = () => undefined;
  const links = new WorkerLinks({
    clock: systemClock,
    heartbeatMs: 15_000,
    enrol: (joined) => void enrolled.push(joined),
    leave: log,
    late: log,
    onBack: log,
    onCut: log,
    log: { warn: log, info: log },
  });
  const ports = { clock: systemClock, heartbeatMs: 15_000 };
  const door = await setupDoor({
    accept: (ws, request) => links.accept(linkSocketOf(ws, () => request.socket, ports)),
  });
  onDisposal(() => links.close());
  return { enrolled, pool: door.listener.url };
}

describe('koubou worker', () => {
  test('joins with what the command line says, and ends in order at SIGTERM', async () => {
    const { enrolled, pool } = await setupPool();
    const ollama = await startFakeOllama({ models: ['tiny:latest', 'other:latest'] });
    onDisposal(() => ollama.close());
    const options =
      '--slots 3 --capabilities translation,analysis --label room=east --label a=b=c --performance-factor 0.5';
    const args = ['--join', pool, '--name', 'gpu2', '--ollama', ollama.url, ...options.split(' ')];
    const terminal = recordedTerminal();
    const ended = worker(args, env, terminal);
    await until(() => expect(terminal.out.join('')).toContain('Joined as gpu2'));
    expect(enrolled).toEqual([
      {
        workerId: 'gpu2',
        slots: 3,
        models: ['tiny:latest', 'other:latest'],
        capabilities: ['translation', 'analysis'],
        labels: { room: 'east', a: 'b=c' },
        performanceFactor: 0.5,
        requestKinds: ['text', 'chat', 'completion', 'embedding'],
        instance: expect.stringMatching(/^[0-9a-z]{20}$/),
      },
    ]);
    process.emit('SIGTERM');
    expect((await ended).exitCode).toBe(0);
    expect(terminal.err.at(-1)).toBe('Stopped.');
  });

  test('tells programs what happens in JSON', async () => {
    const { pool } = await setupPool();
    const terminal = recordedTerminal();
    const ended = worker(['--join', pool, '--name', 'gpu2', '--demo', '--json'], env, terminal);
    await until(() => expect(terminal.out).toHaveLength(1));
    process.emit('SIGTERM');
    await ended;
    expect(terminal.out.map((line) => JSON.parse(line))).toEqual([{ event: 'joined', worker_id: 'gpu2' }]);
  });

  test('ends with an error when the pool refuses its token', async () => {
    const { pool } = await setupPool();
    const { exitCode, error } = await worker(['--join', pool, '--demo'], { WORKER_AUTH_TOKEN: 'wrong' });
    expect(exitCode).toBe(1);
    expect(error).toContain('the token is wrong');
  });

  test.each([
    ['no pool', [], /--join/],
    ['an address that is none', ['--join', 'http://pool:8766'], /ws:\/\/pool:8766/],
    ['a name that is a path', ['--join', 'ws://p', '--name', '../x'], /\.\.\/x/],
    ['a label without a value', ['--join', 'ws://p', '--label', 'east'], /key=value/],
    ['no slots', ['--join', 'ws://p', '--slots', '0'], /from 1 to 256/],
    ['a factor of nothing', ['--join', 'ws://p', '--performance-factor', '0'], /above 0/],
    ['two servers', ['--join', 'ws://p', '--demo', '--ollama', 'http://x'], /cannot be used with/],
    ['a server that is no address', ['--join', 'ws://p', '--ollama', 'ftp://x'], /ftp:\/\/x/],
  ])('refuses %s, and says what it wants', async (_what, args, expected) => {
    const { exitCode, error } = await worker(args);
    expect(exitCode).not.toBe(0);
    expect(error).toMatch(expected);
  });

  test('asks for the token before it knocks', async () => {
    const { exitCode, error } = await worker(['--join', 'ws://p'], {});
    expect([exitCode, error]).toEqual([2, workerEnglish.tokenMissing]);
  });
});

test('says the same in both languages, with the same values', () => {
  const spoken = (catalogue: object): string[] =>
    Object.values(catalogue).flatMap((value) => {
      if (typeof value === 'string') return [value];
      return typeof value === 'function' ? [value('sample', 7)] : spoken(value);
    });
  const [en, ja] = [spoken(workerEnglish), spoken(workerJapanese)];
  expect(ja).toHaveLength(en.length);
  for (const [at, text] of ja.entries()) {
    expect(text).toMatch(/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u);
    expect(text.includes('sample')).toBe(en[at]?.includes('sample'));
    expect(text.includes('7 ')).toBe(en[at]?.includes('7 '));
  }
});
