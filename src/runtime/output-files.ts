import { mkdir, realpath, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type { CommittedFact } from '../machines/facts.ts';
import type { TaskId } from '../machines/identifiers.ts';

/**
 * Writes answers to the files that their delegations named (`output_file`), below `outputs/` of the home. The answer is
 * in the database first; the file is a copy, and one that cannot be written is reported and costs nothing else.
 */
export class OutputFiles {
  readonly #folder: string;
  readonly #onFault: (error: unknown, taskId: TaskId) => void;
  /** Of the tasks that run now. */
  readonly #wanted = new Map<TaskId, string>();
  readonly #writing = new Set<Promise<void>>();

  constructor(folder: string, onFault: (error: unknown, taskId: TaskId) => void) {
    this.#folder = folder;
    this.#onFault = onFault;
  }

  /** An attempt has begun whose answer is wanted in a file. */
  expect(taskId: TaskId, path: string): void {
    this.#wanted.set(taskId, path);
  }

  hear({ fact }: CommittedFact): void {
    if (this.#wanted.size === 0) return;
    if (fact.type === 'task.completed') this.#keep(fact.taskId, fact.output);
    if (fact.type === 'task.completed' || fact.type === 'task.failed' || fact.type === 'task.cancelled') {
      this.#wanted.delete(fact.taskId);
    }
  }

  /** Resolves when what is being written is written. */
  async close(): Promise<void> {
    await Promise.all(this.#writing);
  }

  #keep(taskId: TaskId, output: string): void {
    const path = this.#wanted.get(taskId);
    if (path === undefined) return;
    const written = this.#write(path, output).catch((error: unknown) => this.#onFault(error, taskId));
    this.#writing.add(written);
    void written.finally(() => this.#writing.delete(written));
  }

  /** Beside its place first, then moved there: nobody reads half an answer. */
  async #write(path: string, output: string): Promise<void> {
    const target = join(this.#folder, path);
    const folder = dirname(target);
    await mkdir(folder, { recursive: true });
    const [root, real] = await Promise.all([realpath(this.#folder), realpath(folder)]);
    if (real !== root && !real.startsWith(root + sep))
      throw new Error(`${path} leads out of the outputs folder`);
    const draft = join(real, `.${basename(target)}.${process.pid}.part`);
    await writeFile(draft, output);
    await rename(draft, join(real, basename(target)));
  }
}
