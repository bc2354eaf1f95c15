import { simulate } from './simulate.ts';
import { type SeededWorld, worldOfSeed } from './swarm.ts';

/** What many worlds came to, one for each seed. Times in ms. */
export interface SeedsReport {
  /** The first seed, and how many. */
  readonly first: number;
  readonly count: number;
  /** Virtual time of all worlds together. */
  readonly elapsedMs: number;
  /** Timers fired and turns run. */
  readonly steps: number;
  readonly tasks: number;
  /** Processor time that it took, of all threads. */
  readonly cpuMs: number;
  /** In how many of the worlds each rare situation was reached. */
  readonly rareStates: Readonly<Record<string, number>>;
  /** The first violation of each invariant in each world. */
  readonly violations: readonly SeedViolation[];
  /** Of the trace of each world, in the order of their seeds. */
  readonly digests: readonly string[];
}

export interface SeedViolation {
  readonly seed: number;
  readonly invariant: string;
  readonly atMs: number;
  readonly what: string;
}

export interface ManySeeds extends Omit<SeededWorld, 'seed'> {
  readonly first: number;
  readonly count: number;
  /** Processor time of this process so far, in ms. */
  readonly cpuMs: () => number;
  /** Called after each world. */
  readonly onDone?: (done: number) => void;
}

/** Runs one world for each seed, one after the other. */
export async function simulateSeeds({
  first,
  count,
  cpuMs,
  onDone,
  ...world
}: ManySeeds): Promise<SeedsReport> {
  const beganMs = cpuMs();
  const rareStates: Record<string, number> = {};
  const violations: SeedViolation[] = [];
  const digests: string[] = [];
  const sums = { elapsedMs: 0, steps: 0, tasks: 0 };
  for (let seed = first; seed < first + count; seed += 1) {
    const { report, trace, verdict } = await simulate(worldOfSeed({ ...world, seed }));
    sums.elapsedMs += report.elapsedMs;
    sums.steps += report.steps;
    sums.tasks += report.tasks.accepted;
    digests.push(trace.digest);
    for (const [name, times] of Object.entries(report.rareStates)) {
      rareStates[name] = (rareStates[name] ?? 0) + Math.min(1, times);
    }
    const seen = new Set<string>();
    for (const violation of verdict.violations) {
      if (!seen.has(violation.invariant)) violations.push({ seed, ...violation });
      seen.add(violation.invariant);
    }
    onDone?.(digests.length);
  }
  return { first, count, ...sums, cpuMs: cpuMs() - beganMs, rareStates, violations, digests };
}

/** What several processes found out about seeds that follow each other. */
export function together(reports: readonly SeedsReport[]): SeedsReport {
  const sorted = reports.toSorted((a, b) => a.first - b.first);
  const rareStates: Record<string, number> = {};
  for (const report of sorted) {
    for (const [name, count] of Object.entries(report.rareStates)) {
      rareStates[name] = (rareStates[name] ?? 0) + count;
    }
  }
  const sum = (of: (report: SeedsReport) => number) =>
    sorted.reduce((total, report) => total + of(report), 0);
  return {
    first: sorted[0]?.first ?? 0,
    count: sum(({ count }) => count),
    elapsedMs: sum(({ elapsedMs }) => elapsedMs),
    steps: sum(({ steps }) => steps),
    tasks: sum(({ tasks }) => tasks),
    cpuMs: sum(({ cpuMs }) => cpuMs),
    rareStates,
    violations: sorted.flatMap(({ violations }) => violations),
    digests: sorted.flatMap(({ digests }) => digests),
  };
}

/** The seeds of each of `jobs` processes: all of them, each once, as evenly as can be. */
export function shareSeeds(
  first: number,
  count: number,
  jobs: number,
): readonly { first: number; count: number }[] {
  const bounds = Array.from({ length: jobs + 1 }, (_, at) => first + Math.floor((count * at) / jobs));
  return bounds
    .slice(1)
    .map((end, at) => ({ first: bounds[at] ?? first, count: end - (bounds[at] ?? first) }))
    .filter((share) => share.count > 0);
}
