import type { AnyMachineSnapshot } from 'xstate';
import { openStore } from '../../src/db/sqlite-store.ts';
import type { Store } from '../../src/db/store.ts';
import type { TaskRow } from '../../src/db/tasks-table.ts';
import type { RecordedTaskFact } from '../../src/machines/facts.ts';
import { assignmentId } from '../../src/machines/identifiers.ts';
import type { TaskContext } from '../../src/machines/task-events.ts';
import { onDisposal } from './disposal.ts';
import type { Stage } from './path-replay.ts';
import { reasonFor, taskIdOf } from './pool-samples.ts';
import { accept, entry, local, makeTask, registration } from './store-samples.ts';

/** Leases of one task: their tokens lie apart from those of all others. */
const leasesEach = 100;

/** A store in memory, for as many tasks as a test has paths. */
export function openRows(nowMs: number): Store {
  const store = openStore(':memory:', 'normal', nowMs);
  onDisposal(() => store.close());
  store.registerWorkers([registration(local)], nowMs);
  return store;
}

/** The row of one task: written by what its actor says, and compared with its actor. */
export class RowWitness {
  readonly taskId;
  readonly #store: Store;
  readonly #seq: number;
  readonly #said: RecordedTaskFact[] = [];
  /** What the actor said in the step that was committed last; `undefined` when it said nothing. */
  lastSaid: RecordedTaskFact['type'] | undefined;

  constructor(store: Store, seq: number) {
    this.#store = store;
    this.#seq = seq;
    this.taskId = taskIdOf(seq);
  }

  get row(): TaskRow {
    const row = this.#store.task(this.taskId);
    if (row === undefined) throw new Error(`there is no row of ${this.taskId}`);
    return row;
  }

  /** Its leases that are not over, by the table of leases. */
  get activeLeases(): readonly number[] {
    const rows = this.#store.assignmentsOf(this.taskId);
    return rows.filter(({ endedAt }) => endedAt === null).map((lease) => lease.assignmentId);
  }

  /** The fencing token of a lease of this task. */
  token(lease: number) {
    return assignmentId(this.#seq * leasesEach + lease);
  }

  /** Accepted, and given back so often, as the last time with a wait. */
  async accept(leases: number, delayMs: number, nowMs: number): Promise<void> {
    const head = { taskId: this.taskId, assignmentId: this.token(leases), workerId: local };
    const failure = { code: 'worker.lost', message: 'gone' } as const;
    const reason = reasonFor(local);
    await this.#store.commit([
      accept(
        makeTask(this.#seq, {
          metadata: { files: [], output_file: null, options: { retry_count: 1 }, created_by: 'test' },
        }),
      ),
      entry({ type: 'task.assigned', ...head, model: reason.model, lease: leases, reason }, nowMs),
      entry({ type: 'task.retried', ...head, failure, delayMs, failures: 0, fallbacks: 0 }, nowMs),
    ]);
  }

  listen({ actor }: Stage): void {
    actor.on('*', (fact) => void this.#said.push(fact as unknown as RecordedTaskFact));
  }

  /** Writes what the actor has said since. @returns the facts that the row contradicts: none, if both agree */
  async commit(nowMs: number): Promise<readonly RecordedTaskFact[]> {
    const facts = this.#said.splice(0);
    this.lastSaid = facts.at(-1)?.type;
    if (facts.length === 0) return [];
    const { refused } = await this.#store.commit(facts.map((fact) => entry(fact, nowMs)));
    return refused;
  }
}

/** What the row of a task says when its actor is in a state. */
export function rowExpected(snapshot: AnyMachineSnapshot, { clock, armed }: Stage): Partial<TaskRow> {
  const { leases, failures, fallbacks, lease } = snapshot.context as TaskContext;
  const counts = { leases, failures, fallbacks };
  const state = typeof snapshot.value === 'string' ? snapshot.value : 'leased';
  switch (state) {
    case 'queued':
      return { ...counts, status: 'pending' };
    case 'scheduled':
    case 'backingOff': {
      const [timer] = armed();
      if (timer === undefined) throw new Error(`a task is ${state}, and nothing will end that`);
      return {
        ...counts,
        status: 'pending',
        runAtMs: clock.now() + timer.dueMs - clock.monotonic(),
      };
    }
    case 'leased':
      return {
        ...counts,
        status: 'in_progress',
        runAtMs: null,
        ...(lease && { assignmentId: lease.assignmentId, workerId: lease.workerId }),
      };
    case 'completed':
    case 'failed':
    case 'cancelled':
      return { ...counts, status: state, runAtMs: null };
    default:
      throw new Error(`no row was foreseen for a task that is ${state}`);
  }
}
