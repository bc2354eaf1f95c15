import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onDisposal } from '../support/disposal.ts';
import { until } from '../support/until.ts';

const program = join(fileURLToPath(new URL('../..', import.meta.url)), 'bin', 'koubou.js');

export interface WorkerProcessOptions {
  /** Address of the pool. */
  readonly join: string;
  readonly name: string;
  readonly token: string;
  readonly ollamaUrl: string;
  readonly slots?: number;
}

/** A worker in a process of its own, as an operator starts it on another machine. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  /** What it has said so far, on both streams. */
  output = '';

  constructor({ join: pool, name, token, ollamaUrl, slots = 2 }: WorkerProcessOptions) {
    const { PATH, HOME } = process.env;
    const argv = ['worker', '--join', pool, '--name', name, '--slots', String(slots), '--ollama', ollamaUrl];
    this.#child = spawn(process.execPath, [program, ...argv, '--drain-grace', '10'], {
      env: { PATH, HOME, LANG: 'C.UTF-8', WORKER_AUTH_TOKEN: token },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += String(chunk);
      });
    }
    onDisposal(() => this.kill());
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** It has said so; on a busy machine the start of a process alone takes seconds. */
  async says(text: string, times = 1): Promise<void> {
    for (let patience = 0; patience < 5; patience += 1) {
      const said = () => this.output.split(text).length - 1;
      try {
        await until(() => {
          if (said() < times) throw new Error(`the worker has not said "${text}":\n${this.output}`);
        });
        return;
      } catch (error) {
        if (patience === 4 || this.hasEnded) throw error;
      }
    }
  }

  /** As the power goes. */
  async kill(): Promise<void> {
    if (this.hasEnded) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  /** @returns the exit code */
  async terminate(): Promise<number | null> {
    if (!this.hasEnded) {
      this.#child.kill('SIGTERM');
      await this.ended();
    }
    return this.#child.exitCode;
  }

  /** @returns the exit code */
  async ended(): Promise<number | null> {
    if (!this.hasEnded) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }
}
