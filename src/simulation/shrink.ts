import { ChosenActs } from './acts.ts';
import type { Violation } from './judge.ts';
import { type SimulationOptions, simulate } from './simulate.ts';

/** What is left of a world in which something was broken. */
export interface ShrunkWorld {
  /** Without any of them it is not broken any more, as far as was tried. In the order in which they came. */
  readonly acts: readonly string[];
  /** How many came in the whole world until then. */
  readonly of: number;
  /** What these acts break: the same invariant as all of them. */
  readonly violation: Violation;
  /** Worlds that were tried. */
  readonly runs: number;
}

/**
 * Leaves out acts of clients, operators and the weather as long as the same invariant is still broken: halves first, then
 * ever smaller parts (delta debugging, Zeller and Hildebrandt 2002). The rest of chance stays as it is, since each draw
 * depends on its own name alone.
 *
 * @param runsMax worlds that are tried at most
 * @param onRun told after each of them how many there were, and how many acts are left
 * @returns `undefined` when nothing is broken
 */
export async function shrink(
  world: SimulationOptions,
  runsMax: number,
  onRun: (so: { readonly runs: number; readonly acts: number }) => void = () => undefined,
): Promise<ShrunkWorld | undefined> {
  const whole = await run(world);
  if (whole.violation === undefined) return undefined;
  const { invariant } = whole.violation;
  let { violation } = whole;
  let acts = whole.came;
  let runs = 1;
  let size = Math.ceil(acts.length / 2);
  while (size >= 1 && runs < runsMax) {
    let isSmaller = false;
    // From the end: what came last is the least likely to have led to the rest.
    for (let end = acts.length; end > 0 && runs < runsMax; end -= size) {
      const kept = [...acts.slice(0, Math.max(0, end - size)), ...acts.slice(end)];
      const tried = await run(world, kept);
      runs += 1;
      onRun({ runs, acts: acts.length });
      if (tried.violation?.invariant !== invariant) continue;
      ({ violation } = tried);
      acts = tried.came;
      isSmaller = true;
      end = Math.min(end, acts.length + size);
    }
    if (size === 1 && !isSmaller) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return { acts, of: whole.came.length, violation, runs };
}

async function run(
  world: SimulationOptions,
  chosen?: readonly string[],
): Promise<{ readonly came: readonly string[]; readonly violation: Violation | undefined }> {
  const acts = new ChosenActs(chosen === undefined ? undefined : new Set(chosen));
  const violation = await simulate({ ...world, acts, stopsAtViolation: true }).then(
    ({ verdict }) => verdict.violations[0],
    // A world that cannot go on has told as well.
    (error: unknown): Violation => ({ invariant: 'the world goes on', atMs: 0, what: String(error) }),
  );
  return { came: [...acts.came], violation };
}
