import type { Environment } from '../config/expansion.ts';
import type { Messages } from './messages.ts';
import type { Terminal } from './terminal.ts';

/** What a command has to do with the world. */
export interface Cli {
  /** `process.env`, or what stands for it. */
  readonly env: Environment;
  readonly cwd: string;
  readonly terminal: Terminal;
  readonly messages: Messages;
}

/** How commands end: done; the task or the server failed; the command line or the configuration is wrong. */
export const exitCodes = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const;

/** Turns an action that answers an exit code into one that commander takes. */
export type Act = <A extends unknown[]>(
  action: (...args: A) => Promise<number>,
) => (...args: A) => Promise<void>;

/** Ends a command with a sentence for its user. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.failed, options: ErrorOptions = {}) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
