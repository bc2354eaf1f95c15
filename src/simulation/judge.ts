import type { Ledger } from './ledger.ts';
import type { WorldEvent } from './world-events.ts';

/** Something that must hold, whatever happens. */
export interface Invariant {
  readonly name: string;
  /** What must hold, in one sentence. */
  readonly doc: string;
  /**
   * Watches one world. Sees each event with the ledger as it was before it; says in one sentence what was broken by it,
   * or nothing.
   */
  readonly watch: (ledger: Ledger) => (event: WorldEvent, nowMs: number) => string | undefined;
}

export interface Violation {
  readonly invariant: string;
  readonly atMs: number;
  readonly what: string;
}

/** So many are kept of each invariant; the first says the most. */
const violationsMax = 5;

/** Holds all that happens against the invariants, while it happens. */
export class Judge {
  readonly violations: Violation[] = [];
  readonly ledger: Ledger;
  readonly #counts = new Map<string, number>();
  readonly #watches: readonly { name: string; check: ReturnType<Invariant['watch']> }[];

  constructor(ledger: Ledger, invariants: readonly Invariant[]) {
    this.ledger = ledger;
    this.#watches = invariants.map(({ name, watch }) => ({ name, check: watch(ledger) }));
  }

  hear(event: WorldEvent, nowMs: number): void {
    for (const { name, check } of this.#watches) {
      const what = check(event, nowMs);
      if (what === undefined) continue;
      const count = (this.#counts.get(name) ?? 0) + 1;
      this.#counts.set(name, count);
      if (count <= violationsMax) this.violations.push({ invariant: name, atMs: nowMs, what });
    }
    this.ledger.apply(event, nowMs);
  }
}
