/** The command as its users run it: a process of `bin/koubou.js` (the build comes before the tests). */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import { onDisposal } from '../support/disposal.ts';

export const binPath = fileURLToPath(new URL('../../bin/koubou.js', import.meta.url));

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** What it has said so far. */
  readonly output: { stdout: string; stderr: string };
  readonly ended: Promise<Ended>;
}

type Variables = Readonly<Record<string, string>>;

/** A folder that is gone after the test. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'koubou-cli-'));
  onDisposal(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An environment of its own: a home that does not exist yet, free ports, English. */
export function freshEnvironment(more: Variables = {}): Variables {
  const ports = ['MCP', 'WEBSOCKET', 'GRAPHQL', 'LOGS', 'DASHBOARD'].map((name) => [
    `KOUBOU_${name}_PORT`,
    '0',
  ]);
  return {
    PATH: process.env['PATH'] ?? '',
    KOUBOU_HOME: join(freshFolder(), 'home'),
    ...Object.fromEntries(ports),
    ...more,
  };
}

/** Starts a command; it is killed after the test, should it still run. */
export function start(args: readonly string[], env: Variables, cwd: string = tmpdir()): Running {
  const child = spawn(process.execPath, [binPath, ...args], { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  onDisposal(() => child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (bytes: string) => {
    output.stdout += bytes;
  });
  child.stderr.setEncoding('utf8').on('data', (bytes: string) => {
    output.stderr += bytes;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('close', (exitCode) => resolve({ exitCode, ...output }));
    child.once('error', reject);
  });
  return { child, output, ended };
}

/** Runs a command to its end. */
export function koubou(
  args: readonly string[],
  env: Variables,
  { stdin = '', cwd }: { readonly stdin?: string; readonly cwd?: string } = {},
): Promise<Ended> {
  const running = start(args, env, cwd);
  running.child.stdin?.end(stdin);
  return running.ended;
}

/** A server in the foreground that is ready. */
export async function startServer(env: Variables, args: readonly string[] = ['--demo']): Promise<Running> {
  const running = start(['start', ...args], env);
  const { child, output } = running;
  const isSettled = () => expect(child.exitCode !== null || output.stdout.includes('/docs')).toBe(true);
  // Longer than `until`: on a busy machine the start of a process alone takes seconds.
  await vi.waitFor(isSettled, { timeout: 25_000, interval: 10 });
  if (child.exitCode !== null) throw new Error(`the server did not start: ${output.stderr}`);
  return running;
}
