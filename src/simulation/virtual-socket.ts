import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { linkSocketOf } from '../actors/join-socket.ts';
import type { LinkSocket } from '../actors/link-socket.ts';
import type { Owner, VirtualTime } from './virtual-time.ts';

/** What goes over a wire, as far as the two ends of a WebSocket can tell it apart. */
type Packet =
  | { readonly is: 'connect' }
  | { readonly is: 'accepted' }
  | { readonly is: 'text'; readonly text: string; readonly bytes: number }
  | { readonly is: 'ping' | 'pong' }
  | { readonly is: 'close'; readonly code: number; readonly reason: string }
  /** The connection beneath has ended without a word, or was refused. */
  | { readonly is: 'gone'; readonly why: string };

/** A frame of the network itself: a ping, or the head of a longer one. */
const packetBytes = 6;
/** How long an end waits for the answer to its close before it hangs up. */
const closeMsMax = 500;
/** With which a WebSocket closes when a frame is larger than allowed, and when there was no word at all. */
const tooLargeCode = 1009;
const wordlessCode = 1006;

/** One direction of a wire. It keeps the order of what is sent, may stand still for a while, or lose all from now on. */
class Lane {
  readonly #wire: Wire;
  readonly #to: () => VirtualSocket;
  #queue: { readonly packet: Packet; readonly dueMs: number }[] = [];
  #isArmed = false;
  isLost = false;
  heldUntilMs = 0;

  constructor(wire: Wire, to: () => VirtualSocket) {
    this.#wire = wire;
    this.#to = to;
  }

  /** Bytes that wait for the network. */
  get heldBytes(): number {
    if (this.heldUntilMs <= this.#wire.time.elapsedMs) return 0;
    return this.#queue.reduce((sum, { packet }) => sum + bytesOf(packet), 0);
  }

  send(packet: Packet): void {
    if (this.isLost) return;
    this.#queue.push({ packet, dueMs: this.#wire.time.elapsedMs + this.#wire.latencyMs });
    this.#arm();
  }

  /** Each arrival is a timer of the network: the receiver may be dead, or stand still. */
  #arm(): void {
    const [first] = this.#queue;
    if (first === undefined || this.#isArmed) return;
    this.#isArmed = true;
    const nowMs = this.#wire.time.elapsedMs;
    const dueMs = Math.max(first.dueMs, this.heldUntilMs, this.#to().owner.asleepUntilMs);
    this.#wire.clock.setTimeout(() => this.#deliver(), Math.max(0, dueMs - nowMs));
  }

  #deliver(): void {
    this.#isArmed = false;
    const nowMs = this.#wire.time.elapsedMs;
    const to = this.#to();
    if (this.isLost || to.owner.isDead) this.#queue = [];
    while (!this.isLost && Math.max(this.heldUntilMs, to.owner.asleepUntilMs) <= nowMs) {
      const [first] = this.#queue;
      if (first === undefined || first.dueMs > nowMs) break;
      this.#queue.shift();
      to.receive(first.packet);
    }
    this.#arm();
  }
}

/** One connection, from its first packet on: two ends, and a lane in each direction. */
export class Wire {
  readonly time: VirtualTime;
  readonly clock: ReturnType<VirtualTime['clockOf']>;
  readonly latencyMs: number;
  readonly worker: VirtualSocket;
  readonly pool: VirtualSocket;
  readonly toPool: Lane;
  readonly toWorker: Lane;

  constructor(ports: WirePorts) {
    this.time = ports.time;
    this.clock = ports.time.clockOf(ports.networkOwner);
    this.latencyMs = ports.latencyMs;
    this.toPool = new Lane(this, () => this.pool);
    this.toWorker = new Lane(this, () => this.worker);
    this.worker = new VirtualSocket(this, this.toPool, ports.workerOwner, ports.toWorkerBytesMax);
    this.pool = new VirtualSocket(this, this.toWorker, ports.listeningOwner, ports.toPoolBytesMax);
    this.pool.onConnect = () => ports.onConnect(this);
  }

  get isOver(): boolean {
    return this.worker.isOver && this.pool.isOver;
  }

  connect(): void {
    this.toPool.send({ is: 'connect' });
  }

  /** Nothing arrives for a while, and then all of it. */
  hold(untilMs: number): void {
    this.toPool.heldUntilMs = Math.max(this.toPool.heldUntilMs, untilMs);
    this.toWorker.heldUntilMs = Math.max(this.toWorker.heldUntilMs, untilMs);
  }

  /** Both ends find the connection broken. */
  cut(): void {
    this.toPool.send({ is: 'gone', why: '' });
    this.toWorker.send({ is: 'gone', why: '' });
  }
}

export interface WirePorts {
  readonly time: VirtualTime;
  readonly networkOwner: Owner;
  readonly workerOwner: Owner;
  /** Whoever listens at the port of the pool. */
  readonly listeningOwner: Owner;
  readonly latencyMs: number;
  readonly toPoolBytesMax: number;
  readonly toWorkerBytesMax: number;
  /** The first packet has arrived where the pool listens; it is accepted or refused in the same turn. */
  readonly onConnect: (wire: Wire) => void;
}

/** One end of a wire, as the little of a `ws` that links use: what they make of it is the real code. */
export class VirtualSocket extends EventEmitter {
  readyState: number = WebSocket.CONNECTING;
  bytesRead = 0;
  owner: Owner;
  onConnect: () => void = () => undefined;
  readonly #wire: Wire;
  readonly #out: Lane;
  readonly #bytesMax: number;
  #closing: unknown;
  /** A frame was too large: nothing is read after it. */
  #isDeaf = false;

  constructor(wire: Wire, out: Lane, owner: Owner, bytesMax: number) {
    super();
    this.#wire = wire;
    this.#out = out;
    this.owner = owner;
    this.#bytesMax = bytesMax;
  }

  get isOver(): boolean {
    return this.readyState === WebSocket.CLOSED || this.owner.isDead;
  }

  get bufferedAmount(): number {
    return this.#out.heldBytes;
  }

  /** As `join-socket.ts` makes it of a real one. */
  asLink(heartbeatMs: number): LinkSocket {
    const clock = this.#wire.time.clockOf(this.owner);
    const ws = this as unknown as WebSocket;
    return linkSocketOf(ws, () => this as unknown as Duplex, { clock, heartbeatMs });
  }

  /** The pool takes the connection. */
  accept(owner: Owner): void {
    this.owner = owner;
    this.readyState = WebSocket.OPEN;
    this.#out.send({ is: 'accepted' });
  }

  /** Nobody listens there. */
  refuse(): void {
    this.readyState = WebSocket.CLOSED;
    this.#out.send({ is: 'gone', why: 'ECONNREFUSED' });
  }

  send(text: string): void {
    this.sendSized(text, text.length);
  }

  /** `bytes`: what the frame counts for, where it is not worth while to make one that is so large. */
  sendSized(text: string, bytes: number): void {
    if (this.readyState === WebSocket.OPEN) this.#out.send({ is: 'text', text, bytes });
  }

  ping(): void {
    if (this.readyState === WebSocket.OPEN) this.#out.send({ is: 'ping' });
  }

  close(code: number, reason: string): void {
    if (this.readyState !== WebSocket.OPEN) return;
    this.readyState = WebSocket.CLOSING;
    this.#out.send({ is: 'close', code, reason });
    this.#closing = this.#wire.clock.setTimeout(() => this.terminate(), closeMsMax);
  }

  terminate(): void {
    if (this.readyState === WebSocket.CLOSED) return;
    this.#out.send({ is: 'gone', why: '' });
    this.#end(wordlessCode, '');
  }

  /** Its process has died, and the kernel closes for it. */
  abandon(): void {
    if (this.readyState !== WebSocket.CLOSED) this.#out.send({ is: 'gone', why: '' });
    this.readyState = WebSocket.CLOSED;
  }

  receive(packet: Packet): void {
    if (packet.is === 'connect') {
      this.onConnect();
      return;
    }
    if (this.readyState === WebSocket.CLOSED) return;
    this.bytesRead += bytesOf(packet);
    switch (packet.is) {
      case 'accepted':
        this.readyState = WebSocket.OPEN;
        this.emit('open');
        return;
      case 'text':
        this.#read(packet.text, packet.bytes);
        return;
      case 'ping':
        this.#out.send({ is: 'pong' });
        return;
      case 'pong':
        return;
      case 'close':
        if (this.readyState === WebSocket.OPEN) this.#out.send(packet);
        this.#end(packet.code, packet.reason);
        return;
      case 'gone':
        if (packet.why !== '') this.emit('error', Object.assign(new Error(packet.why), { code: packet.why }));
        this.#end(wordlessCode, '');
    }
  }

  #read(text: string, bytes: number): void {
    if (this.#isDeaf) return;
    if (bytes <= this.#bytesMax) {
      this.emit('message', text, false);
      return;
    }
    this.#isDeaf = true;
    this.emit('error', new RangeError('Max payload size exceeded'));
    this.close(tooLargeCode, '');
  }

  /** Who listens hears of it at the end of the turn, as with a real one. */
  #end(code: number, reason: string): void {
    this.readyState = WebSocket.CLOSED;
    this.#wire.clock.clearTimeout(this.#closing);
    this.#wire.time.clockOf(this.owner).defer(() => this.emit('close', code, reason));
  }
}

function bytesOf(packet: Packet): number {
  return packet.is === 'text' ? packetBytes + packet.bytes : packetBytes;
}
