import type { TaskStatus } from '../../machines/task-status.ts';
import type { StreamEvent } from '../../runtime/history.ts';
import { type Channel, channels } from './commands.ts';
import { textFrame } from './text-frame.ts';

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

  /** As it goes over the wire. */
  get bytes(): Buffer {
    this.#bytes ??= textFrame(this.text);
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
  const isRunning = event.type === 'task.reprioritized' && event.to === 'running';
  const status = isRunning ? 'in_progress' : (statuses[event.type] ?? 'pending');
  return { type: 'task_update', task_id, status, details: detailsOf(event), timestamp, seq };
}

/** The status of a task after each of its facts. */
const statuses: Readonly<Record<string, TaskStatus>> = {
  'task.accepted': 'pending',
  'task.assigned': 'in_progress',
  'task.retried': 'pending',
  'task.reprioritized': 'pending',
  'task.completed': 'completed',
  'task.failed': 'failed',
  'task.cancelled': 'cancelled',
};

function detailsOf({ type, task_id, from, to, data }: StreamEvent): object {
  const ofTask = task_id === null ? {} : { task_id };
  return { event: type, from, to, ...ofTask, ...data };
}

/** How events go out: each as a message of its own, or all in one. */
export type Wrapping = 'single' | 'batch';

/** Events of some channels on their way to all who are to hear the same of them: put together once for all. */
export class Parcel {
  readonly wrapping: Wrapping;
  readonly lastSeq: number;
  readonly #frames: readonly EventFrame[];
  readonly #packed = new Map<string | number, Buffer | undefined>();

  /** @param frames in the order of `seq`, one at least */
  constructor(frames: readonly EventFrame[], wrapping: Wrapping) {
    this.#frames = frames;
    this.wrapping = wrapping;
    this.lastSeq = frames.at(-1)?.seq ?? 0;
  }

  /** @param after of each channel that is wanted, the last `seq` that was heard */
  bytesFor(after: ReadonlyMap<Channel, number>): Buffer | undefined {
    const key = this.#keyOf(after);
    if (!this.#packed.has(key)) {
      this.#packed.set(
        key,
        this.#pack((channel) => after.get(channel) ?? Number.POSITIVE_INFINITY),
      );
    }
    return this.#packed.get(key);
  }

  /** Nearly all who watch have heard of nothing in here, and differ by their channels alone. */
  #keyOf(after: ReadonlyMap<Channel, number>): string | number {
    const first = this.#frames[0]?.seq ?? 0;
    let wanted = 0;
    for (const [channel, seq] of after) {
      if (seq >= first) return channels.map((each) => after.get(each) ?? '').join();
      wanted += 1 << channels.indexOf(channel);
    }
    return wanted;
  }

  #pack(from: (channel: Channel) => number): Buffer | undefined {
    const wanted = this.#frames.filter(({ channel, seq }) => seq > from(channel));
    const [first] = wanted;
    if (first === undefined) return undefined;
    if (this.wrapping === 'batch')
      return textFrame(`{"type":"batch","events":[${wanted.map(({ text }) => text).join()}]}`);
    return wanted.length === 1 ? first.bytes : Buffer.concat(wanted.map(({ bytes }) => bytes));
  }
}
