import type { LinkSocket } from '../actors/link-socket.ts';
import type { WorkerLinks } from '../actors/worker-links.ts';
import { linkLimits } from '../machines/link-limits.ts';
import { LinkWitness } from './link-witness.ts';
import type { SeededRandom } from './seeded-random.ts';
import { Wire } from './virtual-socket.ts';
import type { Owner, VirtualTime } from './virtual-time.ts';
import type { WorldEvent } from './world-events.ts';

/** Who listens at the port of the pool. */
export interface PoolPort {
  readonly owner: Owner;
  /** `undefined` while nobody takes connections. */
  readonly links: WorkerLinks | undefined;
}

export interface VirtualNetworkPorts {
  readonly time: VirtualTime;
  readonly owner: Owner;
  readonly random: SeededRandom;
  readonly heartbeatMs: number;
  readonly pool: () => PoolPort;
  readonly emit: (event: WorldEvent) => void;
}

/** One connection, and whose it is. */
export interface Line {
  /** The machine that the worker runs on. */
  readonly host: string;
  readonly wire: Wire;
  readonly witness: LinkWitness;
}

const latencyMsMin = 0.2;
const latencyMsMax = 150;

/**
 * The network between one pool and the machines of workers that join it. Each connection keeps the order of what is sent
 * over it; two of them know nothing of each other.
 */
export class VirtualNetwork {
  readonly #ports: VirtualNetworkPorts;
  readonly #lines = new Set<Line>();
  /** Machines that cannot be reached until then. */
  readonly #partitions = new Map<string, number>();
  readonly #listening: Owner;
  #connections = 0;

  constructor(ports: VirtualNetworkPorts) {
    this.#ports = ports;
    const asleepUntilMs = () => {
      const { owner } = ports.pool();
      return owner.isDead ? 0 : owner.asleepUntilMs;
    };
    // While its process stands still a port takes nobody in; when that is dead, somebody else may listen there soon.
    this.#listening = Object.defineProperty({ isDead: false, asleepUntilMs: 0 }, 'asleepUntilMs', {
      get: asleepUntilMs,
    });
  }

  /** Begins a connection to the pool. */
  dial(host: string, owner: Owner): { readonly line: Line; readonly link: LinkSocket } {
    const { time, random, heartbeatMs, emit } = this.#ports;
    this.#sweep();
    this.#connections += 1;
    const latencyMs = random.between(latencyMsMin, latencyMsMax, 'latency', this.#connections);
    const wire = new Wire({
      time,
      latencyMs,
      networkOwner: this.#ports.owner,
      workerOwner: owner,
      listeningOwner: this.#listening,
      toPoolBytesMax: linkLimits.frameToPoolBytesMax,
      toWorkerBytesMax: linkLimits.frameToWorkerBytesMax,
      onConnect: () => this.#arrive(line),
    });
    const line: Line = { host, wire, witness: new LinkWitness(this.#connections, emit) };
    this.#lines.add(line);
    wire.hold(this.#partitions.get(host) ?? 0);
    const link = wire.worker.asLink(heartbeatMs);
    wire.connect();
    return { line, link };
  }

  /** Connections of a machine, or of all, that have not ended at both ends. */
  linesOf(host?: string): readonly Line[] {
    return [...this.#lines].filter((line) => !line.wire.isOver && (host === undefined || line.host === host));
  }

  /** Nothing comes to a machine or from it for a while; what is sent meanwhile arrives afterwards. */
  partition(host: string, untilMs: number): void {
    this.#partitions.set(host, untilMs);
    for (const { wire } of this.linesOf(host)) wire.hold(untilMs);
  }

  /** The process of the pool has died: its machine closes for it. */
  poolDied(owner: Owner): void {
    for (const { wire } of this.#lines) if (wire.pool.owner === owner) wire.pool.abandon();
  }

  /** A process of a worker has died; where its machine has died with it, nobody closes anything. */
  workerDied(owner: Owner, isSilent: boolean): void {
    for (const { wire } of this.#lines) {
      if (wire.worker.owner !== owner) continue;
      if (isSilent) wire.toPool.isLost = true;
      wire.worker.abandon();
    }
  }

  #arrive({ wire, witness }: Line): void {
    const { owner, links } = this.#ports.pool();
    if (links === undefined || owner.isDead) {
      wire.pool.refuse();
      return;
    }
    wire.pool.accept(owner);
    links.accept(witness.ofPool(wire.pool.asLink(this.#ports.heartbeatMs)));
  }

  #sweep(): void {
    for (const line of this.#lines) if (line.wire.isOver) this.#lines.delete(line);
  }
}
