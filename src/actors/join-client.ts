import { type Actor, createActor, type SnapshotFrom } from 'xstate';
import type { WorkerId } from '../machines/identifiers.ts';
import { joinMachine, type Refusal } from '../machines/join-machine.ts';
import { linkLimits } from '../machines/link-limits.ts';
import type { Sighting } from '../machines/sighting.ts';
import { withAnswerFormat } from './answer-format.ts';
import { AnswerSchemas } from './answer-schemas.ts';
import type { Clock } from './clock.ts';
import type { Backend } from './execution.ts';
import { HeldLeases } from './held-leases.ts';
import { type JoinNews, NewsOfJoining } from './join-news.ts';
import type { Dial, LinkSocket } from './link-socket.ts';
import { LocalSight } from './local-sight.ts';
import type { Random } from './random.ts';
import { announcedKinds } from './wire-requests.ts';
import { jobOf } from './wire-values.ts';
import {
  closeCodes,
  type FrameToPool,
  type FrameToWorker,
  protocolVersion,
  type RefusalCode,
  readFrameToWorker,
  type Welcome,
} from './worker-protocol.ts';

/** What a worker says of itself. */
export interface Announced {
  readonly workerId: WorkerId;
  readonly slots: number;
  /** Models that it takes tasks for; `null` for all that its server has. */
  readonly models: readonly string[] | null;
  readonly capabilities: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly performanceFactor: number;
}

export interface JoinClientOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly dial: Dial;
  readonly backend: Backend;
  /** Looks at the server that generates; rejects with the reason when it does not answer. */
  readonly look: (signal: AbortSignal) => Promise<Sighting>;
  readonly announced: Announced;
  /** Names this process; another one is another instance. */
  readonly instance: string;
  readonly drainGraceMs: number;
  readonly onNews: (news: JoinNews) => void;
  /** A bug of the backend. */
  readonly onFault: (error: unknown) => void;
}

export type JoinEnding =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

type Snapshot = SnapshotFrom<typeof joinMachine>;

const finalCodes: Record<RefusalCode, boolean> = {
  protocol: true,
  name_conflict: true,
  name_taken: false,
  unavailable: false,
};

/** The worker's side of the link: joins a pool, does what it is handed, and comes back after a cut with all it holds. */
export class JoinClient {
  /** Resolves when it has been refused for good, or stopped. */
  readonly ended: Promise<JoinEnding>;
  readonly #options: JoinClientOptions;
  readonly #held: HeldLeases;
  readonly #sight: LocalSight;
  readonly #news = new NewsOfJoining();
  readonly #actor: Actor<typeof joinMachine>;
  #socket: LinkSocket | undefined;
  #beatTimer: unknown;
  #pumpTimer: unknown;

  constructor(options: JoinClientOptions) {
    const { clock, backend, announced, look, onFault } = options;
    this.#options = options;
    this.#held = new HeldLeases({
      clock,
      // Here, where the model can be talked to under one and the same lease.
      backend: withAnswerFormat(backend, { schemas: new AnswerSchemas() }),
      slots: announced.slots,
      onNews: () => this.#onWork(),
      onFault,
    });
    this.#sight = new LocalSight({ clock, look, models: announced.models });
    const logic = joinMachine.provide({
      actions: {
        connect: () => this.#connect(),
        greet: () => this.#greet(),
        hangUp: () => this.#lose('the pool does not answer'),
        sayGoodbye: () => this.#sayGoodbye(),
      },
    });
    this.#actor = createActor(logic, { clock, input: { drainGraceMs: options.drainGraceMs } });
    this.ended = new Promise((resolve) => {
      this.#actor.subscribe((snapshot) => {
        if (snapshot.status === 'active') this.#tell(snapshot);
        else resolve(this.#end(snapshot));
      });
    });
  }

  /** Looks at its server, so that it can say what it has, and connects. */
  async start(): Promise<void> {
    await this.#sight.refresh(linkLimits.cutGraceMs);
    this.#actor.start();
  }

  /** Takes nothing more, lets what runs end within the grace, hands the rest back. */
  stop(): void {
    this.#actor.send({ type: 'join.stop' });
    this.#checkDrained();
  }

  /** Ends at once; the pool gives what ran to others. */
  kill(): void {
    this.#actor.send({ type: 'join.kill' });
  }

  #connect(): void {
    const socket = this.#options.dial({
      onOpen: () => this.#of(socket, () => this.#actor.send({ type: 'link.opened' })),
      onRefused: (refusal) => this.#of(socket, () => this.#refuse(refusal)),
      onMessage: (raw) => this.#of(socket, () => this.#read(raw)),
      onClose: (code, reason) => this.#of(socket, () => this.#closed(code, reason)),
    });
    this.#socket = socket;
  }

  /** What a connection says that is not the current one any more is no news. */
  #of(socket: LinkSocket, act: () => void): void {
    if (socket === this.#socket) act();
  }

  #greet(): void {
    const { announced, instance } = this.#options;
    this.#send({
      type: 'hello',
      protocol: protocolVersion,
      worker_id: announced.workerId,
      instance,
      slots: announced.slots,
      models: this.#sight.names,
      capabilities: [...announced.capabilities],
      labels: announced.labels,
      performance_factor: announced.performanceFactor,
      requests: [...announcedKinds],
      ...this.#held.summary,
    });
  }

  #read(raw: string): void {
    const read = readFrameToWorker(raw);
    if ('frame' in read) {
      this.#hear(read.frame);
      return;
    }
    this.#send({ type: 'error', code: 'bad_frame', message: `that is no frame: ${read.fault}` });
    this.#lose(`the pool sent what is no frame: ${read.fault}`, closeCodes.badFrame);
  }

  #hear(frame: FrameToWorker): void {
    switch (frame.type) {
      case 'welcome':
        this.#welcomed(frame);
        return;
      case 'run':
        this.#held.take(jobOf(frame.job));
        return;
      case 'resume':
        this.#held.resume(frame.assignment_id, frame.offset);
        this.#pump();
        return;
      case 'stop':
        this.#held.stop(frame.assignment_id);
        return;
      case 'ack':
        this.#held.acknowledge(frame.assignment_id);
        return;
      case 'refused': {
        const { code, message } = frame;
        this.#refuse({ code, message, isFinal: finalCodes[code], retryAfterMs: 0 });
        return;
      }
      case 'error':
        this.#lose(`the pool complains: ${frame.message}`, closeCodes.goingAway);
        return;
    }
  }

  #welcomed(welcome: Welcome): void {
    if (!this.#isIn('greeting')) return;
    this.#held.reconcile(welcome);
    this.#actor.send({ type: 'link.welcomed' });
    if (this.#actor.getSnapshot().matches({ active: { work: 'draining' } })) this.#sayGoodbye();
    this.#beat(welcome.heartbeat_ms);
    this.#pump();
  }

  #beat(heartbeatMs: number): void {
    const { models, residents, fault } = this.#sight.report;
    this.#send({
      type: 'beat',
      leases: this.#held.ids.slice(0, linkLimits.leasesMax),
      models,
      residents,
      fault,
    });
    // A beat never waits for the server: it tells of the look before.
    void this.#sight.refresh(heartbeatMs);
    this.#beatTimer = this.#options.clock.setTimeout(() => this.#beat(heartbeatMs), heartbeatMs);
  }

  #sayGoodbye(): void {
    this.#held.leave();
    if (this.#isIn('joined')) this.#send({ type: 'goodbye' });
  }

  #onWork(): void {
    this.#pump();
    this.#checkDrained();
  }

  #checkDrained(): void {
    if (this.#held.size === 0) this.#actor.send({ type: 'join.drained' });
  }

  /** Sends what there is to say of the leases, as far as the network takes it. */
  #pump(): void {
    this.#options.clock.clearTimeout(this.#pumpTimer);
    this.#pumpTimer = undefined;
    const socket = this.#socket;
    if (socket === undefined || !this.#isIn('joined')) return;
    while (socket.bufferedAmount <= linkLimits.sendAheadBytesMax) {
      const frame = this.#held.nextFrame();
      if (frame === undefined) return;
      this.#send(frame);
    }
    this.#pumpTimer = this.#options.clock.setTimeout(() => this.#pump(), linkLimits.sendAgainMs);
  }

  #send(frame: FrameToPool): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  #refuse(refusal: Refusal): void {
    this.#dropSocket(closeCodes.goingAway);
    this.#actor.send({ type: 'link.refused', refusal, draw: this.#draw() });
  }

  #closed(code: number, reason: string): void {
    this.#lose(`the connection was closed (${reason === '' ? code : `${code}: ${reason}`})`);
  }

  /** There is no link any more. */
  #lose(detail: string, code: number = closeCodes.goingAway): void {
    this.#dropSocket(code);
    this.#actor.send({ type: 'link.cut', detail, draw: this.#draw() });
  }

  #dropSocket(code: number): void {
    const { clock } = this.#options;
    clock.clearTimeout(this.#beatTimer);
    clock.clearTimeout(this.#pumpTimer);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(code, '');
  }

  #draw(): number {
    return this.#options.random.draw('reconnect', this.#options.announced.workerId);
  }

  #isIn(state: 'connecting' | 'greeting' | 'joined' | 'waiting'): boolean {
    return this.#actor.getSnapshot().matches({ active: { link: state } });
  }

  #tell(snapshot: Snapshot): void {
    const news = this.#news.of(snapshot, this.#held.size);
    if (news !== undefined) this.#options.onNews(news);
  }

  #end({ value, context: { refusal } }: Snapshot): JoinEnding {
    const wasRefused = value === 'refused' && refusal !== null;
    // What still runs is handed back, and said so on the link while there is one.
    this.#held.releaseAll();
    for (let frame = this.#held.nextFrame(); frame !== undefined; frame = this.#held.nextFrame()) {
      if (frame.type === 'settled') this.#send(frame);
    }
    this.#dropSocket(closeCodes.goingAway);
    return wasRefused ? { kind: 'refused', refusal } : { kind: 'stopped' };
  }
}
