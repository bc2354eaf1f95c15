import type { TaskStatus } from '../../machines/task-status.ts';
import type { StreamEvent } from '../../runtime/history.ts';
import { type Channel, channels } from './commands.ts';

/** Idle, busy or offline, as the rows say now. */
export type StatusOf = (workerId: string) => string;

/** An event of one channel, encoded once for all who hear it. */
export class EventFrame {
  readonly seq: number;
  readonly channel: Channel;
  readonly text: string;
  #bytes: Buffer | undefined;

  constructor(seq: number, channel: Channel, message: object) {
    this.seq = seq;
    this.channel = channel;
    this.text = JSON.stringify(message);
  }

  get bytes(): Buffer {
    this.#bytes ??= Buffer.from(this.text);
    return this.#bytes;
  }
}

/**
 * The frames of an event, one for each of the channels that it concerns and that are wanted. What begins or ends a
 * lease is news of its task and of its worker.
 */
export function framesOf(
  event: StreamEvent,
  wanted: ReadonlySet<Channel>,
  statusOf: StatusOf,
): readonly EventFrame[] {
  return channels.flatMap((channel) => {
    const message = wanted.has(channel) ? messageOf(channel, event, statusOf) : undefined;
    return message === undefined ? [] : [new EventFrame(event.seq, channel, message)];
  });
}

/** What a channel says of an event; `undefined` when it does not concern it. */
function messageOf(channel: Channel, event: StreamEvent, statusOf: StatusOf): object | undefined {
  switch (channel) {
    case 'task':
      return event.type.startsWith('task.') ? taskUpdate(event) : undefined;
    case 'worker': {
      const workerId = event.data['worker_id'];
      if (typeof workerId !== 'string') return undefined;
      const { seq, at: timestamp } = event;
      const status = statusOf(workerId);
      return {
        type: 'worker_update',
        worker_id: workerId,
        status,
        details: detailsOf(event),
        timestamp,
        seq,
      };
    }
    case 'system': {
      if (/^(?:task|worker)\./.test(event.type)) return undefined;
      const { type, seq, at: timestamp } = event;
      return { type: 'system_event', event: type, details: detailsOf(event), timestamp, seq };
    }
  }
}

/** A fact of a task as the channel of all tasks tells it, and the one of a single task. */
export function taskUpdate(event: StreamEvent): object {
  const { task_id, seq, at: timestamp } = event;
  const status = statuses[event.type] ?? 'pending';
  return { type: 'task_update', task_id, status, details: detailsOf(event), timestamp, seq };
}

/** The status of a task after each of its facts. */
const statuses: Readonly<Record<string, TaskStatus>> = {
  'task.accepted': 'pending',
  'task.assigned': 'in_progress',
  'task.retried': 'pending',
  'task.completed': 'completed',
  'task.failed': 'failed',
  'task.cancelled': 'cancelled',
};

function detailsOf({ type, task_id, from, to, data }: StreamEvent): object {
  const ofTask = task_id === null ? {} : { task_id };
  return { event: type, from, to, ...ofTask, ...data };
}

/** Events of some channels in one frame, encoded once for all who are to hear the same of them. */
export class Batch {
  readonly #frames: readonly EventFrame[];
  readonly #encoded = new Map<string, Buffer | undefined>();

  /** @param frames in the order of `seq` */
  constructor(frames: readonly EventFrame[]) {
    this.#frames = frames;
  }

  /** @param after of each channel that is wanted, the last `seq` that was heard */
  bytesFor(after: ReadonlyMap<Channel, number>): Buffer | undefined {
    const first = this.#frames[0]?.seq ?? 0;
    const from = (channel: Channel) => Math.max(after.get(channel) ?? Number.POSITIVE_INFINITY, first - 1);
    const key = channels.map(from).join();
    if (!this.#encoded.has(key)) this.#encoded.set(key, this.#encode(from));
    return this.#encoded.get(key);
  }

  #encode(from: (channel: Channel) => number): Buffer | undefined {
    const wanted = this.#frames.filter(({ channel, seq }) => seq > from(channel));
    if (wanted.length === 0) return undefined;
    return Buffer.from(`{"type":"batch","events":[${wanted.map(({ text }) => text).join()}]}`);
  }
}
