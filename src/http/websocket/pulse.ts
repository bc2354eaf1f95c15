import type { WebSocket } from 'ws';

/** Whether the other end of a connection still gives signs of life. */
export class Pulse {
  readonly #ws: WebSocket;
  #heardOf = true;

  constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.on('pong', this.heard);
    ws.on('message', this.heard);
  }

  /** Asks for a sign of life; who has given none since it was last asked is gone. */
  check(): void {
    if (!this.#heardOf) {
      this.#ws.terminate();
      return;
    }
    this.#heardOf = false;
    this.#ws.ping();
  }

  /** It gave one; or this process stood still itself, and cannot tell who has answered. */
  readonly heard = (): void => {
    this.#heardOf = true;
  };
}
