import type { Clock } from '../actors/clock.ts';
import type { Backend } from '../actors/execution.ts';
import type { Config } from '../config/settings.ts';
import type { Store } from '../db/store.ts';
import { modelKey } from '../machines/model-choice.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import type { Reach } from '../runtime/backends.ts';
import type { Directions } from './directions.ts';
import type { FaultMix } from './fault-mix.ts';
import { ModelMemory } from './model-memory.ts';
import type { SeededRandom } from './seeded-random.ts';
import { VirtualServer } from './virtual-server.ts';
import type { WorldEvent } from './world-events.ts';

/** Parts of the product that are exchanged for broken ones, to see the judge find them out. */
export interface Sabotage {
  readonly store?: (real: Store) => Store;
  readonly backend?: (real: Backend, worker: WorkerConfig) => Backend;
}

export interface VirtualSitePorts {
  readonly random: SeededRandom;
  readonly mix: () => FaultMix;
  readonly emit: (event: WorldEvent) => void;
  readonly clock: () => Clock;
  readonly worldClock: () => Clock;
  readonly process: () => number;
  readonly config: Config;
  readonly sabotage: Sabotage;
  readonly directions: Directions;
}

/** The servers behind the workers, one for each address. */
export class VirtualSite {
  readonly #ports: VirtualSitePorts;
  readonly #servers = new Map<string, VirtualServer>();

  constructor(ports: VirtualSitePorts) {
    this.#ports = ports;
    for (const worker of ports.config.workers) this.#serverOf(worker);
  }

  get servers(): readonly VirtualServer[] {
    return [...this.#servers.values()];
  }

  /** Generations that run at this moment. */
  get running(): number {
    return this.servers.reduce((sum, { running }) => sum + running, 0);
  }

  hangUp(): void {
    for (const server of this.servers) server.hangUp();
  }

  /** How the runtime reaches a worker. */
  readonly reach: Reach = (worker) => {
    const server = this.#serverOf(worker);
    const real: Backend = (job, io) => server.run(worker, job, io);
    return {
      backend: this.#ports.sabotage.backend?.(real, worker) ?? real,
      probe: (signal) => server.probe(worker, signal),
      takesPlainPrompts: true,
    };
  };

  #serverOf({ endpointUrl, host }: WorkerConfig): VirtualServer {
    const known = this.#servers.get(endpointUrl);
    if (known !== undefined) return known;
    const { config } = this.#ports;
    const memoryBytes = config.hosts.find((one) => one.host === host)?.memoryBytes ?? null;
    const memory = new ModelMemory(this.#modelsOf(endpointUrl), memoryBytes);
    const server = new VirtualServer(endpointUrl, { ...this.#ports, memory });
    this.#servers.set(endpointUrl, server);
    return server;
  }

  /** All that the files name; those that a worker is bound to are there for sure. */
  #modelsOf(endpointUrl: string): readonly string[] {
    const { config, random, mix } = this.#ports;
    const bound = config.workers
      .filter((worker) => worker.endpointUrl === endpointUrl)
      .flatMap(({ model }) => (model === null ? [] : [model]));
    const named = Object.values(config.models.catalog).map(({ name }) => name);
    const isThere = (name: string) =>
      name === config.models.defaultModel ||
      !random.chance(mix().missingModel, 'model missing', `${endpointUrl} ${name}`);
    const all = [...bound, config.models.defaultModel, ...named.filter(isThere)];
    return [...new Map(all.map((name) => [modelKey(name), name])).values()];
  }
}
