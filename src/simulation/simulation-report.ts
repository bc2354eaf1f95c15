import type { WorkerId } from '../machines/identifiers.ts';
import type { CommitCount } from './commit-kinds.ts';
import type { Violation } from './judge.ts';
import type { Ledger } from './ledger.ts';
import type { WorldEvent } from './world-events.ts';

/** What happened in a world, in figures. Times in ms; shares of one. */
export interface SimulationReport {
  readonly seed: number;
  readonly elapsedMs: number;
  /** Timers fired and turns run. */
  readonly steps: number;
  readonly commits: number;
  /** What was written, by what it was for; a commit may be of several kinds. */
  readonly commitKinds: Readonly<Record<string, CommitCount>>;
  readonly processes: number;
  readonly tasks: Readonly<Record<'accepted' | 'completed' | 'failed' | 'cancelled' | 'open', number>>;
  /** Completed, per hour. */
  readonly throughputPerHour: number;
  /** From acceptance to the first lease, of tasks for at once, by the priority that was asked for, the most urgent first. */
  readonly waits: readonly WaitFigures[];
  readonly workers: readonly WorkerFigures[];
  readonly faults: Readonly<Record<string, number>>;
  readonly invariants: readonly string[];
  readonly violations: readonly Violation[];
  readonly rareStates: Readonly<Record<string, number>>;
  /** Those of them that this run has not reached. */
  readonly unreached: readonly string[];
}

export interface WaitFigures {
  readonly priority: number;
  readonly tasks: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

export interface WorkerFigures {
  readonly workerId: WorkerId;
  readonly runs: number;
  readonly completed: number;
  /** Time of its slots that was spent generating, of all. */
  readonly utilisation: number;
  /** Models loaded into free room, and in the place of another one. */
  readonly loads: number;
  readonly swaps: number;
}

interface Tally {
  runs: number;
  completed: number;
  busyMs: number;
  loads: number;
  swaps: number;
}

/** Counts while a world lives. */
export class SimulationFigures {
  readonly #ledger: Ledger;
  readonly #workers = new Map<WorkerId, Tally>();
  readonly #faults = new Map<string, number>();
  #processes = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    for (const { workerId } of ledger.config.workers) this.#tally(workerId);
  }

  /** Sees each event before the ledger takes it in. */
  hear(event: WorldEvent, nowMs: number): void {
    switch (event.type) {
      case 'process.began':
        this.#processes += 1;
        return;
      case 'fault':
        this.#faults.set(event.name, (this.#faults.get(event.name) ?? 0) + 1);
        return;
      case 'run.began': {
        const tally = this.#tally(event.workerId);
        tally.runs += 1;
        if (event.load === 'load') tally.loads += 1;
        if (event.load === 'swap') tally.swaps += 1;
        return;
      }
      case 'run.ended': {
        const run = this.#ledger.runs.get(event.assignmentId);
        if (run !== undefined) this.#tally(event.workerId).busyMs += nowMs - run.beganMs;
        return;
      }
      case 'fact':
        if (event.committed.fact.type === 'task.completed')
          this.#tally(event.committed.fact.workerId).completed += 1;
        return;
      default:
    }
  }

  report(
    given: Pick<
      SimulationReport,
      'seed' | 'elapsedMs' | 'steps' | 'commits' | 'commitKinds' | 'rareStates' | 'invariants' | 'violations'
    >,
  ): SimulationReport {
    const tasks = this.#tasks();
    return {
      ...given,
      processes: this.#processes,
      tasks,
      throughputPerHour: tasks.completed / (given.elapsedMs / 3_600_000),
      waits: this.#waits(),
      workers: [...this.#workers].map(([workerId, { busyMs, ...counts }]) => ({
        workerId,
        ...counts,
        utilisation: busyMs / (given.elapsedMs * this.#slotsOf(workerId)),
      })),
      faults: Object.fromEntries([...this.#faults].sort(([a], [b]) => (a < b ? -1 : 1))),
      unreached: Object.entries(given.rareStates).flatMap(([name, count]) => (count === 0 ? [name] : [])),
    };
  }

  #tasks(): SimulationReport['tasks'] {
    const counts = { accepted: 0, completed: 0, failed: 0, cancelled: 0, open: 0 };
    for (const { state } of this.#ledger.tasks.values()) {
      counts.accepted += 1;
      counts[state === 'waiting' || state === 'leased' ? 'open' : state] += 1;
    }
    return counts;
  }

  /** Of those that were to start at once. */
  #waits(): readonly WaitFigures[] {
    const waits = new Map<number, number[]>();
    for (const task of this.#ledger.tasks.values()) {
      if (task.firstLeaseMs === null || task.isScheduled) continue;
      const { priority } = task.wanted;
      const list = waits.get(priority) ?? [];
      waits.set(priority, list);
      list.push(task.firstLeaseMs - task.acceptedMs);
    }
    return [...waits]
      .sort(([a], [b]) => b - a)
      .map(([priority, list]) => {
        const sorted = list.sort((a, b) => a - b);
        const at = (share: number) =>
          sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
        return { priority, tasks: sorted.length, medianMs: at(0.5), p95Ms: at(0.95), maxMs: at(1) };
      });
  }

  #slotsOf(id: WorkerId): number {
    const joined = this.#ledger.links.joined.get(id);
    const named = this.#ledger.config.workers.find(({ workerId }) => workerId === id);
    return joined?.slots ?? named?.maxConcurrentTasks ?? 1;
  }

  #tally(id: WorkerId): Tally {
    const known = this.#workers.get(id);
    if (known !== undefined) return known;
    const fresh = { runs: 0, completed: 0, busyMs: 0, loads: 0, swaps: 0 };
    this.#workers.set(id, fresh);
    return fresh;
  }
}
