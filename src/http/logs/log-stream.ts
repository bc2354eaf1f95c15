import type { UnderlyingSource } from 'node:stream/web';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Hono } from 'hono';
import { KoubouError } from '../../machines/errors.ts';
import type { CommittedFact } from '../../machines/facts.ts';
import { limits } from '../../machines/limits.ts';
import { eventOfFact, type StreamEvent } from '../../runtime/history.ts';
import type { Runtime } from '../../runtime.ts';
import { check } from '../request-body.ts';
import { entryOfEvent } from './fact-entry.ts';
import { type EntryFilter, entryFilterSchema, matches } from './log-entry.ts';

const utf8 = new TextEncoder();
const keepAliveMs = 15_000;
/** Recorded facts read in one turn of the event loop: a few ms. */
const factsPerRead = 200;
/** Boards that are open at once. Each fact is written out for each of them. */
export const streamsMax = 100;

/**
 * `GET /api/logs/stream`: lines as in `/api/logs/recent`, as they happen, from the stream of facts. The id of an event
 * is the `seq` of its fact; with `Last-Event-ID` it goes on right behind it.
 */
export function logStreamRoutes(app: Hono, runtime: Runtime): void {
  const open = new Set<LogStream>();
  app.get('/api/logs/stream', (c) => {
    const filter = check(entryFilterSchema, c.req.query());
    const since = seqOf(c.req.header('last-event-id') ?? c.req.query('last_event_id'), runtime.lastSeq);
    runtime.assertKept(since, 'Last-Event-ID');
    if (open.size >= streamsMax) {
      throw new KoubouError('rate.limited', 'too many log streams are open; close one, or try again', {
        retryAfterMs: 5_000,
      });
    }
    const stream = new LogStream(runtime, filter, since, open);
    c.req.raw.signal.addEventListener('abort', () => stream.cancel(), { once: true });
    return new Response(
      new ReadableStream<Uint8Array>(stream, {
        highWaterMark: 0,
        size: (chunk) => chunk?.byteLength ?? 0,
      }),
      {
        headers: {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          'x-accel-buffering': 'no',
        },
      },
    );
  });
}

/** @throws KoubouError `request.invalid` */
function seqOf(id: string | undefined, lastSeq: number): number {
  if (id === undefined || id === '') return lastSeq;
  if (!/^\d{1,15}$/.test(id) || Number(id) > lastSeq)
    throw new KoubouError('request.invalid', 'Last-Event-ID must be the id of an event of this stream');
  return Number(id);
}

type Controller = ReadableStreamDefaultController<Uint8Array>;

/** One reader. Nothing is held for it before it reads, since some only look at the headers. */
class LogStream implements UnderlyingSource<Uint8Array> {
  readonly #runtime: Runtime;
  readonly #filter: EntryFilter;
  readonly #open: Set<LogStream>;
  #state: 'unread' | 'catchingUp' | 'live' | 'ended' = 'unread';
  /** All up to this `seq` was told, or did not match. */
  #last: number;
  #unsubscribe = (): void => undefined;
  #keepAlive: NodeJS.Timeout | undefined;

  constructor(runtime: Runtime, filter: EntryFilter, since: number, open: Set<LogStream>) {
    this.#runtime = runtime;
    this.#filter = filter;
    this.#last = since;
    this.#open = open;
  }

  /** The reader has room: what was missed comes at its pace. What happens now comes by itself. */
  async pull(controller: Controller): Promise<void> {
    if (this.#state === 'unread') {
      this.#state = 'catchingUp';
      this.#open.add(this);
      this.#keepAlive = setInterval(() => this.#beat(controller), keepAliveMs);
      controller.enqueue(utf8.encode(': the logs as they grow\n\n'));
      return;
    }
    while (this.#state === 'catchingUp') {
      const frames = this.#readOn(controller);
      if (frames !== '') {
        controller.enqueue(utf8.encode(frames));
        return;
      }
      await nextTurn();
    }
  }

  cancel(): void {
    this.#state = 'ended';
    this.#open.delete(this);
    this.#unsubscribe();
    clearInterval(this.#keepAlive);
  }

  /** The next recorded facts that match. In the same turn as the last ones are read it begins to listen. */
  #readOn(controller: Controller): string {
    const events = this.#runtime.history(this.#last, factsPerRead);
    this.#last = events.at(-1)?.seq ?? this.#last;
    if (events.length < factsPerRead) {
      this.#state = 'live';
      this.#unsubscribe = this.#runtime.stream.subscribe((committed) => this.#hear(controller, committed));
    }
    return events.map((event) => this.#frameOf(event)).join('');
  }

  #hear(controller: Controller, committed: CommittedFact): void {
    if (committed.seq <= this.#last) return; // On disk already when the record was read.
    this.#last = committed.seq;
    this.#send(controller, this.#frameOf(eventOfFact(committed)));
    if (committed.fact.type !== 'pool.stopped' || this.#state !== 'live') return;
    this.cancel();
    controller.close();
  }

  /** Moves the reader's id on as well, so that one who waits for a rare line resumes from here. */
  #beat(controller: Controller): void {
    this.#send(controller, `: still here\nid: ${this.#last}\n\n`);
  }

  #send(controller: Controller, frames: string): void {
    if (frames === '') return;
    // A reader that does not read is cut off; it comes back with the id of what it had.
    if ((controller.desiredSize ?? 0) < -limits.streamBacklogBytesMax) {
      this.cancel();
      controller.error(new Error('the reader is too slow'));
      return;
    }
    controller.enqueue(utf8.encode(frames));
  }

  #frameOf(event: StreamEvent): string {
    const entry = entryOfEvent(event);
    return matches(this.#filter, entry) ? `id: ${event.seq}\ndata: ${JSON.stringify(entry)}\n\n` : '';
  }
}
