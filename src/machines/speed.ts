import type { KindMedian } from './duration-book.ts';
import type { WorkerId } from './identifiers.ts';

/** One correction at most doubles or halves a factor: what looks like more may be one bad hour. */
const stepMax = Math.log(2);

/** A factor this near to what was measured stays: the measure is no better. */
const stepMin = Math.log(1.05);

const factorMin = 0.001;
const factorMax = 1_000;

/** Rounds of the fit; a long chain of workers that have only neighbours in common needs the most. */
const roundsMax = 300;

/** The fit is done when no factor moves by more than a ten-thousandth. */
const settled = 1e-4;

/** A kind on one worker: the logarithm of its median, and how much it counts. */
interface Cell {
  readonly logMs: number;
  readonly weight: number;
}

type Kinds = ReadonlyMap<string, ReadonlyMap<WorkerId, Cell>>;

/**
 * Performance factors corrected by what was measured. Runs of one kind (model, type and length) that two or more
 * workers did say how fast these are beside each other, and nothing else does: the duration of a run is taken as that
 * of its kind divided by the factor of its worker, and both are fitted in turn on the logarithms. Medians make it
 * robust: of the runs of a kind on a worker, and of the kinds of a worker.
 *
 * Of workers that can be compared the geometric mean of the factors stays what it was, but for corrections that are
 * too small to be made: within 5 % a factor stays. None changes by more than a factor of 2 at a time; where one would,
 * all that are compared with it go the same part of their way.
 *
 * @param medians of kinds with enough runs (`DurationBook.medians`)
 * @param factors of all workers, above 0
 * @returns factors of the same workers, between 0.001 and 1,000
 */
export function adjustedFactors(
  medians: Iterable<KindMedian>,
  factors: ReadonlyMap<WorkerId, number>,
): Map<WorkerId, number> {
  const adjusted = new Map(factors);
  const kinds = comparable(medians, factors);
  const speeds = fitSpeeds(kinds, factors);
  for (const group of groupsOf(kinds)) {
    const moves = new Map(
      group.map((worker) => [worker, (speeds.get(worker) ?? 0) - Math.log(factors.get(worker) ?? 1)]),
    );
    const shift = [...moves.values()].reduce((sum, move) => sum + move, 0) / group.length;
    const longest = Math.max(...[...moves.values()].map((move) => Math.abs(move - shift)));
    const part = Math.min(1, stepMax / longest);
    for (const [worker, move] of moves) {
      const step = (move - shift) * part;
      if (Math.abs(step) <= stepMin) continue;
      // The last digits of `exp` differ from one Node to the next.
      const factor = Number(((factors.get(worker) ?? 1) * Math.exp(step)).toPrecision(12));
      adjusted.set(worker, Math.min(Math.max(factor, factorMin), factorMax));
    }
  }
  return adjusted;
}

/** Kinds that at least two of the workers did. */
function comparable(medians: Iterable<KindMedian>, factors: ReadonlyMap<WorkerId, number>): Kinds {
  const kinds = new Map<string, Map<WorkerId, Cell>>();
  for (const { kind, workerId, p50Ms, runs } of medians) {
    if (!factors.has(workerId)) continue;
    let cells = kinds.get(kind);
    if (cells === undefined) {
      cells = new Map();
      kinds.set(kind, cells);
    }
    cells.set(workerId, { logMs: Math.log(p50Ms), weight: runs });
  }
  for (const [kind, cells] of kinds) if (cells.size < 2) kinds.delete(kind);
  return kinds;
}

/** Logarithms of the speeds, up to a shift that is the same for all that can be compared. */
function fitSpeeds(kinds: Kinds, factors: ReadonlyMap<WorkerId, number>): ReadonlyMap<WorkerId, number> {
  const speeds = new Map<WorkerId, number>();
  const byWorker = new Map<WorkerId, { readonly kind: string; readonly cell: Cell }[]>();
  for (const [kind, cells] of kinds) {
    for (const [worker, cell] of cells) {
      speeds.set(worker, Math.log(factors.get(worker) ?? 1));
      const own = byWorker.get(worker);
      if (own === undefined) byWorker.set(worker, [{ kind, cell }]);
      else own.push({ kind, cell });
    }
  }
  for (let round = 0, moved = Number.POSITIVE_INFINITY; round < roundsMax && moved > settled; round += 1) {
    const works = new Map([...kinds].map(([kind, cells]) => [kind, workOf(cells, speeds)]));
    moved = 0;
    for (const [worker, cells] of byWorker) {
      const speed = weightedMedian(
        cells.map(({ kind, cell }) => ({ value: (works.get(kind) ?? 0) - cell.logMs, weight: cell.weight })),
      );
      moved = Math.max(moved, Math.abs(speed - (speeds.get(worker) ?? 0)));
      speeds.set(worker, speed);
    }
  }
  return speeds;
}

/** What a kind takes at factor 1, by all who did it. */
function workOf(cells: ReadonlyMap<WorkerId, Cell>, speeds: ReadonlyMap<WorkerId, number>): number {
  let sum = 0;
  let weights = 0;
  for (const [worker, { logMs, weight }] of cells) {
    sum += weight * (logMs + (speeds.get(worker) ?? 0));
    weights += weight;
  }
  return sum / weights;
}

/** Where half of the weight lies below; between two values, when it lies there. */
function weightedMedian(values: { readonly value: number; readonly weight: number }[]): number {
  values.sort((a, b) => a.value - b.value);
  const half = values.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let below = 0;
  for (const [at, { value, weight }] of values.entries()) {
    below += weight;
    if (below > half) return value;
    if (below === half) return (value + (values[at + 1]?.value ?? value)) / 2;
  }
  return 0;
}

/** Workers that are compared with each other, directly or by others between them. */
function groupsOf(kinds: Kinds): readonly (readonly WorkerId[])[] {
  const groupOf = new Map<WorkerId, Set<WorkerId>>();
  for (const cells of kinds.values()) {
    const joined = new Set(cells.keys());
    for (const worker of cells.keys()) for (const mate of groupOf.get(worker) ?? []) joined.add(mate);
    for (const worker of joined) groupOf.set(worker, joined);
  }
  return [...new Set(groupOf.values())].map((group) => [...group]);
}
