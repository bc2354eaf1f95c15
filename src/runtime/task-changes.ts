import type { Clock } from '../actors/clock.ts';
import type { Store } from '../db/store.ts';
import type { TaskRow } from '../db/tasks-table.ts';
import { KoubouError } from '../machines/errors.ts';
import type { TaskId } from '../machines/identifiers.ts';
import { limits } from '../machines/limits.ts';
import type { CurrentConfig } from './current-config.ts';
import { ticketOfRow } from './delegation.ts';
import type { Engine } from './engine.ts';
import { unknownTask } from './following.ts';
import { endedAlready, placeOf } from './row-place.ts';

export interface TaskChangePorts {
  readonly engine: Engine;
  readonly store: Pick<Store, 'task'>;
  readonly config: CurrentConfig;
  readonly clock: Clock;
}

/** What may be changed about a task that has not ended. Each resolves when it is on disk. */
export class TaskChanges {
  readonly #ports: TaskChangePorts;

  constructor(ports: TaskChangePorts) {
    this.#ports = ports;
  }

  /** @throws KoubouError `task.unknown`, `task.ended` (its ending stands), `storage.unavailable` */
  async cancel(taskId: TaskId): Promise<void> {
    const row = this.living(taskId);
    if (!this.#isEnding(taskId)) this.#ports.engine.command({ type: 'pool.cancel', ...this.#asRow(row) });
    await this.#ports.engine.journal.settled();
    const { status } = this.#row(taskId);
    if (status !== 'cancelled') throw endedAlready(taskId, status);
  }

  /**
   * Gives a task another place in the queue. One that runs goes on; it counts from its next attempt on.
   *
   * @param priority 1 to 10
   * @throws KoubouError `task.unknown`, `task.ended`, `rate.limited`, `storage.unavailable`
   */
  async reprioritize(taskId: TaskId, priority: number): Promise<void> {
    if (this.#isEnding(taskId)) await this.#ports.engine.journal.settled();
    const row = this.living(taskId);
    if (row.priority === priority) return;
    this.#assertRoom(taskId);
    this.#ports.engine.command({ type: 'pool.reprioritize', ...this.#asRow(row), priority });
    await this.#ports.engine.journal.settled();
    const after = this.#row(taskId);
    if (after.priority !== priority) throw endedAlready(taskId, after.status);
  }

  /** Its actor has ended, and its row does not say so yet: brought to life again, it would end twice. */
  #isEnding(taskId: TaskId): boolean {
    const { pool, journal } = this.#ports.engine;
    return pool.board.get(taskId) === undefined && journal.holds(taskId);
  }

  /** What the pool must know of it, should it wait as a row. */
  #asRow(row: TaskRow) {
    const { config, clock } = this.#ports;
    return { ticket: ticketOfRow(row, config, clock.now()), place: placeOf(row) };
  }

  /** Those behind the window become actors by it, and memory has an end. */
  #assertRoom(taskId: TaskId): void {
    const { pool } = this.#ports.engine;
    const liveMax = this.#ports.config.now.pool.admissionWindow + limits.movedTasksMax;
    if (pool.board.get(taskId) !== undefined || pool.board.liveCount < liveMax) return;
    throw new KoubouError('rate.limited', 'too many tasks were moved; try again when some of them have run', {
      retryAfterMs: 60_000,
    });
  }

  #row(taskId: TaskId): TaskRow {
    const row = this.#ports.store.task(taskId);
    if (row === undefined) throw unknownTask(taskId);
    return row;
  }

  /** The row of a task that has not ended. @throws KoubouError `task.unknown`, `task.ended` */
  living(taskId: TaskId): TaskRow {
    const row = this.#row(taskId);
    if (row.endedAt !== null) throw endedAlready(taskId, row.status);
    return row;
  }
}
