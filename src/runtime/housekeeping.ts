import type { Clock } from '../actors/clock.ts';
import type { Store } from '../db/store.ts';
import { limits } from '../machines/limits.ts';
import type { CurrentConfig } from './current-config.ts';
import type { Engine } from './engine.ts';
import type { RuntimeLog } from './pool-ports.ts';
import { Retention } from './retention.ts';

export interface HousekeepingPorts {
  readonly engine: Engine;
  readonly store: Pick<Store, 'forgetCompleted' | 'upkeep' | 'lastSeq' | 'eventsSince'>;
  readonly log: RuntimeLog;
  readonly clock: Clock;
  readonly config: CurrentConfig;
}

/** Puts away what nobody needs any more. */
export class Housekeeping {
  /** What is deleted by itself, by age and by number. */
  readonly retention: Retention;
  readonly #ports: HousekeepingPorts;

  constructor(ports: HousekeepingPorts) {
    this.#ports = ports;
    this.retention = new Retention({ ...ports, isStalled: () => ports.engine.journal.isStalled });
  }

  /**
   * Deletes tasks that were completed before a moment, with their attempts; what happened stays in the record. In slices,
   * between which everything else goes on.
   *
   * @param beforeMs epoch ms
   * @returns how many
   */
  async forgetCompleted(beforeMs: number): Promise<number> {
    let forgotten = 0;
    for (;;) {
      const count = this.#ports.store.forgetCompleted(beforeMs, limits.forgottenPerSlice);
      forgotten += count;
      if (count < limits.forgottenPerSlice) break;
      await new Promise(setImmediate);
    }
    if (forgotten > 0) this.#ports.log.info({ tasks: forgotten }, 'completed tasks were deleted');
    return forgotten;
  }

  /** Lets go of workers that came by themselves, are lost, and never said goodbye. @returns how many */
  async dismissLost(): Promise<number> {
    const { engine } = this.#ports;
    const lost = [...engine.pool.roster.all()].filter(
      ({ spec, liveness }) => spec.joined && liveness === 'lost',
    );
    for (const { workerId } of lost) {
      engine.command({ type: 'pool.retire', workerId, detail: 'it was lost, and let go of' });
    }
    await engine.journal.settled();
    return lost.length;
  }
}
