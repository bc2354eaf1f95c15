import type { Config } from '../config/settings.ts';
import type { Directions } from './directions.ts';
import { faultLevels } from './fault-mix.ts';
import type { Violation } from './judge.ts';
import { usualLoad } from './load-shape.ts';
import { diskFaults, faultNameOf, type Step } from './script-steps.ts';
import { ScriptedClients } from './scripted-clients.ts';
import { VirtualClients } from './virtual-clients.ts';
import { VirtualOperators } from './virtual-operators.ts';
import { headOf } from './virtual-server.ts';
import type { Sabotage } from './virtual-site.ts';
import { type Simulation, WatchedWorld } from './watched-world.ts';
import type { CrashPoint } from './world.ts';
import { conclude, examine } from './world-ending.ts';
import type { FaultName } from './world-events.ts';

/** The first step finds a process that has recovered, and workers that have answered. */
const firstStepMs = 1_000;

export interface ScriptedWorldOptions {
  readonly seed: number;
  readonly config: Config;
  readonly keepsTrace?: boolean;
  readonly sabotage?: Sabotage;
}

/** A world in which nothing happens but what its script says. Chance decides sizes, jitter and the order of equals alone. */
export class ScriptedWorld {
  readonly #watched: WatchedWorld;
  readonly #clients: ScriptedClients;
  readonly #probes: VirtualClients;
  readonly #operators: VirtualOperators;
  readonly #crashPoints: CrashPoint[] = [];
  readonly #faults = new Map<string, FaultName[]>();
  readonly #lostBeats = new Map<string, number>();

  constructor(options: ScriptedWorldOptions) {
    const directions: Directions = {
      faultOf: (prompt) => this.#faults.get(headOf(prompt))?.shift(),
      losesBeat: (worker) => this.#losesBeat(worker),
      serviceMsOf: () => undefined,
    };
    this.#watched = new WatchedWorld({
      ...options,
      faults: faultLevels.none,
      crashPoints: this.#crashPoints,
      directions,
    });
    const { world } = this.#watched;
    this.#clients = new ScriptedClients(world);
    this.#probes = new VirtualClients(world, usualLoad);
    this.#operators = new VirtualOperators(world);
    examine(world);
    world.begin();
  }

  /** What was broken so far. */
  get violations(): readonly Violation[] {
    return this.#watched.judge.violations;
  }

  /** Does one step, and all that it leads to at this moment. */
  async take(step: Step): Promise<void> {
    const { time } = this.#watched.world;
    if (time.elapsedMs === 0) await time.run(firstStepMs);
    this.#take(step);
    await time.run(time.elapsedMs + (step.do === 'advance' ? step.seconds * 1_000 : 0));
  }

  /** All is mended, and everything must end. */
  async end(): Promise<Simulation> {
    const { world } = this.#watched;
    for (const server of world.site.servers) server.recover();
    world.diskFault = null;
    try {
      await conclude(world, this.#operators, this.#probes, () => this.violations.length > 0);
    } finally {
      world.close();
    }
    return this.#watched.result();
  }

  /** Gives up on it. */
  close(): void {
    this.#watched.world.close();
  }

  #take(step: Step): void {
    const { world } = this.#watched;
    switch (step.do) {
      case 'delegate':
        this.#clients.delegate(step.task, step);
        return;
      case 'again':
        this.#clients.delegate(step.task, undefined);
        return;
      case 'cancel':
        this.#clients.cancel(step.task);
        return;
      case 'move':
        this.#clients.move(step.task, step.priority);
        return;
      case 'fail':
        this.#faults.set(step.task, [...(this.#faults.get(step.task) ?? []), faultNameOf(step.how)]);
        return;
      case 'kill':
        if (step.where === 'now') world.kill('kill -9');
        else this.#crashPoints.push({ commit: world.commits + 1, where: step.where });
        return;
      case 'restart':
        void world.restart();
        return;
      case 'order':
        this.#operators.order(step.act, step.worker);
        return;
      case 'reload':
        this.#operators.edit(step.edit);
        return;
      case 'strike':
        this.#strike(step);
        return;
      case 'lose':
        this.#lostBeats.set(step.worker, step.beats);
        return;
      case 'disk':
        this.#breakDisk(step);
        return;
      case 'jump':
        world.emit({
          type: 'fault',
          name: 'clock.jumped',
          detail: `${step.seconds} s`,
          forMs: Math.abs(step.seconds) * 1_000,
        });
        world.time.jumpWall(step.seconds * 1_000);
        return;
      case 'sleep':
        this.#sleep(step.seconds * 1_000);
        return;
      case 'advance':
    }
  }

  #strike({ worker, how }: Extract<Step, { do: 'strike' }>): void {
    const { site, files } = this.#watched.world;
    const url = files.workers.find(({ workerId }) => workerId === worker)?.endpointUrl;
    const server = site.servers.find(({ name }) => name === url);
    if (how === 'crash') server?.crash();
    else if (how === 'cut') server?.partition();
    else if (how === 'overload') server?.overload();
    else server?.recover();
  }

  #breakDisk({ how, seconds }: Extract<Step, { do: 'disk' }>): void {
    const { world } = this.#watched;
    const { code, name } = diskFaults[how];
    world.emit({ type: 'fault', name, detail: '', forMs: seconds * 1_000 });
    world.diskFault = code;
    world.clock.setTimeout(() => {
      world.diskFault = null;
    }, seconds * 1_000);
  }

  #sleep(forMs: number): void {
    const { world } = this.#watched;
    const { owner } = world.process;
    world.emit({ type: 'fault', name: 'process.stalled', detail: '', forMs });
    owner.asleepUntilMs = Math.max(owner.asleepUntilMs, world.time.elapsedMs + forMs);
  }

  #losesBeat(worker: string): boolean {
    const left = this.#lostBeats.get(worker) ?? 0;
    this.#lostBeats.set(worker, left - 1);
    return left > 0;
  }
}

/** Runs a whole script. */
export async function runScript(options: ScriptedWorldOptions, steps: readonly Step[]): Promise<Simulation> {
  const world = new ScriptedWorld(options);
  for (const step of steps) await world.take(step);
  return world.end();
}
