import { tmpdir } from 'node:os';
import { messagesFor } from '../../src/cli/messages.ts';
import { runCli } from '../../src/cli/program.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import type { Ended } from './command.ts';

/**
 * A terminal that keeps what was written.
 *
 * @param columns none where nobody watches
 * @param answer what somebody types when asked; there is nobody by default
 */
export function recordedTerminal(
  columns?: number,
  answer?: string,
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
    canAsk: answer !== undefined,
    ask: async (question) => {
      err.push(question);
      return answer ?? '';
    },
    columns,
    paint: (_colour, text) => text,
  };
}

interface Here {
  readonly cwd?: string;
  readonly terminal?: ReturnType<typeof recordedTerminal>;
}

/** Runs a command in this process: quicker than {@link koubou}, for all that neither serves nor is about streams. */
export async function koubouHere(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { cwd = tmpdir(), terminal = recordedTerminal() }: Here = {},
): Promise<Ended> {
  const exitCode = await runCli(args, { env, cwd, terminal, messages: messagesFor(env) });
  return {
    exitCode,
    stdout: terminal.out.join(''),
    stderr: terminal.err.map((line) => `${line}\n`).join(''),
  };
}
