import { KoubouError } from '../../machines/errors.ts';
import { type CommittedFact, type Fact, isEnding } from '../../machines/facts.ts';
import type { TaskId, WorkerId } from '../../machines/identifiers.ts';
import { limits } from '../../machines/limits.ts';
import type { Runtime } from '../../runtime.ts';
import { LatestChanges } from './latest-changes.ts';
import { systemStatus } from './queries.ts';
import { taskNamed, taskOfView } from './task-fields.ts';
import { workerOf } from './worker-fields.ts';

/** Changed tasks that a reader may have unread. */
const waitingMax = 1_000;

/** The subscriptions of one door. What is told is the state when it is told; states in between may be left out. */
export class Subscriptions {
  readonly #runtime: Runtime;
  readonly #open = new Set<LatestChanges>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Those that are open at this moment. */
  get count(): number {
    return this.#open.size;
  }

  /** Ends all of them. */
  end(): void {
    for (const changes of [...this.#open]) void changes.return();
  }

  /** The resolvers of `Subscription`. */
  resolvers() {
    const runtime = this.#runtime;
    return {
      taskUpdated: {
        subscribe: (_: unknown, { id = null }: { id?: string | null }) => this.#tasks(id),
        resolve: (id: TaskId) => taskOfView(runtime.task(id)),
      },
      workerUpdated: {
        subscribe: (_: unknown, { id = null }: { id?: string | null }) => this.#workers(id),
        resolve: (id: WorkerId) => workerOf(runtime.worker(id)),
      },
      systemStatusChanged: {
        subscribe: () =>
          this.#listen((changed) => (fact) => (isOfSystem(fact) ? changed('system') : undefined), ['system']),
        resolve: () => systemStatus(runtime),
      },
    };
  }

  #tasks(id: string | null): LatestChanges {
    if (id === null) {
      return this.#listen((changed) => (fact) => {
        if ('taskId' in fact && fact.type !== 'worker.reported_late') changed(fact.taskId);
      });
    }
    const task = taskNamed(this.#runtime, id);
    if (task === null) throw new KoubouError('task.unknown', 'there is no such task');
    return this.#listen(
      (changed, over) => {
        if (task.ended_at !== null) over();
        return (fact) => {
          if (!('taskId' in fact) || fact.taskId !== id || fact.type === 'worker.reported_late') return;
          changed(id);
          if (isEnding(fact)) over();
        };
      },
      [id],
    );
  }

  #workers(id: string | null): LatestChanges {
    if (id !== null) this.#runtime.worker(id); // One that is not known is refused before the stream begins.
    const first = id === null ? [] : [id];
    return this.#listen(
      (changed) => (fact) => {
        const worker = 'workerId' in fact ? fact.workerId : null;
        // It is gone, and no state of it can be shown.
        if (worker === null || fact.type === 'worker.retired') return;
        if (id === null || worker === id) changed(worker);
      },
      first,
    );
  }

  #listen(
    listener: (changed: (name: string) => void, over: () => void) => (fact: Fact) => void,
    first: readonly string[] = [],
  ): LatestChanges {
    const { stream } = this.#runtime;
    if (this.#open.size + stream.followers >= limits.watchersMax) {
      throw new KoubouError('rate.limited', 'too many subscriptions are open');
    }
    const changes: LatestChanges = new LatestChanges(
      {
        waitingMax,
        listen: (changed, over) => {
          const hear = listener(changed, over);
          return stream.subscribe(({ fact }: CommittedFact) => hear(fact));
        },
        onEnd: () => this.#open.delete(changes),
      },
      first,
    );
    this.#open.add(changes);
    return changes;
  }
}

/** Not the tasks: their numbers change with each of them, and are told with the next change of the system. */
function isOfSystem(fact: Fact): boolean {
  return (
    !fact.type.startsWith('task.') && fact.type !== 'worker.reported_late' && fact.type !== 'worker.rated'
  );
}
