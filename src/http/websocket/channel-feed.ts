import { KoubouError } from '../../machines/errors.ts';
import { limits } from '../../machines/limits.ts';
import type { Runtime } from '../../runtime.ts';
import type { Channel } from './commands.ts';
import { type EventFrame, framesOf, Parcel, type StatusOf, type Wrapping } from './event-frames.ts';
import type { Outbox } from './outbox.ts';
import type { Resumption } from './resumption.ts';

interface Subscription {
  readonly channel: Channel;
  readonly isBatched: boolean;
  /** Whoever resumes reads the record, slice by slice, and hears nothing else until that has told all. */
  pace: 'resuming' | 'live';
  /** The last fact that it was told of, or need not be told of. */
  after: number;
}

export interface FeedPorts {
  readonly runtime: Pick<Runtime, 'assertKept' | 'history' | 'lastSeq'>;
  readonly outbox: Pick<Outbox, 'send' | 'roomBytes'>;
  readonly resumption: Resumption;
  readonly statusOf: StatusOf;
  readonly onFault: (error: unknown) => void;
}

export interface FeedOptions {
  readonly isBatched: boolean;
  /** Resumes behind this `seq`; without it, what happens from now on is told. */
  readonly since?: number | undefined;
}

/** The channels of one watcher: each fact is told once, in order, from where the watcher said on. */
export class ChannelFeed {
  readonly #ports: FeedPorts;
  readonly #subscriptions = new Map<Channel, Subscription>();

  constructor(ports: FeedPorts) {
    this.#ports = ports;
  }

  /**
   * Begins, or begins anew at `since`. Without `since` a channel that was subscribed goes on where it is.
   *
   * @returns the `seq` behind which it tells
   * @throws KoubouError `request.invalid` when `since` has not happened yet, `record.cut` when what came next is no longer kept
   */
  subscribe(channel: Channel, { isBatched, since }: FeedOptions): number {
    const { lastSeq } = this.#ports.runtime;
    if (since !== undefined && since > lastSeq) {
      throw new KoubouError(
        'request.invalid',
        `since: the stream ends at ${lastSeq}; is this another database than before?`,
      );
    }
    const before = this.#subscriptions.get(channel);
    if (since !== undefined) this.#ports.runtime.assertKept(since);
    const after = since ?? before?.after ?? lastSeq;
    const pace = since === undefined ? (before?.pace ?? 'live') : 'resuming';
    // A batched one that changes its ways would miss what waits for its batch; so it reads that from the record.
    const mayMiss = before !== undefined && before.isBatched !== isBatched;
    const subscription: Subscription = { channel, isBatched, pace: mayMiss ? 'resuming' : pace, after };
    this.#subscriptions.set(channel, subscription);
    if (subscription.pace === 'resuming') this.#resume(subscription);
    return after;
  }

  unsubscribe(channel: Channel): void {
    this.#subscriptions.delete(channel);
  }

  end(): void {
    this.#subscriptions.clear();
  }

  hears(channel: Channel): boolean {
    return this.#subscriptions.get(channel)?.pace === 'live';
  }

  get isBatched(): boolean {
    for (const { isBatched, pace } of this.#subscriptions.values()) {
      if (isBatched && pace === 'live') return true;
    }
    return false;
  }

  /** Tells what has happened, if it is wrapped as the subscription wants it. */
  tell(parcel: Parcel): void {
    const after = new Map<Channel, number>();
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.pace !== 'live' || wrappingOf(subscription) !== parcel.wrapping) continue;
      after.set(subscription.channel, subscription.after);
      subscription.after = Math.max(subscription.after, parcel.lastSeq);
    }
    if (after.size === 0) return;
    const bytes = parcel.bytesFor(after);
    if (bytes !== undefined) this.#ports.outbox.send(bytes);
  }

  #resume(subscription: Subscription): void {
    this.#ports.resumption.ask(() => {
      // It was ended, or begun anew, in the meantime.
      if (this.#subscriptions.get(subscription.channel) !== subscription) return;
      try {
        this.#tellSlice(subscription);
      } catch (error) {
        this.#ports.onFault(error);
      }
    });
  }

  #tellSlice(subscription: Subscription): void {
    const { runtime, outbox, statusOf } = this.#ports;
    const { channel } = subscription;
    const events = runtime.history(subscription.after, limits.resumeRowsMax);
    const wanted = new Set([channel]);
    const frames = events.flatMap((event) => framesOf(event, wanted, statusOf));
    const sent = whatFits(frames, outbox.roomBytes);
    const isWhole = sent.length === frames.length;
    const lastSeq = (isWhole ? events : sent).at(-1)?.seq ?? subscription.after;
    const before = subscription.after;
    subscription.after = lastSeq;
    if (isWhole && events.length < limits.resumeRowsMax) subscription.pace = 'live';
    // The next slice is read when the reader has taken this one: who reads slowly is told slowly.
    const onSent = subscription.pace === 'live' ? undefined : () => this.#resume(subscription);
    if (sent.length === 0) {
      onSent?.();
      return;
    }
    const parcel = new Parcel(sent, wrappingOf(subscription));
    outbox.send(parcel.bytesFor(new Map([[channel, before]])) as Buffer, onSent);
  }
}

function wrappingOf({ isBatched }: Subscription): Wrapping {
  return isBatched ? 'batch' : 'single';
}

/** The first frames, as many as there is room for; one at least, or nobody would ever get on. */
function whatFits(frames: readonly EventFrame[], roomBytes: number): readonly EventFrame[] {
  let bytes = 0;
  let count = 0;
  for (const frame of frames) {
    bytes += frame.bytes.byteLength;
    if (count > 0 && bytes > roomBytes) break;
    count += 1;
  }
  return frames.slice(0, count);
}
