import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/machines/limits.ts';
import { spec } from '../support/running-server.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { type Message, setupWatching, type Watching } from '../support/watching.ts';

const updates = new Set(['task_update', 'worker_update', 'system_event']);

/** The events that a watcher was told, out of their batches. */
function eventsOf({ messages }: Watching): Message[] {
  return messages
    .flatMap((message) => (message.type === 'batch' ? message.events : [message]))
    .filter(({ type }) => updates.has(type));
}

function seqsOf(watching: Watching, type = 'task_update'): number[] {
  return eventsOf(watching)
    .filter((event) => event.type === type)
    .map(({ seq }) => seq);
}

/** Reads until the fact of this `seq` was told. */
async function readUpTo(watching: Watching, seq: number): Promise<void> {
  for (;;) {
    const message = await watching.next();
    const events = message.type === 'batch' ? message.events : [message];
    if (events.some((event: Message) => event.seq >= seq && updates.has(event.type))) return;
  }
}

async function setupBusy(tasks: number) {
  const door = await setupWatching();
  const { runtime } = door;
  const delegate = async (count: number) => {
    const { taskIds } = await runtime.delegate(Array.from({ length: count }, () => spec()));
    return taskIds;
  };
  const settle = async (count: number) => {
    for (const id of await delegate(count)) await runtime.wait(id, 10_000);
  };
  if (tasks > 0) await settle(tasks);
  /** The `seq` of all facts of tasks, as they are on record. */
  const record = () =>
    runtime
      .history(0, 1_000_000)
      .filter(({ type }) => type.startsWith('task.'))
      .map(({ seq }) => seq);
  return { ...door, delegate, settle, record };
}

describe('who resumes', () => {
  test.each([
    false,
    true,
  ])('is told all that happened, then what happens, each once (batch: %s)', async (batch) => {
    const { runtime, enter, settle, record } = await setupBusy(300);
    expect(record().length).toBeGreaterThan(limits.resumeRowsMax);
    const watching = await enter();
    await watching.ask({ command: 'subscribe', channel: 'task', since: 0, batch }, 'subscribed');
    await settle(20);
    await readUpTo(watching, record().at(-1) as number);
    expect(seqsOf(watching)).toEqual(record());
    await runtime.pause();
  });

  test('may do so on a channel that it listens to already', async () => {
    const { enter, settle, record } = await setupBusy(3);
    const watching = await enter();
    await watching.ask({ command: 'subscribe', channel: 'task' }, 'subscribed');
    await settle(1);
    await readUpTo(watching, record().at(-1) as number);
    expect(seqsOf(watching)).toEqual(record().slice(-3));
    await watching.ask({ command: 'subscribe', channel: 'task', since: 0 }, 'subscribed');
    await readUpTo(watching, record().at(-1) as number);
    expect(seqsOf(watching)).toEqual([...record().slice(-3), ...record()]);
    await settle(1);
    await readUpTo(watching, record().at(-1) as number);
    expect(seqsOf(watching).slice(3)).toEqual(record());
  });

  test.each([
    false,
    true,
  ])('does not hear again what the record has told already (batch: %s)', async (batch) => {
    const doorClock = new VirtualClock();
    const { runtime, watch } = await setupWatching({ doorClock });
    const watching = watch();
    await watching.next('initial_state');
    await watching.ask({ command: 'subscribe', channel: 'task', since: 0, batch }, 'subscribed');
    // The record is read at the end of this turn, and has these facts; only then are they told to all.
    const { taskIds } = await runtime.delegate([spec(), spec()]);
    for (const id of taskIds) await runtime.wait(id, 10_000);
    await doorClock.advance(50);
    await watching.ask({ command: 'ping' }, 'pong');
    expect(seqsOf(watching)).toHaveLength(6);
    expect(new Set(seqsOf(watching)).size).toBe(6);
  });

  test('sees the same events as who was there', async () => {
    const { enter, settle, record } = await setupBusy(0);
    const first = await enter();
    await first.ask({ command: 'subscribe', channel: 'task' }, 'subscribed');
    await settle(5);
    const second = await enter();
    await second.ask({ command: 'subscribe', channel: 'task', since: 0 }, 'subscribed');
    for (const watching of [first, second]) await readUpTo(watching, record().at(-1) as number);
    expect(eventsOf(second)).toEqual(eventsOf(first));
  });

  test('is told as fast as it reads, and never cut for more than that', async () => {
    const { runtime, enter } = await setupWatching();
    await runtime.pause();
    for (let round = 0; round < 40; round += 1) {
      await runtime.delegate(Array.from({ length: limits.bulkTasksMax }, () => spec()));
    }
    const [reader, other] = [await enter(), await enter()];
    reader.ws.pause();
    reader.say({ command: 'subscribe', channel: 'task', since: 0 });
    await other.ask({ command: 'subscribe', channel: 'task', since: 0, batch: true }, 'subscribed');
    const { lastSeq } = runtime;
    await readUpTo(other, lastSeq);
    // What is told to those who listen does not count against who has not come so far.
    await runtime.delegate([spec()]);
    expect(reader.messages.length).toBe(1);
    reader.ws.resume();
    await readUpTo(reader, lastSeq + 1);
    expect(seqsOf(reader)).toHaveLength(40 * limits.bulkTasksMax + 1);
    expect(new Set(seqsOf(reader)).size).toBe(40 * limits.bulkTasksMax + 1);
  });

  test('goes on from initial_state without a gap', async () => {
    const { enter, delegate, settle, record } = await setupBusy(2);
    const watching = await enter();
    await delegate(3);
    const since = watching.initial.seq;
    await watching.ask({ command: 'subscribe', channel: 'task', since }, 'subscribed');
    await settle(1);
    await readUpTo(watching, record().at(-1) as number);
    expect(seqsOf(watching)).toEqual(record().filter((seq) => seq > since));
  });
});

test('cut anywhere and again, the union of what a watcher saw is the stream', async () => {
  const { watch, delegate, settle, record } = await setupBusy(5);
  /** Before each cut: tasks that begin, messages that are read before it, whether in batches. */
  const cut = fc.record({
    tasks: fc.integer({ min: 0, max: 12 }),
    reads: fc.integer({ min: 1, max: 25 }),
    batch: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(cut, { minLength: 1, maxLength: 6 }), async (cuts) => {
      const start = record().at(-1) ?? 0;
      const seen: number[] = [];
      let since = start;
      for (const { tasks, reads, batch } of cuts) {
        const watching = watch();
        await watching.next('initial_state');
        if (tasks > 0) await delegate(tasks);
        await watching.ask({ command: 'subscribe', channel: 'task', since, batch }, 'subscribed');
        if (tasks > 0) await watching.next();
        await watching.ask({ command: 'ping' }, 'pong');
        // What has come after this many is lost with the connection.
        const kept = watching.messages.slice(0, 2 + reads);
        watching.ws.terminate();
        const seqs = seqsOf({ messages: kept } as unknown as Watching);
        seen.push(...seqs);
        since = seqs.at(-1) ?? since;
      }
      await settle(1);
      const last = watch();
      await last.next('initial_state');
      await last.ask({ command: 'subscribe', channel: 'task', since }, 'subscribed');
      await settle(1);
      await readUpTo(last, record().at(-1) as number);
      seen.push(...seqsOf(last));
      expect(seen).toEqual(record().filter((seq) => seq > start));
      last.ws.terminate();
    }),
    { numRuns: 60 },
  );
});

describe('batches', () => {
  test('hold what happens within 50 ms, for all channels that asked for it', async () => {
    const doorClock = new VirtualClock();
    const { runtime, watch } = await setupWatching({ doorClock });
    const watching = watch();
    await watching.next('initial_state');
    await watching.ask({ command: 'subscribe', channel: 'task', batch: true }, 'subscribed');
    await watching.ask({ command: 'subscribe', channel: 'worker', batch: true }, 'subscribed');
    await watching.ask({ command: 'subscribe', channel: 'system' }, 'subscribed');
    const { taskIds } = await runtime.delegate([spec(), spec()]);
    for (const id of taskIds) await runtime.wait(id, 10_000);
    await runtime.pause();
    await doorClock.advance(49);
    expect((await watching.next()).event).toBe('pool.paused');
    expect(watching.messages.some(({ type }) => type === 'batch')).toBe(false);
    await doorClock.advance(1);
    const { events } = await watching.next('batch');
    expect(events.filter(({ type }: Message) => type === 'task_update')).toHaveLength(6);
    expect(events.filter(({ type }: Message) => type === 'worker_update').length).toBeGreaterThanOrEqual(4);
    const seqs = events.map(({ seq }: Message) => seq);
    expect(seqs).toEqual(seqs.toSorted((a: number, b: number) => a - b));
  });

  test('are sent early when they hold a thousand events', async () => {
    const doorClock = new VirtualClock();
    const { runtime, watch } = await setupWatching({ doorClock });
    await runtime.pause();
    const watching = watch();
    await watching.next('initial_state');
    await watching.ask({ command: 'subscribe', channel: 'task', batch: true }, 'subscribed');
    await runtime.delegate(Array.from({ length: limits.batchEventsMax }, () => spec()));
    await runtime.delegate([spec()]);
    await doorClock.advance(0);
    expect((await watching.next('batch')).events.length).toBe(limits.batchEventsMax);
    await doorClock.advance(50);
    const rest = watching.messages.filter(({ type }) => type === 'batch').flatMap(({ events }) => events);
    expect(rest.length).toBeGreaterThanOrEqual(limits.batchEventsMax);
  });

  test('can be had or left without a gap', async () => {
    const { enter, settle, record } = await setupBusy(0);
    const watching = await enter();
    for (const batch of [true, false, true, false]) {
      await watching.ask({ command: 'subscribe', channel: 'task', batch }, 'subscribed');
      await settle(2);
    }
    await readUpTo(watching, record().at(-1) as number);
    expect(seqsOf(watching)).toEqual(record());
  });
});
