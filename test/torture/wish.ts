import type { Chance } from './chance.ts';
import type { Door } from './history.ts';
import { promptOf } from './work.ts';

/** What a client is about to ask for, and what it does then. */
export interface Wish {
  readonly op: string;
  readonly door: Door;
  readonly prompt: string;
  readonly priority: number;
  /** Under which the request is sent again when no answer came; null for one that is sent once. */
  readonly key: string | null;
  /** Whether the answer to the request brings the ending, where a door leaves the choice. */
  readonly sync: boolean;
  readonly isStreamed: boolean;
  /** What comes after an acknowledgement. */
  readonly after: 'look' | 'follow' | 'cancel' | 'leave';
  readonly cancelAfterMs: number;
}

export function wishOf(chance: Chance, door: Door, client: string, turn: number): Wish {
  const op = `${client}-${turn}`;
  const draw = (name: string) => chance.draw(`${op} ${name}`);
  const work = {
    op,
    pieces: chance.whole(3, 12, `${op} pieces`),
    paceMs: chance.whole(5, 40, `${op} pace`),
    trouble: draw('trouble') < 0.04 ? 'error' : draw('trouble') < 0.06 ? 'cut' : 'none',
  } as const;
  return {
    op,
    door,
    prompt: promptOf(work),
    priority: chance.whole(1, 10, `${op} priority`),
    key: draw('key') < 0.6 ? `key-${chance.seed}-${op}` : null,
    sync: draw('sync') < 0.5,
    isStreamed: draw('streamed') < 0.5,
    after:
      draw('after') < 0.08
        ? 'cancel'
        : draw('after') < 0.3
          ? 'follow'
          : draw('after') < 0.9
            ? 'look'
            : 'leave',
    cancelAfterMs: chance.between(0, 400, `${op} cancel`),
  };
}
