import type { Journal } from '../db/journal.ts';
import type { Store } from '../db/store.ts';
import { KoubouError } from '../machines/errors.ts';
import type { TaskId } from '../machines/identifiers.ts';
import type { TaskTicket } from '../machines/task-ticket.ts';
import type { CurrentConfig } from './current-config.ts';
import { acceptedTask, type IdempotencyKey, newTicket, type TaskSpec } from './delegation.ts';
import { sizeOfFiles } from './file-sizes.ts';
import { type TaskOrigin, tracedDelegation } from './tracing.ts';

/** What taking in tasks needs of the runtime. */
export interface DelegationPorts {
  readonly store: Pick<Store, 'idempotent'>;
  readonly journal: Pick<Journal, 'accept' | 'refusal'>;
  readonly nextTaskId: () => TaskId;
  readonly now: () => number;
  readonly config: CurrentConfig;
  /** @throws KoubouError when nothing (more) is accepted now */
  readonly assertOpen: (count: number) => void;
  readonly admit: (tickets: readonly TaskTicket[]) => void;
}

export interface Delegated {
  readonly taskIds: readonly TaskId[];
  /** The same request was accepted before, under the same key: these are its tasks. */
  readonly replayed: boolean;
}

/** Takes in new tasks: durable before it resolves, admitted to the pool meanwhile. */
export class Delegations {
  readonly #ports: DelegationPorts;
  #nextSeq: number;
  /** When the last one was accepted: who comes later never waits for longer, whatever the wall clock does. */
  #lastAcceptedMs = 0;
  /** Keys whose tasks are on their way to the disk. */
  readonly #arriving = new Map<string, { fingerprint: string; taskIds: Promise<readonly TaskId[]> }>();

  /** @param nextSeq above the `seq` of every task that was ever accepted */
  constructor(ports: DelegationPorts, nextSeq: number) {
    this.#ports = ports;
    this.#nextSeq = nextSeq;
  }

  /**
   * Accepts all of `specs` or none.
   *
   * @throws KoubouError `idempotency.conflict`, `pool.full`, `pool.draining`, `storage.unavailable`
   */
  async delegate(specs: readonly TaskSpec[], idempotency: IdempotencyKey | null): Promise<Delegated> {
    if (idempotency === null) return { taskIds: await this.#accept(specs, null), replayed: false };
    const { key, fingerprint } = idempotency;
    const known = this.#arriving.get(key) ?? this.#stored(key);
    if (known !== undefined) {
      if (known.fingerprint !== fingerprint) throw conflict(key);
      return { taskIds: await known.taskIds, replayed: true };
    }
    const taskIds = this.#accept(specs, idempotency);
    this.#arriving.set(key, { fingerprint, taskIds });
    try {
      return { taskIds: await taskIds, replayed: false };
    } finally {
      this.#arriving.delete(key);
    }
  }

  #stored(key: string): { fingerprint: string; taskIds: Promise<readonly TaskId[]> } | undefined {
    const row = this.#ports.store.idempotent(key);
    if (row === undefined) return undefined;
    return { fingerprint: row.fingerprint, taskIds: Promise.resolve(JSON.parse(row.taskIds) as TaskId[]) };
  }

  #accept(specs: readonly TaskSpec[], idempotency: IdempotencyKey | null): Promise<readonly TaskId[]> {
    return tracedDelegation(specs, (origin) => this.#write(specs, idempotency, origin));
  }

  async #write(
    specs: readonly TaskSpec[],
    idempotency: IdempotencyKey | null,
    origin: TaskOrigin,
  ): Promise<readonly TaskId[]> {
    const { journal, nextTaskId, now, config, admit, assertOpen } = this.#ports;
    if (journal.refusal !== null) throw journal.refusal;
    assertOpen(specs.length);
    const { roots } = config.now.files;
    const tasks = specs.map((spec) =>
      acceptedTask(spec, nextTaskId(), this.#nextSeq++, sizeOfFiles(spec.files, roots), origin),
    );
    // The journal first: what the pool then says of these tasks comes behind them.
    const written = journal.accept(tasks, idempotency);
    const nowMs = now();
    this.#lastAcceptedMs = Math.max(this.#lastAcceptedMs, nowMs);
    admit(tasks.map((task) => newTicket(task, config, nowMs, this.#lastAcceptedMs)));
    await written;
    return tasks.map(({ taskId }) => taskId);
  }
}

function conflict(key: string): KoubouError {
  return new KoubouError(
    'idempotency.conflict',
    'this Idempotency-Key was used for another request; use a new key for a new request',
    { details: { key } },
  );
}
