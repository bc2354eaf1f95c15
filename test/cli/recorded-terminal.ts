import { tmpdir } from 'node:os';
import { messagesFor } from '../../src/cli/messages.ts';
import { runCli } from '../../src/cli/program.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import type { Ended } from './command.ts';

/** A terminal that keeps what was written. */
export function recordedTerminal(
  columns?: number,
): Terminal & { readonly out: string[]; readonly err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  return {
    out,
    err,
    data: (text) => void out.push(text),
    line: (text) => void out.push(`${text}\n`),
    json: (value) => void out.push(`${JSON.stringify(value)}\n`),
    say: (text) => void err.push(text),
    progress: () => undefined,
    columns,
    paint: (_colour, text) => text,
  };
}

/** Runs a command in this process: quicker than {@link koubou}, for all that neither serves nor is about streams. */
export async function koubouHere(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { cwd = tmpdir() }: { readonly cwd?: string } = {},
): Promise<Ended> {
  const terminal = recordedTerminal();
  const exitCode = await runCli(args, { env, cwd, terminal, messages: messagesFor(env) });
  return {
    exitCode,
    stdout: terminal.out.join(''),
    stderr: terminal.err.map((line) => `${line}\n`).join(''),
  };
}
