import type { Refusal } from '../machines/join-machine.ts';

/** One connection between a pool and a worker: the little of a WebSocket that both sides need. */
export interface LinkSocket {
  /** After the end of the connection it does nothing. */
  send(text: string): void;
  /** Ends it in order; `reason` has at most 123 bytes. */
  close(code: number, reason: string): void;
  /** Ends it at once, without a word. */
  terminate(): void;
  /** Bytes that wait for the network. */
  readonly bufferedAmount: number;
  /** Tells who hears, once; to be called in the turn in which one got the socket. */
  listen(listener: SocketListener): void;
}

export interface SocketListener {
  readonly onMessage: (text: string) => void;
  /** Called once, however it ended. 1006: without a word. */
  readonly onClose: (code: number, reason: string) => void;
}

/** Begins a connection to the pool. The listener is never called before this returns. */
export type Dial = (listener: DialListener) => LinkSocket;

export interface DialListener extends SocketListener {
  readonly onOpen: () => void;
  /** The pool answered, and does not want the connection. */
  readonly onRefused: (refusal: Refusal) => void;
}
