import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { KoubouError } from '../../machines/errors.ts';
import { limits } from '../../machines/limits.ts';
import type { RuntimeOptions } from '../../runtime.ts';
import { errorBody } from '../error-table.ts';
import { textFrame } from './text-frame.ts';

export type DoorClock = NonNullable<RuntimeOptions['clock']>;

/** What a connection was ended for, as WebSocket numbers it. */
export const closeCodes = {
  goingAway: 1001,
  policy: 1008,
  internal: 1011,
  tryAgainLater: 1013,
} as const;

/** A reader that was told to go has this long to read so; then the connection is cut, and its backlog freed. */
const farewellMs = 2_000;

/** The sending side of one connection. A reader that does not read is cut off before its backlog grows without end. */
export class Outbox {
  readonly #ws: WebSocket;
  readonly #stream: Duplex;
  readonly #clock: DoorClock;

  constructor(ws: WebSocket, stream: Duplex, clock: DoorClock) {
    this.#ws = ws;
    this.#stream = stream;
    this.#clock = clock;
  }

  get isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN;
  }

  /** What may be sent to a reader that resumes, so that it is not cut off for that. */
  get roomBytes(): number {
    return limits.streamBacklogBytesMax / 2 - this.#stream.writableLength;
  }

  /** Sends a message that is for this reader alone; it gets a `timestamp`. */
  say(message: object): void {
    this.send(textFrame(JSON.stringify({ timestamp: this.#timestamp(), ...message })));
  }

  sayError(error: KoubouError): void {
    const { code, message } = errorBody(error).error;
    this.say({ type: 'error', code, message });
  }

  /**
   * Sends messages that were built by `textFrame`. They go past the sender of `ws`, which would build them anew for each
   * reader; nothing waits there, since no extension is agreed on.
   *
   * @param onSent called when the network has taken it, or never will
   */
  send(frames: Buffer, onSent?: () => void): void {
    if (!this.isOpen) return;
    if (this.#stream.writableLength > limits.streamBacklogBytesMax) {
      this.close(closeCodes.tryAgainLater, 'read faster, or resume with "since" and less');
      return;
    }
    this.#stream.write(frames, onSent);
  }

  /** Ends the connection in order; one that does not answer is cut. */
  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.#ws.close(code, reason);
    const timer = this.#clock.setTimeout(() => this.#ws.terminate(), farewellMs);
    this.#ws.once('close', () => this.#clock.clearTimeout(timer));
  }

  #timestamp(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}
