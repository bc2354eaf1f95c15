import type { MachineFigures } from '../../runtime/inspection-figures.ts';

export type Machines = Readonly<Record<string, MachineFigures>>;

/** A difference names what has changed, as it is now. */
export function merged(before: Machines, changes: Machines): Machines {
  const after = { ...before };
  for (const [machine, change] of Object.entries(changes)) {
    const old = before[machine];
    after[machine] =
      old === undefined
        ? change
        : {
            ...change,
            states: mergedBy(old.states, change.states, ({ state }) => state),
            edges: mergedBy(old.edges, change.edges, ({ from, to, event }) => `${from}\n${to}\n${event}`),
            kept: mergedBy(old.kept, change.kept, ({ event }) => event),
          };
  }
  return after;
}

function mergedBy<T>(before: readonly T[], changes: readonly T[], keyOf: (each: T) => string): readonly T[] {
  if (changes.length === 0) return before;
  const all = new Map(before.map((each) => [keyOf(each), each]));
  for (const each of changes) all.set(keyOf(each), each);
  return [...all.values()];
}
