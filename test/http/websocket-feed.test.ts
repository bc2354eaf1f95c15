import { expect, test } from 'vitest';
import { ChannelFeed } from '../../src/http/websocket/channel-feed.ts';
import { Resumption } from '../../src/http/websocket/resumption.ts';
import { limits } from '../../src/machines/limits.ts';
import { messagesIn } from '../support/server-frames.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const eventBytes = 100_000;

/** A record of large events, and a reader whose network takes what it is given when the test says so. */
function setupFeed(events: number) {
  const clock = new VirtualClock();
  const sent: number[] = [];
  let waiting = 0;
  let most = 0;
  const onSents: (() => void)[] = [];
  const faults: unknown[] = [];
  const feed = new ChannelFeed({
    runtime: {
      lastSeq: events,
      assertKept: () => undefined,
      history: (after, limit) =>
        Array.from({ length: Math.min(limit, events - after) }, (_, index) => ({
          seq: after + index + 1,
          type: 'task.assigned',
          task_id: 't',
          at: '2026-01-01T00:00:00.000Z',
          from: 'queued',
          to: 'assigned',
          data: { reason: 'x'.repeat(eventBytes) },
        })),
    },
    outbox: {
      get roomBytes() {
        return limits.streamBacklogBytesMax / 2 - waiting;
      },
      send: (bytes, onSent) => {
        waiting += bytes.byteLength;
        most = Math.max(most, waiting);
        sent.push(...messagesIn(bytes).map((text) => JSON.parse(text).seq));
        if (onSent !== undefined) onSents.push(onSent);
      },
    },
    resumption: new Resumption(clock),
    statusOf: () => 'idle',
    onFault: (error) => void faults.push(error),
  });
  /** The network takes all that waits. */
  const drain = async () => {
    waiting = 0;
    for (const onSent of onSents.splice(0)) onSent();
    await clock.settle();
  };
  return { feed, clock, sent, drain, faults, most: () => most };
}

test('who resumes is given no more at a time than half of what a reader may have unsent', async () => {
  const { feed, clock, sent, drain, most } = setupFeed(40);
  feed.subscribe('task', { isBatched: false, since: 0 });
  await clock.settle();
  const first = sent.length;
  expect(first).toBe(Math.floor(limits.streamBacklogBytesMax / 2 / eventBytes));
  await clock.settle();
  expect(sent.length).toBe(first);
  for (let turns = 0; turns < 40 && !feed.hears('task'); turns += 1) await drain();
  expect(sent).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  expect(most()).toBeLessThanOrEqual(limits.streamBacklogBytesMax / 2);
});

test('who leaves while it resumes is told nothing more', async () => {
  const { feed, clock, sent, drain } = setupFeed(40);
  feed.subscribe('task', { isBatched: false, since: 0 });
  await clock.settle();
  const first = sent.length;
  feed.unsubscribe('task');
  await drain();
  expect(sent.length).toBe(first);
});

test('who begins anew while it resumes is told from there, once', async () => {
  const { feed, clock, sent, drain } = setupFeed(40);
  feed.subscribe('task', { isBatched: false, since: 0 });
  await clock.settle();
  const first = sent.length;
  feed.subscribe('task', { isBatched: false, since: 30 });
  for (let turns = 0; turns < 40 && !feed.hears('task'); turns += 1) await drain();
  expect(sent.slice(first)).toEqual([31, 32, 33, 34, 35, 36, 37, 38, 39, 40]);
});
