import type { CommittedFact, Fact } from '../machines/facts.ts';
import type { TaskId } from '../machines/identifiers.ts';

export type FactListener = (committed: CommittedFact) => void;

/**
 * The one stream: every committed fact, in the order of `seq`. All doors read it. A listener that throws is reported
 * and does not keep the others from hearing.
 */
export class FactStream {
  readonly #onFault: (error: unknown) => void;
  readonly #listeners = new Set<FactListener>();
  readonly #byTask = new Map<TaskId, Set<FactListener>>();
  #followers = 0;

  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Followers of single tasks, at this moment. */
  get followers(): number {
    return this.#followers;
  }

  /** Hears everything. @returns ends the subscription */
  subscribe(listener: FactListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Hears the facts of one task. @returns ends the subscription */
  subscribeTask(taskId: TaskId, listener: FactListener): () => void {
    const listeners = this.#byTask.get(taskId) ?? new Set();
    this.#byTask.set(taskId, listeners);
    listeners.add(listener);
    this.#followers += 1;
    return () => {
      if (!listeners.delete(listener)) return;
      this.#followers -= 1;
      if (listeners.size === 0) this.#byTask.delete(taskId);
    };
  }

  publish(committed: readonly CommittedFact[]): void {
    for (const fact of committed) {
      for (const listener of this.#listeners) this.#tell(listener, fact);
      const taskId = taskOf(fact.fact);
      const followers = taskId === undefined ? undefined : this.#byTask.get(taskId);
      if (followers !== undefined) for (const listener of [...followers]) this.#tell(listener, fact);
    }
  }

  #tell(listener: FactListener, fact: CommittedFact): void {
    try {
      listener(fact);
    } catch (error) {
      this.#onFault(error);
    }
  }
}

/** The task whose life a fact belongs to. A late report belongs to its worker. */
export function taskOf(fact: Fact): TaskId | undefined {
  return 'taskId' in fact && fact.type !== 'worker.reported_late' ? fact.taskId : undefined;
}
