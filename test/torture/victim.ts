import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface VictimOptions {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Gets all that it says, on both streams, over all its lives. */
  readonly logFile: string;
}

const victims = new Set<Victim>();

/** Ends all of them at once, for when this process is told to end itself. */
export function killAll(): void {
  for (const victim of victims) victim.signal('SIGKILL');
}

/** A program that is started, killed and suspended, again and again. */
export class Victim {
  readonly #options: VictimOptions;
  #child: ChildProcess | undefined;

  constructor(options: VictimOptions) {
    this.#options = options;
    victims.add(this);
  }

  spawn(): void {
    const { argv, env, cwd, logFile } = this.#options;
    const log = openSync(logFile, 'a');
    const [command = '', ...rest] = argv;
    this.#child = spawn(command, rest, { env, cwd, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isAlive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** As the power goes. @returns the signal that ended it, or null when it was dead already */
  async kill(): Promise<string | null> {
    if (!this.isAlive) return null;
    this.signal('SIGKILL');
    await this.ended();
    return this.#child?.signalCode ?? null;
  }

  /** A kill takes along what it runs itself: it leads a group of its own. */
  signal(name: NodeJS.Signals): void {
    if (!this.isAlive) return;
    if (name === 'SIGKILL') process.kill(-this.pid, name);
    else this.#child?.kill(name);
  }

  /** @returns its exit code; null when a signal ended it */
  async ended(): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    if (this.isAlive) await once(child, 'exit');
    return child.exitCode;
  }

  /** As the system sees it: `T` when it is suspended. */
  get state(): string {
    try {
      return readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ')[1]?.[0] ?? '';
    } catch {
      return '';
    }
  }
}
