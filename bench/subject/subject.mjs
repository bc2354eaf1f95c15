import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const plainMain = fileURLToPath(new URL('./main.mjs', import.meta.url));

/**
 * @typedef {object} SubjectOptions
 * @property {string} name of the system
 * @property {Readonly<Record<string, number>>} [slots] by type
 * @property {string} [hang] the type whose executions never end
 * @property {readonly string[]} [nodeOptions]
 * @property {readonly string[]} [under] a command that the process runs under, like strace
 * @property {string} [main] the program; by default the one that holds ours or the lower bound
 * @property {string} [home] a folder that is kept, in place of one that goes with the process
 * @property {Record<string, unknown>} [job] what else the program is told
 */

/** A process that holds one system, on a home of its own that goes with it. */
export class Subject {
  #child;
  #home;
  #isHomeKept;
  #calls = new Map();
  #lastCall = 0;
  #isEnding = false;

  /** @param {SubjectOptions} options */
  constructor({ name, slots = { general: 100 }, hang, nodeOptions = [], under = [], ...more }) {
    const { main = plainMain, home, job } = more;
    this.#isHomeKept = home !== undefined;
    this.#home = home ?? mkdtempSync(join(tmpdir(), 'koubou-bench-'));
    const told = JSON.stringify({ name, home: this.#home, slots, hang, ...job });
    const [command, ...args] = [...under, process.execPath, ...nodeOptions, main, told];
    this.#child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', ({ id, result, fault }) => {
      const { resolve, reject } = this.#calls.get(id) ?? {};
      this.#calls.delete(id);
      if (fault === undefined) resolve?.(result);
      else reject?.(new Error(`${name}: ${fault}`));
    });
    this.#child.once('exit', (code, signal) => {
      if (!this.#isEnding) this.#fail(new Error(`${name} ended early: ${signal ?? code}`));
    });
    this.#child.once('error', (error) => this.#fail(error));
  }

  /** @param {SubjectOptions} options */
  static async start(options) {
    const subject = new Subject(options);
    try {
      await new Promise((resolve, reject) => subject.#calls.set(0, { resolve, reject }));
    } catch (error) {
      await subject.end();
      throw error;
    }
    return subject;
  }

  get pid() {
    return this.#child.pid;
  }

  /** @param {string} call one of `calls` in `main.mjs` */
  call(call, input = {}) {
    this.#lastCall += 1;
    const id = this.#lastCall;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#child.send({ id, call, input });
    });
  }

  /** Ends the process as it is, and removes its home. */
  async end() {
    this.#isEnding = true;
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) {
      const exited = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.disconnect();
      await exited;
    }
    // A server that it held may still be writing its last.
    if (!this.#isHomeKept) rmSync(this.#home, { recursive: true, force: true, maxRetries: 10 });
  }

  #fail(error) {
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
  }
}

/**
 * @template T
 * @param {SubjectOptions} options
 * @param {(subject: Subject) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withSubject(options, work) {
  const subject = await Subject.start(options);
  try {
    return await work(subject);
  } finally {
    await subject.end();
  }
}
