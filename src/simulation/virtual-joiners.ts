import { workerId } from '../machines/identifiers.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import { JoinedWeather } from './joined-weather.ts';
import { VirtualJoiner } from './virtual-joiner.ts';
import { VirtualNetwork } from './virtual-network.ts';
import type { Owner } from './virtual-time.ts';
import type { World } from './world.ts';

/** A worker that joins, and the process that is it at this moment. */
export interface JoinedStaff {
  readonly worker: WorkerConfig;
  joiner: VirtualJoiner | undefined;
}

/** How long whoever looks after a worker takes to start it anew. */
const restartMsMin = 1_000;
const restartMsMax = 30_000;
/** Workers are not all there when the pool begins. */
const arrivalMsMax = 60_000;

/** The workers that join by themselves, each on a machine of its own, and the network between them and the pool. */
export class VirtualJoiners {
  readonly network: VirtualNetwork;
  readonly staff: readonly JoinedStaff[];
  readonly #world: World;
  readonly #weather: JoinedWeather;
  readonly #owner: Owner = { isDead: false, asleepUntilMs: 0 };
  #instances = 0;

  constructor(world: World) {
    this.#world = world;
    const { time, random, files } = world;
    this.network = new VirtualNetwork({
      time,
      random,
      owner: this.#owner,
      heartbeatMs: files.healthCheck.intervalMs,
      pool: () => ({ owner: world.process.owner, links: world.process.links }),
      emit: world.emit,
    });
    this.staff = Array.from({ length: world.mix.joinedWorkers }, (_, at) => ({
      worker: workerOf(world, at + 1),
      joiner: undefined,
    }));
    this.#weather = new JoinedWeather(world, this);
    world.listen(({ type }) => {
      if (type === 'process.died' || type === 'process.stopped') this.network.poolDied(world.process.owner);
    });
  }

  begin(): void {
    if (this.staff.length === 0) return;
    for (const each of this.staff) {
      const { random, clock } = this.#world;
      const delayMs = random.between(0, arrivalMsMax, 'arrival of', each.worker.workerId);
      clock.setTimeout(() => this.start(each), delayMs);
    }
    this.#weather.begin();
  }

  /** Nothing goes wrong any more between them and the pool. */
  mend(): void {
    this.#weather.end();
  }

  /** They are gone, and the network with them. */
  close(): void {
    this.#owner.isDead = true;
    for (const { joiner } of this.staff) if (joiner !== undefined) joiner.owner.isDead = true;
  }

  /** The process of a worker begins, or another one in its place. */
  start(staff: JoinedStaff): void {
    if (this.#owner.isDead) return;
    staff.joiner = this.spawn(staff.worker, staff.worker.host, null, () => this.startLater(staff));
  }

  startLater(staff: JoinedStaff, minMs = restartMsMin, maxMs = restartMsMax): void {
    staff.joiner = undefined;
    const { random, clock } = this.#world;
    const delayMs = random.between(minMs, maxMs, 'start anew', this.#instances);
    clock.setTimeout(() => {
      if (staff.joiner === undefined) this.start(staff);
    }, delayMs);
  }

  /** A process that says it is this worker, whoever else does. */
  spawn(worker: WorkerConfig, host: string, protocol: number | null, onEnded: () => void): VirtualJoiner {
    this.#instances += 1;
    const instance = `instance-${this.#instances}`;
    const { network } = this;
    return new VirtualJoiner({ world: this.#world, network, worker, instance, host, protocol, onEnded });
  }
}

/** Each is a little different: as fast as the best, or a third of it. */
function workerOf({ random, files }: World, n: number): WorkerConfig {
  const [first] = files.workers;
  if (first === undefined) throw new TypeError('there is no worker to take after');
  const name = `joined_${n}`;
  return {
    ...first,
    workerId: workerId(name),
    location: 'remote',
    backend: 'joined',
    model: null,
    host: name,
    endpointUrl: `joined:${name}`,
    performanceFactor: random.between(0.3, 1, 'factor', name),
    maxConcurrentTasks: 1 + Math.floor(random.between(0, 3, 'slots', name)),
    capabilities: [],
    standby: false,
  };
}
