import type { Config } from '../config/settings.ts';
import { type Acts, everyAct } from './acts.ts';
import { type Directions, undirected } from './directions.ts';
import type { FaultMix } from './fault-mix.ts';
import { invariants } from './invariants.ts';
import { Judge, type Violation } from './judge.ts';
import { Ledger } from './ledger.ts';
import { RareStates } from './rare-states.ts';
import { SimulationFigures, type SimulationReport } from './simulation-report.ts';
import { Trace } from './trace.ts';
import type { Sabotage } from './virtual-site.ts';
import { type CrashPoint, type FailPoint, World } from './world.ts';
import type { WorldEvent } from './world-events.ts';

export interface WatchedWorldOptions {
  readonly seed: number;
  readonly config: Config;
  readonly faults: FaultMix;
  /** Keeps the lines of the trace; without, only their digest. */
  readonly keepsTrace?: boolean;
  /** Which of what is drawn takes place; all of it, where nothing is said. */
  readonly acts?: Acts;
  readonly crashPoints?: readonly CrashPoint[];
  readonly failPoints?: readonly FailPoint[];
  /** Where the database is; chance decides, by the mix of faults, where nothing is said. */
  readonly disk?: 'memory' | 'file';
  readonly sabotage?: Sabotage;
  readonly directions?: Directions;
}

export interface Simulation {
  readonly trace: { readonly lines: readonly string[]; readonly count: number; readonly digest: string };
  readonly report: SimulationReport;
  readonly verdict: { readonly holds: boolean; readonly violations: readonly Violation[] };
}

/** A world with all who watch it: trace, rare states, figures, and the judge, who sees each event last. */
export class WatchedWorld {
  readonly world: World;
  readonly judge: Judge;
  readonly #options: WatchedWorldOptions;
  readonly #trace: Trace;
  readonly #rare: RareStates;
  readonly #figures: SimulationFigures;

  constructor(options: WatchedWorldOptions) {
    const { seed, config } = options;
    const ledger = new Ledger(config);
    this.#options = options;
    this.#trace = new Trace(options.keepsTrace === true);
    this.#rare = new RareStates(ledger);
    this.#figures = new SimulationFigures(ledger);
    this.judge = new Judge(ledger, invariants);
    this.world = new World({
      seed,
      config,
      mix: options.faults,
      acts: options.acts ?? everyAct,
      crashPoints: options.crashPoints ?? [],
      failPoints: options.failPoints ?? [],
      disk: options.disk,
      sabotage: options.sabotage ?? {},
      directions: options.directions ?? undirected,
      ledger,
      hear: (event) => this.#hear(event),
    });
  }

  /** What happened so far. */
  result(): Simulation {
    const { violations } = this.judge;
    const { time, commits, commitKinds } = this.world;
    const report = this.#figures.report({
      seed: this.#options.seed,
      elapsedMs: time.elapsedMs,
      steps: time.steps,
      commits,
      commitKinds,
      rareStates: this.#rare.counts(),
      invariants: invariants.map(({ name }) => name),
      violations,
    });
    const { lines, count } = this.#trace;
    return {
      trace: { lines, count, digest: this.#trace.digest() },
      report,
      verdict: { holds: violations.length === 0, violations },
    };
  }

  #hear(event: WorldEvent): void {
    const nowMs = this.world.time.elapsedMs;
    this.#trace.hear(event, nowMs);
    this.#rare.hear(event, nowMs);
    this.#figures.hear(event, nowMs);
    this.judge.hear(event, nowMs);
  }
}
