import type { Clock } from '../actors/clock.ts';
import type { Random } from '../actors/random.ts';
import type { Config } from '../config/settings.ts';
import type { Store } from '../db/store.ts';
import type { CommittedFact } from '../machines/facts.ts';
import type { Reach } from './backends.ts';
import type { RuntimeLog } from './pool-ports.ts';

/** What a runtime is started with. */
export interface RuntimeOptions {
  readonly config: Config;
  readonly log: RuntimeLog;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Where tasks are kept; by default the SQLite file of the home. The runtime closes it. */
  readonly store?: Store;
  /** Hears every committed fact, from the first on. */
  readonly hear?: (committed: CommittedFact) => void;
  /** Told when the pool has crashed: the process should end, and start anew from the rows. */
  readonly onFatal?: (error: unknown) => void;
  /**
   * Reads the configuration anew, for a reload, and without it there is none; or for a trial, with this text for
   * `workers.yaml`.
   *
   * @throws KoubouError `config.invalid`
   */
  readonly reread?: (workersText?: string) => Config;
  /** How each worker is reached; by default what its configuration says. */
  readonly endpointOf?: Reach;
}
