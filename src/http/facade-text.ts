import type { Follower } from '../runtime/following.ts';

type TextPiece = Parameters<Follower['onText']>[0];

/**
 * What a stream was told of an answer. It cannot take text back, and a task may be tried again: then the same text is
 * not told twice, and other text is not told at all.
 */
export class ToldText {
  readonly #tell: (text: string) => void;
  readonly #onBroken: () => void;
  #told = '';
  #attempt: TextPiece['assignmentId'] | undefined;
  /** Characters of this attempt that were heard. */
  #heard = 0;
  #state: 'whole' | 'silent' | 'broken' = 'whole';

  /** @param onBroken told once: the text that was told is not that of the answer */
  constructor(tell: (text: string) => void, onBroken: () => void) {
    this.#tell = tell;
    this.#onBroken = onBroken;
  }

  hear({ assignmentId, offset, text }: TextPiece): void {
    if (assignmentId !== this.#attempt) {
      this.#attempt = assignmentId;
      this.#heard = 0;
      if (this.#state === 'silent') this.#state = 'whole';
    }
    if (this.#state !== 'whole') return;
    if (offset !== this.#heard) {
      // Who comes late to a long answer misses its beginning; the output has it all in the end.
      this.#state = 'silent';
      return;
    }
    this.#heard += text.length;
    this.#goOn(text, offset);
  }

  /** The answer is complete: tells what is left of it, all of it where no text came before. */
  end(output: string): void {
    if (this.#state === 'broken') return;
    this.#goOn(output, 0);
    // An attempt that told more than it then answered, but for white space at the end.
    if (this.#told.slice(output.length).trim() !== '') this.#break();
  }

  #goOn(text: string, offset: number): void {
    const known = this.#told.slice(offset, offset + text.length);
    if (!text.startsWith(known)) {
      this.#break();
      return;
    }
    const fresh = text.slice(known.length);
    if (fresh === '') return;
    this.#told += fresh;
    this.#tell(fresh);
  }

  #break(): void {
    if (this.#state === 'broken') return;
    this.#state = 'broken';
    this.#onBroken();
  }
}
