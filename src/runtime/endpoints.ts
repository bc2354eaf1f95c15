import { isDeepStrictEqual } from 'node:util';
import { AnswerCache, withAnswerCache } from '../actors/answer-cache.ts';
import { withAnswerFormat } from '../actors/answer-format.ts';
import { AnswerSchemas } from '../actors/answer-schemas.ts';
import { withFiles } from '../actors/attached-files.ts';
import type { Clock } from '../actors/clock.ts';
import type { Backend } from '../actors/execution.ts';
import type { Probe } from '../actors/heartbeat.ts';
import { withTracing } from '../actors/traced-backend.ts';
import type { Config } from '../config/settings.ts';
import type { WorkerId } from '../machines/identifiers.ts';
import { limits } from '../machines/limits.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import type { Reach, WorkerEndpoint } from './backends.ts';
import { tracer } from './tracing.ts';

/** A worker as it is reached. */
export interface Reached {
  readonly worker: WorkerConfig;
  readonly backend: Backend;
  readonly probe: Probe;
  /** Folders that its files may come from. */
  readonly roots: readonly string[];
}

/** How the workers of this moment are reached: those of the files, and those that joined. */
export class Endpoints {
  readonly #clock: Clock;
  readonly #reach: Reach;
  readonly #cache: AnswerCache;
  readonly #schemas = new AnswerSchemas();
  readonly #reached = new Map<WorkerId, Reached>();

  constructor(config: Config, clock: Clock, reach: Reach) {
    this.#clock = clock;
    this.#reach = reach;
    this.#cache = new AnswerCache({ clock, ...cacheSettings(config), bytesMax: limits.cacheBytesMax });
    this.configure(config);
  }

  /** Takes over another configuration. What runs on a worker that has changed runs on as it began. */
  configure(config: Config): void {
    this.#cache.configure(cacheSettings(config));
    for (const worker of config.workers) this.add(worker, config);
  }

  add(worker: WorkerConfig, config: Config): void {
    const known = this.#reached.get(worker.workerId);
    // A probe remembers what it has seen; one that is as it was goes on.
    if (
      known !== undefined &&
      isDeepStrictEqual(known.worker, worker) &&
      isDeepStrictEqual(known.roots, config.files.roots)
    )
      return;
    const folders = { roots: config.files.roots, except: config.home };
    this.#enter(worker, this.#reach(worker, folders), config);
  }

  /** One that came by itself, and is reached by its link. */
  join(worker: WorkerConfig, reached: WorkerEndpoint, config: Config): void {
    this.#enter(worker, reached, config);
  }

  #enter(
    worker: WorkerConfig,
    { backend, probe, takesPlainPrompts }: WorkerEndpoint,
    { files, home }: Config,
  ): void {
    // What joined mends its answers where it is, and here they are only looked at. The cache keeps those that are right.
    const mending = worker.backend === 'joined' ? { repairsMax: 0 } : {};
    const checked = withAnswerFormat(backend, { schemas: this.#schemas, ...mending });
    const cached = withAnswerCache(checked, this.#cache);
    const folders = { roots: files.roots, except: home };
    const plain = takesPlainPrompts ? withFiles(cached, folders) : backend;
    this.#reached.set(worker.workerId, {
      worker,
      probe,
      roots: files.roots,
      backend: withTracing(plain, worker, { tracer, clock: this.#clock }),
    });
  }

  /** @throws TypeError for one that nobody added: the pool knows no others */
  of(workerId: WorkerId): Reached {
    const found = this.#reached.get(workerId);
    if (found === undefined) throw new TypeError(`no worker is called ${workerId}`);
    return found;
  }
}

function cacheSettings({ models: { cache } }: Config) {
  return { enabled: cache.enabled, ttlMs: cache.ttlMs, entriesMax: cache.maxSize };
}
