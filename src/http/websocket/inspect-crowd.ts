/** Somebody who watches. */
export interface InspectReader {
  /** Whether it has read what it was sent, but for what may well be on its way. */
  readonly hasRoom: boolean;
  readonly send: (frame: Buffer) => void;
}

/**
 * All who watch the same. Who reads too slowly is told nothing more until it has read, and then how things stand: what was
 * in between is not kept for it.
 */
export class InspectCrowd<R extends InspectReader> {
  readonly #readers = new Map<R, 'live' | 'behind'>();

  get size(): number {
    return this.#readers.size;
  }

  /** Whether somebody is to be looked after by {@link catchUp}. */
  get isBehind(): boolean {
    for (const pace of this.#readers.values()) if (pace === 'behind') return true;
    return false;
  }

  /** Takes in somebody who knows how things stand now. */
  add(reader: R): void {
    this.#readers.set(reader, 'live');
  }

  remove(reader: R): void {
    this.#readers.delete(reader);
  }

  /** Tells what has changed. */
  tell(frame: Buffer): void {
    for (const [reader, pace] of this.#readers) {
      if (pace === 'behind') continue;
      if (reader.hasRoom) reader.send(frame);
      else this.#readers.set(reader, 'behind');
    }
  }

  /** Tells how things stand to those who had fallen behind and have read. @param fresh is asked once, if at all */
  catchUp(fresh: () => Buffer | undefined): void {
    let frame: Buffer | undefined;
    for (const [reader, pace] of this.#readers) {
      if (pace === 'live' || !reader.hasRoom) continue;
      frame ??= fresh();
      if (frame === undefined) return;
      reader.send(frame);
      this.#readers.set(reader, 'live');
    }
  }

  /** Tells the last thing there is to tell, to everybody. @returns who they were */
  dismiss(frame: Buffer): readonly R[] {
    const readers = [...this.#readers.keys()];
    this.#readers.clear();
    for (const reader of readers) reader.send(frame);
    return readers;
  }
}
