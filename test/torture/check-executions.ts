import { grouped } from './check-promises.ts';
import type { Violation } from './checker.ts';
import type { Fault, Generation, History } from './history.ts';

/** What a fault leads to (a result that did not get through, a lease that is found out to be lost) begins so long after it. */
const aftermathMs = 3_000;

/**
 * A model is asked twice for one task only where the first time came to nothing: it was made to fail, or a fault met it
 * while it ran or its result was on the way, which could reach the worker that had it.
 */
export function executionViolations({ generations, faults }: History): Violation[] {
  const found: Violation[] = [];
  for (const [op, asked] of grouped(generations.map((generation) => [generation.op, generation]))) {
    const inOrder = asked.toSorted((one, other) => one.begunMs - other.begunMs);
    for (const [index, second] of inOrder.entries()) {
      const first = inOrder[index - 1];
      if (first === undefined || first.end === 'broke' || isExcused(first, second, faults)) continue;
      const between = second.begunMs - first.begunMs;
      found.push({
        verdict: 'doubled',
        what: `${op} was executed by ${first.via} (${first.end}), and ${between} ms later by ${second.via}, without a fault that met it`,
      });
    }
  }
  return found;
}

function isExcused(first: Generation, second: Generation, faults: readonly Fault[]): boolean {
  const overMs = first.endedMs ?? second.begunMs;
  return faults.some(
    ({ beganMs, endedMs, reaches }) =>
      beganMs <= Math.min(overMs + aftermathMs, second.begunMs) &&
      endedMs + aftermathMs >= first.begunMs &&
      (reaches === 'all' || (reaches !== 'nobody' && reaches.includes(first.via))),
  );
}
