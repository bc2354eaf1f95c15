import type { Dial, DialListener, LinkSocket, SocketListener } from '../../src/actors/link-socket.ts';
import type { Refusal } from '../../src/machines/join-machine.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** One end of a connection in memory. What is sent arrives a moment later, in order, or is lost with the connection. */
export class FakeSocket implements LinkSocket {
  readonly sent: string[] = [];
  /** How this end was closed from its own side. */
  closed: { readonly code: number; readonly reason: string } | undefined;
  bufferedAmount = 0;
  peer: FakeSocket | undefined;
  readonly #network: LinkNetwork;
  #listener: SocketListener | undefined;
  #state: 'open' | 'ended' = 'open';

  constructor(network: LinkNetwork) {
    this.#network = network;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** The frames of this end so far. */
  get frames(): readonly { readonly type: string }[] {
    return this.sent.map((text) => JSON.parse(text));
  }

  listen(listener: SocketListener): void {
    this.#listener = listener;
  }

  send(text: string): void {
    if (!this.isOpen) return;
    this.sent.push(text);
    const { peer } = this;
    if (peer !== undefined) this.#network.later(() => peer.receive(text));
  }

  receive(text: string): void {
    if (!this.isOpen) return;
    this.#network.onFrame(text);
    if (this.isOpen) this.#listener?.onMessage(text);
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.closed = { code, reason };
    const { peer } = this;
    if (peer !== undefined) this.#network.later(() => peer.end(code, reason));
    this.end(code, reason);
  }

  terminate(): void {
    this.peer?.end(1006, '');
    this.end(1006, '');
  }

  /** The connection ends at this end. */
  end(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.#state = 'ended';
    this.#listener?.onClose(code, reason);
  }
}

/** A network in memory between one pool and workers, which a test can cut at any frame. */
export class LinkNetwork {
  readonly clock: VirtualClock;
  /** The pool's end of each connection, the last one last. */
  readonly poolEnds: FakeSocket[] = [];
  readonly workerEnds: FakeSocket[] = [];
  /** Who listens at the pool; nobody while it is down. */
  accept: ((socket: LinkSocket) => void) | undefined;
  /** What the next connections are answered with, instead of being taken. */
  refusal: Refusal | undefined;
  /** Told of each frame before it is delivered. */
  onFrame: (text: string) => void = () => undefined;
  readonly #latencyMs: number;

  constructor(clock: VirtualClock, latencyMs = 1) {
    this.clock = clock;
    this.#latencyMs = latencyMs;
  }

  readonly dial: Dial = (listener: DialListener) => {
    const [worker, pool] = [new FakeSocket(this), new FakeSocket(this)];
    worker.peer = pool;
    pool.peer = worker;
    worker.listen(listener);
    this.workerEnds.push(worker);
    this.later(() => {
      if (!worker.isOpen) return;
      if (this.refusal !== undefined) listener.onRefused(this.refusal);
      else if (this.accept === undefined) worker.end(1006, 'connection refused');
      else {
        this.poolEnds.push(pool);
        this.accept(pool);
        listener.onOpen();
      }
    });
    return worker;
  };

  later(act: () => void): void {
    this.clock.setTimeout(act, this.#latencyMs);
  }

  /** Both ends of all connections end, and what is on its way is lost. */
  cut(): void {
    for (const socket of this.poolEnds) socket.terminate();
  }

  get pool(): FakeSocket {
    const last = this.poolEnds.at(-1);
    if (last === undefined) throw new Error('nobody has connected yet');
    return last;
  }
}
