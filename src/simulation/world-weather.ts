import type { Fact } from '../machines/facts.ts';
import type { FaultMix } from './fault-mix.ts';
import type { VirtualServer } from './virtual-server.ts';
import type { World } from './world.ts';
import type { FaultName } from './world-events.ts';

type Hourly = Extract<keyof FaultMix, `${string}PerHour`>;

const hourMs = 3_600_000;
/** Of delicate moments that are struck, for each fault an hour. */
const delicateShare = 0.02;

/** What goes wrong by the hour: servers, the disk, the clock, the process itself. */
export class WorldWeather {
  readonly #world: World;
  #isOver = false;

  constructor(world: World) {
    this.#world = world;
  }

  begin(): void {
    for (const server of this.#world.site.servers) {
      this.#each('crashesPerHour', server.name, (n) => this.#crash(server, n));
      this.#each('partitionsPerHour', server.name, (n) => this.#partition(server, n));
    }
    this.#each('blackoutsPerHour', '', (n) => this.#blackout(n));
    this.#each('overloadsPerHour', '', (n) => this.#overload(n));
    this.#each('killsPerHour', '', () => this.#kill());
    this.#each('restartsPerHour', '', () => void this.#world.restart());
    this.#each('diskFaultsPerHour', '', (n) => this.#breakDisk(n));
    this.#lieInWait();
    this.#each('clockJumpsPerHour', '', (n) => this.#jump(n));
    this.#each('stallsPerHour', '', (n) => this.#stall(n));
  }

  /** The sky clears: all that is broken is mended, and nothing breaks any more. */
  end(): void {
    this.#isOver = true;
    for (const server of this.#world.site.servers) server.recover();
    this.#world.diskFault = null;
  }

  /** Does something again and again, by chance. */
  #each(rate: Hourly, key: string, act: (n: number) => void, n = 0): void {
    const perHour = this.#world.mix[rate];
    if (perHour <= 0) return;
    const delayMs = this.#world.random.exponential(hourMs / perHour, `${rate} ${key}`, n);
    this.#world.clock.setTimeout(() => {
      if (this.#isOver) return;
      if (this.#world.random.comes(key === '' ? rate : `${rate} ${key}`, n)) act(n);
      this.#each(rate, key, act, n + 1);
    }, delayMs);
  }

  #crash(server: VirtualServer, n: number): void {
    const forMs = this.#span(1_000, 900_000, `crash ${server.name}`, n);
    this.#tell('server.crashed', server.name, forMs);
    server.crash();
    this.#later(forMs, () => server.recover());
  }

  #partition(server: VirtualServer, n: number): void {
    const forMs = this.#span(5_000, 600_000, `partition ${server.name}`, n);
    this.#tell('server.partitioned', server.name, forMs);
    server.partition();
    this.#later(forMs, () => server.recover());
  }

  /** The most delicate moments are few: without a bias hardly any world would be struck in one. */
  #lieInWait(): void {
    const world = this.#world;
    let met = 0;
    world.listen((event) => {
      if (this.#isOver) return;
      const isEdge = event.type === 'process.stopping' || event.type === 'process.began';
      if (!isEdge && (event.type !== 'fact' || !isDelicate(event.committed.fact))) return;
      met += 1;
      const n = met;
      const { random, mix } = world;
      // The few commits of a start are made at once; those of a stop, while it lasts.
      if (isEdge && random.chance(mix.diskFaultsPerHour * delicateShare, 'disk at edge', n)) {
        if (event.type === 'process.began') this.#breakDisk(-n);
        else this.#later(random.between(0, 2_000, 'disk at edge after', n), () => this.#breakDisk(-n));
      }
      if (random.chance(mix.killsPerHour * delicateShare, 'delicate kill', n))
        this.#later(random.exponential(2_000, 'delicate kill after', n), () => this.#kill());
    });
  }

  #blackout(n: number): void {
    const forMs = this.#span(60_000, 900_000, 'blackout', n);
    this.#tell('site.unreachable', '', forMs);
    this.#all(forMs, (server) => server.partition());
  }

  #overload(n: number): void {
    const forMs = this.#span(30_000, 600_000, 'overload', n);
    const isSick = this.#world.random.chance(0.5, 'sick', n);
    this.#tell(isSick ? 'site.sick' : 'site.overloaded', '', forMs);
    this.#all(forMs, (server) => (isSick ? server.sicken() : server.overload()));
  }

  #all(forMs: number, strike: (server: VirtualServer) => void): void {
    const { servers } = this.#world.site;
    for (const server of servers) strike(server);
    this.#later(forMs, () => {
      for (const server of servers) server.recover();
    });
  }

  #kill(): void {
    if (this.#world.process.owner.isDead) return;
    this.#tell('process.killed', this.#world.process.stage, 0);
    this.#world.kill('kill -9');
  }

  #breakDisk(n: number): void {
    const world = this.#world;
    if (world.diskFault !== null) return;
    const kinds = [
      ['SQLITE_BUSY', 'disk.busy'],
      ['SQLITE_FULL', 'disk.full'],
      ['SQLITE_IOERR_WRITE', 'disk.io'],
      ['SQLITE_READONLY', 'disk.readonly'],
    ] as const;
    const [code, name] = world.random.pick(kinds, 'disk', n);
    const forMs = this.#span(100, name === 'disk.busy' ? 5_000 : 60_000, 'disk for', n);
    this.#tell(name, '', forMs);
    world.diskFault = code;
    this.#later(forMs, () => {
      world.diskFault = null;
    });
  }

  #jump(n: number): void {
    const byMs = Math.round(this.#world.random.between(-hourMs, hourMs, 'jump', n));
    this.#tell('clock.jumped', `${byMs} ms`, Math.abs(byMs));
    this.#world.time.jumpWall(byMs);
  }

  #stall(n: number): void {
    const { process, time, random } = this.#world;
    const isSuspended = random.chance(0.3, 'suspended', n);
    const forMs = isSuspended
      ? this.#span(60_000, 900_000, 'suspend', n)
      : this.#span(500, 20_000, 'stall', n);
    this.#tell(isSuspended ? 'process.suspended' : 'process.stalled', '', forMs);
    process.owner.asleepUntilMs = Math.max(process.owner.asleepUntilMs, time.elapsedMs + forMs);
  }

  /** Long ones are seldom: drawn evenly by order of magnitude. */
  #span(minMs: number, maxMs: number, purpose: string, n: number): number {
    return Math.round(minMs * (maxMs / minMs) ** this.#world.random.draw(purpose, n));
  }

  #later(delayMs: number, act: () => void): void {
    this.#world.clock.setTimeout(() => {
      if (!this.#isOver) act();
    }, delayMs);
  }

  #tell(name: FaultName, detail: string, forMs: number): void {
    this.#world.emit({ type: 'fault', name, detail, forMs });
  }
}

/** Whether this fact begins a time that is short, and in which much is under way. */
function isDelicate(fact: Fact): boolean {
  switch (fact.type) {
    case 'endpoint.changed':
      return fact.to === 'trying';
    case 'worker.readmitted':
      return fact.to === 'draining';
    case 'pool.paused':
    case 'pool.draining':
    case 'pool.reconfigured':
      return true;
    default:
      return false;
  }
}
