import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { limits } from '../../machines/limits.ts';
import { eventOfFact } from '../../runtime/history.ts';
import type { Runtime } from '../../runtime.ts';
import { type Channel, channels } from './commands.ts';
import { type EventFrame, framesOf, Parcel, type Wrapping } from './event-frames.ts';
import { Glance } from './glance.ts';
import { InspectDesk } from './inspect-desk.ts';
import { StatelyWatcher } from './inspect-stately-watcher.ts';
import { closeCodes, type DoorClock } from './outbox.ts';
import { Resumption } from './resumption.ts';
import { textFrame } from './text-frame.ts';
import { Watcher, type WatcherPorts } from './watcher.ts';

/** How long facts are collected for those who want several in one frame, in ms. */
const batchMs = 50;
/** The original sent its statistics as often; in ms. */
const statsMs = 5_000;
/** A connection on which nothing came for so long after a ping is taken for dead, in ms. */
const pingMs = 30_000;

type Committed = Parameters<Parameters<Runtime['stream']['subscribe']>[0]>[0];

export interface AudiencePorts {
  readonly runtime: Runtime;
  readonly clock: DoorClock;
  readonly log: WatcherPorts['log'];
}

/**
 * All who watch. What happens is encoded once, at the end of each turn of the event loop, whoever is to hear it; there
 * is one timer for all, and none while nobody watches.
 */
export class Audience {
  readonly #ports: AudiencePorts;
  readonly #watcherPorts: WatcherPorts;
  readonly #glance: Glance;
  readonly #watchers = new Set<Watcher>();
  readonly #tools = new Set<StatelyWatcher>();
  readonly #timers = new Map<() => void, unknown>();
  #unsubscribe: () => void = () => undefined;
  #turn: Committed[] = [];
  #batch: EventFrame[] = [];
  #statuses: ReadonlyMap<string, string> | undefined;

  constructor(ports: AudiencePorts) {
    const { runtime, clock, log } = ports;
    this.#ports = ports;
    this.#glance = new Glance(runtime, clock);
    this.#watcherPorts = {
      runtime,
      clock,
      log,
      resumption: new Resumption(clock),
      statusOf: this.#statusOf,
      desk: new InspectDesk(runtime.inspection, clock),
      look: () => this.#glance.take(),
      connections: () => this.#size,
    };
  }

  /** Takes in a client, and shows it the pool. */
  enter(ws: WebSocket, stream: Duplex): void {
    const watcher = new Watcher(ws, stream, this.#watcherPorts);
    this.#seat(watcher, this.#watchers, ws);
    watcher.greet();
  }

  /** Takes in a tool that reads the messages of `@statelyai/inspect`: it is shown actors, and nothing else. */
  enterTool(ws: WebSocket, stream: Duplex, actors: readonly string[]): void {
    const { desk, clock } = this.#watcherPorts;
    const tool = new StatelyWatcher(ws, stream, { desk, clock, actors });
    this.#seat(tool, this.#tools, ws);
    tool.look();
  }

  get #size(): number {
    return this.#watchers.size + this.#tools.size;
  }

  #seat<W>(watcher: W, among: Set<W>, ws: WebSocket): void {
    if (this.#size === 0) this.#open();
    among.add(watcher);
    ws.on('close', () => {
      among.delete(watcher);
      if (this.#size === 0) this.#close();
    });
  }

  #open(): void {
    this.#unsubscribe = this.#ports.runtime.stream.subscribe(this.#hear);
    this.#every(statsMs, this.#tellStats);
    this.#every(pingMs, this.#checkAll);
  }

  #close(): void {
    this.#unsubscribe();
    this.#turn = [];
    this.#batch = [];
    for (const timer of this.#timers.values()) this.#ports.clock.clearTimeout(timer);
    this.#timers.clear();
  }

  readonly #hear = (committed: Committed): void => {
    this.#turn.push(committed);
    if (this.#turn.length === 1) this.#ports.clock.defer(this.#tell);
  };

  readonly #tell = (): void => {
    const facts = this.#turn;
    this.#turn = [];
    const wanted = this.#wanted();
    const frames: EventFrame[] = [];
    if (wanted.size > 0) {
      for (const fact of facts) frames.push(...framesOf(eventOfFact(fact), wanted, this.#statusOf));
    }
    if (frames.length > 0) {
      this.#tellAll(frames, 'single');
      this.#collect(frames);
    }
    if (facts.some(({ fact }) => fact.type === 'pool.stopped')) this.#dismiss();
  };

  /** Nothing more will happen here: all go, and find the next server at this place. */
  #dismiss(): void {
    this.#tellBatch();
    for (const { outbox } of [...this.#watchers, ...this.#tools]) {
      outbox.close(closeCodes.goingAway, 'the server stops');
    }
  }

  #wanted(): ReadonlySet<Channel> {
    const wanted = new Set<Channel>();
    for (const { feed } of this.#watchers) {
      for (const channel of channels) if (feed.hears(channel)) wanted.add(channel);
      if (wanted.size === channels.length) return wanted;
    }
    return wanted;
  }

  #collect(frames: readonly EventFrame[]): void {
    if (this.#batch.length === 0 && !this.#isBatched()) return;
    this.#batch.push(...frames);
    if (this.#batch.length >= limits.batchEventsMax) this.#tellBatch();
    else if (!this.#timers.has(this.#tellBatch)) this.#after(batchMs, this.#tellBatch);
  }

  #isBatched(): boolean {
    for (const { feed } of this.#watchers) if (feed.isBatched) return true;
    return false;
  }

  readonly #tellBatch = (): void => {
    this.#ports.clock.clearTimeout(this.#timers.get(this.#tellBatch));
    this.#timers.delete(this.#tellBatch);
    const frames = this.#batch;
    this.#batch = [];
    for (let from = 0; from < frames.length; from += limits.batchEventsMax) {
      this.#tellAll(frames.slice(from, from + limits.batchEventsMax), 'batch');
    }
  };

  #tellAll(frames: readonly EventFrame[], wrapping: Wrapping): void {
    const parcel = new Parcel(frames, wrapping);
    for (const { feed } of this.#watchers) feed.tell(parcel);
  }

  readonly #tellStats = (): void => {
    if (this.#watchers.size === 0) return;
    this.#glance.take().then(
      ({ stats }) => {
        const data = { ...stats, active_connections: this.#size };
        const timestamp = new Date(this.#ports.clock.now()).toISOString();
        const bytes = textFrame(JSON.stringify({ type: 'periodic_stats', timestamp, data }));
        for (const { outbox } of this.#watchers) outbox.send(bytes);
      },
      (error: unknown) => this.#ports.log.error({ err: error }, 'the statistics could not be read'),
    );
  };

  readonly #checkAll = (lateMs: number): void => {
    for (const { pulse } of [...this.#watchers, ...this.#tools]) {
      // A timer that late says that this process stood still, not that the others did.
      if (lateMs > pingMs / 2) pulse.heard();
      pulse.check();
    }
  };

  /** The workers are looked up once a turn, and only when somebody wants to hear of them. */
  readonly #statusOf = (workerId: string): string => {
    if (this.#statuses === undefined) {
      const workers = this.#ports.runtime.workers();
      this.#statuses = new Map(workers.map(({ worker_id, status }) => [worker_id, status]));
      this.#ports.clock.defer(() => {
        this.#statuses = undefined;
      });
    }
    return this.#statuses.get(workerId) ?? 'offline';
  };

  #after(delayMs: number, act: () => void): void {
    this.#timers.set(act, this.#ports.clock.setTimeout(act, delayMs));
  }

  #every(delayMs: number, act: (lateMs: number) => void): void {
    const { clock } = this.#ports;
    let dueMs = clock.monotonic() + delayMs;
    const turn = () => {
      const lateMs = clock.monotonic() - dueMs;
      dueMs = clock.monotonic() + delayMs;
      this.#after(delayMs, turn);
      act(lateMs);
    };
    this.#after(delayMs, turn);
  }
}
