import type { Entry } from '../db/store.ts';
import type { RecordedFact } from '../machines/facts.ts';

/**
 * What is written, by what it is for. A commit that holds several things is of several kinds; one that takes back the
 * leases of a former process is a recovery, too. The last four have transactions of their own.
 */
export type CommitKind =
  | RecordedFact['type']
  | 'accept'
  | 'accept under a key'
  | 'beat'
  | 'recovery'
  | 'start times'
  | 'workers of a start'
  | 'worker of a reload'
  | 'retention';

/** The kinds of one commit, each once. */
export function kindsOf(entries: readonly Entry[], isRecovering: boolean): ReadonlySet<CommitKind> {
  const kinds = new Set<CommitKind>();
  for (const entry of entries) {
    switch (entry.kind) {
      case 'accept':
        kinds.add(entry.idempotency === null ? 'accept' : 'accept under a key');
        break;
      case 'beat':
        kinds.add('beat');
        break;
      case 'fact': {
        const { type } = entry.fact;
        kinds.add(type);
        if (isRecovering && type === 'task.retried') kinds.add('recovery');
      }
    }
  }
  return kinds;
}

/** How often a kind was met, and how often the process ended at it. */
export interface CommitCount {
  readonly met: number;
  readonly killed: number;
}

const never: CommitCount = { met: 0, killed: 0 };

export class CommitCounts {
  readonly #counts = new Map<CommitKind, CommitCount>();

  meet(kinds: Iterable<CommitKind>): void {
    for (const kind of kinds) {
      const { met, killed } = this.of(kind);
      this.#counts.set(kind, { met: met + 1, killed });
    }
  }

  kill(kinds: Iterable<CommitKind>): void {
    for (const kind of kinds) {
      const { met, killed } = this.of(kind);
      this.#counts.set(kind, { met, killed: killed + 1 });
    }
  }

  of(kind: CommitKind): CommitCount {
    return this.#counts.get(kind) ?? never;
  }

  all(): Readonly<Record<string, CommitCount>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
