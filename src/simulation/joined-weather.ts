import type { NetworkFaultName } from './link-events.ts';
import type { HourlyNetworkFault } from './network-faults.ts';
import type { JoinedStaff, VirtualJoiners } from './virtual-joiners.ts';
import type { World } from './world.ts';

const hourMs = 3_600_000;
/** A version of the protocol that no pool speaks any more. */
const oldProtocol = 0;

/** What goes wrong by the hour between the pool and workers that join it: the network, their machines, their people. */
export class JoinedWeather {
  readonly #world: World;
  readonly #joiners: VirtualJoiners;
  #isOver = false;

  constructor(world: World, joiners: VirtualJoiners) {
    this.#world = world;
    this.#joiners = joiners;
  }

  begin(): void {
    for (const staff of this.#joiners.staff) {
      this.#each('linkCutsPerHour', staff, () => this.#cut(staff));
      this.#each('linkHalfOpensPerHour', staff, (n) => this.#halfOpen(staff, n));
      this.#each('linkStallsPerHour', staff, (n) => this.#stall(staff, n));
      this.#each('linkPartitionsPerHour', staff, (n) => this.#partition(staff, n));
      this.#each('joinerCrashesPerHour', staff, (n) => this.#crash(staff, n));
      this.#each('joinerSuspendsPerHour', staff, (n) => this.#suspend(staff, n));
      this.#each('namesakesPerHour', staff, (n) => this.#second(staff, n));
      this.#each('outdatedPerHour', staff, (n) => this.#outdated(staff, n));
      this.#each('goodbyesPerHour', staff, () => this.#leave(staff));
    }
    const [first] = this.#joiners.staff;
    if (first !== undefined) this.#each('linkStormsPerHour', first, (n) => this.#storm(n));
  }

  end(): void {
    this.#isOver = true;
  }

  /** Does something again and again, by chance, to a worker that is there. */
  #each(rate: HourlyNetworkFault, staff: JoinedStaff, act: (n: number) => void, n = 0): void {
    const perHour = this.#world.mix[rate];
    if (perHour <= 0) return;
    const { workerId } = staff.worker;
    const delayMs = this.#world.random.exponential(hourMs / perHour, `${rate} ${workerId}`, n);
    this.#world.clock.setTimeout(() => {
      if (this.#isOver) return;
      const comes = this.#world.random.comes(`${rate} ${workerId}`, n);
      if (comes && staff.joiner !== undefined) act(n);
      this.#each(rate, staff, act, n + 1);
    }, delayMs);
  }

  #cut({ worker }: JoinedStaff): void {
    const lines = this.#joiners.network.linesOf(worker.host);
    if (lines.length > 0) this.#tell('link.cut', worker.workerId, 0);
    for (const { wire } of lines) wire.cut();
  }

  /** For all that is left of the connections of now: who waits for an answer must find out alone. */
  #halfOpen({ worker }: JoinedStaff, n: number): void {
    const lines = this.#joiners.network.linesOf(worker.host);
    const isUp = this.#world.random.chance(0.5, `half open ${worker.workerId}`, n);
    if (lines.length > 0) this.#tell('link.half_open', `${worker.workerId} ${isUp ? 'up' : 'down'}`, 0);
    for (const { wire } of lines) (isUp ? wire.toPool : wire.toWorker).isLost = true;
  }

  #stall({ worker }: JoinedStaff, n: number): void {
    const forMs = this.#span(500, 40_000, `link stall ${worker.workerId}`, n);
    const lines = this.#joiners.network.linesOf(worker.host);
    if (lines.length > 0) this.#tell('link.stalled', worker.workerId, forMs);
    for (const { wire } of lines) wire.hold(this.#world.time.elapsedMs + forMs);
  }

  #partition({ worker }: JoinedStaff, n: number): void {
    const forMs = this.#span(10_000, 600_000, `link partition ${worker.workerId}`, n);
    this.#tell('link.partitioned', worker.workerId, forMs);
    this.#joiners.network.partition(worker.host, this.#world.time.elapsedMs + forMs);
  }

  /** Everybody is cut, and cut again while they come back. */
  #storm(n: number): void {
    const cuts = 2 + Math.floor(this.#world.random.between(0, 7, 'storm', n));
    this.#tell('link.storm', `${cuts} cuts`, 0);
    for (let at = 0; at < cuts; at += 1) {
      const delayMs = at * this.#world.random.between(500, 8_000, 'gust', `${n} ${at}`);
      this.#world.clock.setTimeout(() => {
        for (const { wire } of this.#joiners.network.linesOf()) wire.cut();
      }, delayMs);
    }
  }

  #crash(staff: JoinedStaff, n: number): void {
    const { workerId } = staff.worker;
    const isSilent = this.#world.random.chance(0.33, `power ${workerId}`, n);
    this.#tell(isSilent ? 'joiner.lost_power' : 'joiner.crashed', workerId, 0);
    staff.joiner?.die('crashed', isSilent);
    this.#joiners.startLater(staff);
  }

  #suspend({ worker, joiner }: JoinedStaff, n: number): void {
    const forMs = this.#span(5_000, 900_000, `suspend ${worker.workerId}`, n);
    this.#tell('joiner.suspended', worker.workerId, forMs);
    joiner?.sleep(this.#world.time.elapsedMs + forMs);
  }

  /** Somebody starts a second one under the same name on another machine, and sees later what that does. */
  #second({ worker }: JoinedStaff, n: number): void {
    const forMs = this.#span(20_000, 600_000, `namesake ${worker.workerId}`, n);
    this.#tell('joiner.namesake', worker.workerId, forMs);
    const host = `${worker.host} again`;
    const second = this.#joiners.spawn(worker, host, null, () => undefined);
    this.#world.clock.setTimeout(() => second.die('ended'), forMs);
  }

  #outdated({ worker }: JoinedStaff, n: number): void {
    this.#tell('joiner.outdated', worker.workerId, 0);
    const old = this.#joiners.spawn(worker, `${worker.host} of old`, oldProtocol, () => undefined);
    const forMs = this.#span(20_000, 200_000, `outdated ${worker.workerId}`, n);
    this.#world.clock.setTimeout(() => old.die('ended'), forMs);
  }

  #leave({ worker, joiner }: JoinedStaff): void {
    this.#tell('joiner.left', worker.workerId, 0);
    joiner?.stop();
  }

  /** Long ones are seldom: drawn evenly by order of magnitude. */
  #span(minMs: number, maxMs: number, purpose: string, n: number): number {
    return Math.round(minMs * (maxMs / minMs) ** this.#world.random.draw(purpose, n));
  }

  #tell(name: NetworkFaultName, detail: string, forMs: number): void {
    this.#world.emit({ type: 'fault', name, detail, forMs });
  }
}
