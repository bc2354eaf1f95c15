import type { SnapshotFrom } from 'xstate';
import type { joinMachine } from '../machines/join-machine.ts';

/** What people may want to know of a worker that joins. */
export type JoinNews =
  | { readonly kind: 'joined' }
  /** It was joined before; `running` tasks have survived the cut. */
  | { readonly kind: 'back'; readonly running: number }
  | { readonly kind: 'cut'; readonly detail: string; readonly running: number }
  /** It could not join, and tries again. Told once for each reason. */
  | { readonly kind: 'waiting'; readonly detail: string };

/** Reads the news from the chart of the connection; what is as it was is none. */
export class NewsOfJoining {
  #told: 'nothing' | 'joined' | 'cut' = 'nothing';
  /** Why it waits, as it was told last. */
  #detail: string | null = null;

  /** @param running tasks in the hands of the worker */
  of(snapshot: SnapshotFrom<typeof joinMachine>, running: number): JoinNews | undefined {
    if (snapshot.matches({ active: { link: 'joined' } })) return this.#joined(running);
    const { detail } = snapshot.context;
    if (detail === null || !snapshot.matches({ active: { link: 'waiting' } })) return undefined;
    return this.#waiting(detail, running);
  }

  #joined(running: number): JoinNews | undefined {
    const before = this.#told;
    this.#told = 'joined';
    this.#detail = null;
    switch (before) {
      case 'joined':
        return undefined;
      case 'nothing':
        return { kind: 'joined' };
      case 'cut':
        return { kind: 'back', running };
    }
  }

  #waiting(detail: string, running: number): JoinNews | undefined {
    const wasJoined = this.#told === 'joined';
    const isNew = detail !== this.#detail;
    this.#detail = detail;
    if (wasJoined) {
      this.#told = 'cut';
      return { kind: 'cut', detail, running };
    }
    return isNew ? { kind: 'waiting', detail } : undefined;
  }
}
