import type { RawData, WebSocket } from 'ws';
import { KoubouError } from '../../machines/errors.ts';
import type { Runtime } from '../../runtime.ts';
import { ChannelFeed } from './channel-feed.ts';
import { type Command, readCommand, type Subscribe } from './commands.ts';
import type { StatusOf } from './event-frames.ts';
import type { Seen } from './glance.ts';
import type { InspectDesk } from './inspect-desk.ts';
import { InspectFeed } from './inspect-feed.ts';
import { closeCodes, type DoorClock, Outbox } from './outbox.ts';
import { Pulse } from './pulse.ts';
import type { Resumption } from './resumption.ts';
import { TaskFeed } from './task-feed.ts';

export interface WatcherPorts {
  readonly runtime: Runtime;
  readonly clock: DoorClock;
  readonly resumption: Resumption;
  readonly statusOf: StatusOf;
  readonly desk: InspectDesk;
  /** Looks at the pool. */
  readonly look: () => Promise<Seen>;
  /** Of this door, this one included. */
  readonly connections: () => number;
  readonly log: { error(details: object, message: string): void };
}

interface Frame {
  readonly text: string;
  readonly isBinary: boolean;
}

/** One client at the door: reads its commands in their order, and answers each before it reads the next. */
export class Watcher {
  readonly feed: ChannelFeed;
  readonly outbox: Outbox;
  readonly pulse: Pulse;
  readonly #ws: WebSocket;
  readonly #ports: WatcherPorts;
  readonly #tasks: TaskFeed;
  readonly #actors: InspectFeed;
  readonly #inbox: Frame[] = [];
  #attention: 'elsewhere' | 'here' = 'here';

  constructor(ws: WebSocket, stream: ConstructorParameters<typeof Outbox>[1], ports: WatcherPorts) {
    const { runtime, clock, resumption, statusOf } = ports;
    this.#ws = ws;
    this.pulse = new Pulse(ws);
    this.#ports = ports;
    const outbox = new Outbox(ws, stream, clock);
    this.outbox = outbox;
    this.feed = new ChannelFeed({
      runtime,
      outbox,
      resumption,
      statusOf,
      onFault: (error) => this.#fail(error),
    });
    this.#tasks = new TaskFeed(runtime, outbox);
    this.#actors = new InspectFeed(ports.desk, outbox);
    ws.on('message', (data, isBinary) => this.#take(data, isBinary));
    ws.on('close', () => this.end());
  }

  /** Shows the pool as it is, before anything else. */
  greet(): void {
    this.#attend(async () => {
      const { seq, stats, activeWorkers, activeTasks } = await this.#ports.look();
      const data = { ...stats, active_workers: activeWorkers, active_tasks: activeTasks };
      this.outbox.say({ type: 'initial_state', seq, data });
    });
  }

  end(): void {
    this.feed.end();
    this.#tasks.end();
    this.#actors.end();
    this.#inbox.length = 0;
  }

  #take(data: RawData, isBinary: boolean): void {
    this.#inbox.push({ text: isBinary ? '' : String(data), isBinary });
    if (this.#attention === 'here') this.#readOn();
  }

  #readOn(): void {
    while (this.#attention === 'here' && this.outbox.isOpen) {
      const frame = this.#inbox.shift();
      if (frame === undefined) return;
      try {
        this.#obey(frame);
      } catch (error) {
        this.#refuse(error);
      }
    }
  }

  /** Reads nothing until this is done: who asks faster than is answered waits in the network, not in memory. */
  #attend(answer: () => Promise<void>): void {
    this.#attention = 'elsewhere';
    this.#ws.pause();
    answer()
      .catch((error: unknown) => this.#refuse(error))
      .finally(() => {
        this.#attention = 'here';
        this.#ws.resume();
        this.#readOn();
      });
  }

  #obey({ text, isBinary }: Frame): void {
    const command = readCommand(text, isBinary);
    switch (command.command) {
      case 'subscribe':
        this.#subscribe(command);
        return;
      case 'unsubscribe':
        this.#unsubscribe(command);
        return;
      case 'ping':
        this.outbox.say({ type: 'pong' });
        return;
      case 'get_stats':
        this.#attend(async () => {
          const { stats } = await this.#ports.look();
          const data = { ...stats, active_connections: this.#ports.connections() };
          this.outbox.say({ type: 'stats', data });
        });
        return;
      case 'auth':
        this.outbox.say({ type: 'authenticated' });
        return;
      case 'inspect_actors':
        this.outbox.say({ type: 'inspect_actors', ...this.#ports.desk.inspection.page(command) });
        return;
      case 'inspect_tree':
        this.outbox.say({ type: 'inspect_tree', ...this.#ports.desk.inspection.tree() });
    }
  }

  #subscribe(command: Subscribe): void {
    const { channel, since, batch = false, task_id, tokens = false, offset = 0 } = command;
    if (channel === 'inspect') {
      const { actor } = command;
      this.#actors.subscribe(actor, () => this.outbox.say({ type: 'subscribed', channel, actor }));
      return;
    }
    if (task_id === undefined) {
      // Nothing is told before the next turn, so the answer comes first.
      const seq = this.feed.subscribe(channel, { isBatched: batch, since });
      this.outbox.say({ type: 'subscribed', channel, seq });
      return;
    }
    const seq = since ?? this.#ports.runtime.lastSeq;
    this.#tasks.follow(task_id, { since: { seq, offset }, withText: tokens }, () =>
      this.outbox.say({ type: 'subscribed', channel, task_id, seq }),
    );
  }

  #unsubscribe({ channel, task_id, actor }: Extract<Command, { command: 'unsubscribe' }>): void {
    if (channel === 'inspect') this.#actors.unsubscribe(actor);
    else if (task_id !== undefined) this.#tasks.unfollow(task_id);
    else this.feed.unsubscribe(channel);
    this.outbox.say({ type: 'unsubscribed', channel, task_id, actor });
  }

  #refuse(error: unknown): void {
    if (error instanceof KoubouError) {
      this.outbox.sayError(error);
      return;
    }
    this.#ports.log.error({ err: error }, 'a command of a watcher failed');
    const message = 'something went wrong here; the server log says what';
    this.outbox.sayError(new KoubouError('internal', message, { cause: error }));
  }

  /** The record cannot be read: what it was promised cannot be kept, so it has to come back. */
  #fail(error: unknown): void {
    if (error instanceof KoubouError && error.code === 'record.cut') {
      // It read more slowly than the record is cut off. When it comes back, it is refused in the same words.
      this.end();
      this.outbox.sayError(error);
      this.outbox.close(closeCodes.tryAgainLater, 'what comes next is no longer kept: begin anew');
      return;
    }
    this.#ports.log.error({ err: error }, 'a watcher could not resume');
    this.end();
    this.outbox.close(closeCodes.internal, 'the record could not be read; come back later');
  }
}
