import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assignmentId, type TaskId } from '../../src/machines/identifiers.ts';
import { linkLimits } from '../../src/machines/link-limits.ts';
import { makeJob } from '../support/backend-jobs.ts';
import {
  endedFact,
  gpu2,
  heartbeatMs,
  PoolSide,
  setupJoined,
  startWorker,
  typist,
} from '../support/joined-world.ts';
import { LinkNetwork } from '../support/link-network.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** A job under its own task and lease. */
function job(n: number) {
  return makeJob({
    fresh: false,
    taskId: `task_20260101_000000_00000${n}_ab` as TaskId,
    assignmentId: assignmentId(n),
  });
}

describe('a worker that has joined', () => {
  test('is enrolled with all that it announced', async () => {
    const { clock, network, pool } = setupJoined();
    const announced = {
      workerId: gpu2,
      slots: 3,
      models: ['tiny:latest'],
      capabilities: ['translation'],
      labels: { room: 'east' },
      performanceFactor: 0.5,
    };
    startWorker(network, { announced });
    await clock.advance(100);
    expect(pool.enrolled).toEqual([
      { ...announced, requestKinds: ['text', 'chat', 'completion', 'embedding'], instance: 'instance-1' },
    ]);
  });

  test('runs a job: its text arrives piece by piece, then its outcome, and it forgets the result once that is on disk', async () => {
    const { clock, network, pool } = setupJoined();
    const { client } = startWorker(network);
    await clock.advance(100);
    const attempt = pool.run(job(1));
    await clock.advance(25);
    expect(attempt.text).toBe('ab');
    expect(attempt.outcomes).toEqual([]);
    await clock.advance(100);
    expect(attempt.text).toBe('abc');
    expect(attempt.outcomes).toMatchObject([{ kind: 'succeeded', output: 'abc' }]);
    client.stop();
    await clock.advance(1_000);
    expect(network.workerEnds[0]?.isOpen).toBe(true); // It waits for the acknowledgement.
    pool.links.hear(endedFact(job(1)));
    await clock.advance(10);
    expect(await client.ended).toEqual({ kind: 'stopped' });
    expect(pool.left).toEqual([gpu2]);
  });

  test('stops generating when the lease ends otherwise', async () => {
    const { clock, network, pool } = setupJoined();
    const signals: AbortSignal[] = [];
    startWorker(network, {
      backend: (_job, { signal }) => {
        signals.push(signal);
        return new Promise((resolve) =>
          signal.addEventListener('abort', () => resolve({ kind: 'cancelled' })),
        );
      },
    });
    await clock.advance(100);
    const attempt = pool.run(job(1));
    await clock.advance(10);
    attempt.abort();
    await clock.advance(10);
    expect(attempt.outcomes).toEqual([{ kind: 'cancelled' }]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(pool.late).toEqual([]);
  });
});

describe('a cut', () => {
  test('of a second ends nothing: the generation goes on, and no character is lost or told twice', async () => {
    const { clock, network, pool } = setupJoined();
    const { news } = startWorker(network, { backend: typist(clock, [...'abcdefghij'], 100) });
    await clock.advance(100);
    const attempt = pool.run(job(1));
    await clock.advance(350);
    network.cut();
    await clock.advance(100);
    const during = attempt.text;
    await clock.advance(2_000);
    expect(during.length).toBeLessThan(10);
    expect(attempt.text).toBe('abcdefghij');
    expect(attempt.outcomes).toMatchObject([{ kind: 'succeeded', output: 'abcdefghij' }]);
    expect(news.map(({ kind }) => kind)).toEqual(['joined', 'cut', 'back']);
    expect(pool.cuts).toEqual([gpu2]);
  });

  test('while a result is on its way: it is sent again, counts once, and is not taken for a late one', async () => {
    const { clock, network, pool } = setupJoined();
    startWorker(network, { backend: typist(clock, ['x'], 50) });
    await clock.advance(100);
    const attempt = pool.run(job(1));
    network.onFrame = (text) => {
      if (text.includes('"ack"')) network.cut();
    };
    await clock.advance(100);
    expect(attempt.outcomes).toHaveLength(1);
    pool.links.hear(endedFact(job(1)));
    await clock.advance(10);
    network.onFrame = () => undefined;
    await clock.advance(5_000);
    expect(attempt.outcomes).toHaveLength(1);
    expect(pool.late).toEqual([]);
    expect(network.pool.frames.filter(({ type }) => type === 'ack')).not.toEqual([]);
  });

  test('after which the process is another one: what it held is released at once', async () => {
    const { clock, network, pool } = setupJoined();
    const first = startWorker(network, { backend: () => new Promise(() => undefined) });
    await clock.advance(100);
    const attempt = pool.run(job(1));
    await clock.advance(10);
    network.cut();
    first.client.kill();
    startWorker(network, { instance: 'instance-2' });
    await clock.advance(10);
    expect(attempt.outcomes).toMatchObject([{ kind: 'released', failure: { code: 'worker.lost' } }]);
  });

  test('before a job: the job waits a little for the link, and then says that the worker is out of reach', async () => {
    const { clock, network, pool } = setupJoined();
    startWorker(network);
    await clock.advance(100);
    network.cut();
    const soon = pool.run(job(1));
    await clock.advance(2_000);
    expect(soon.outcomes).toMatchObject([{ kind: 'succeeded' }]);
    network.accept = undefined;
    network.cut();
    const later = pool.run(job(2));
    await clock.advance(linkLimits.cutGraceMs);
    expect(later.outcomes).toMatchObject([{ kind: 'retry', failure: { code: 'backend.unreachable' } }]);
  });
});

describe('leases that only one side knows', () => {
  test('a run that never arrived is released after two beats without it', async () => {
    const { clock, network, pool } = setupJoined();
    startWorker(network);
    await clock.advance(100);
    const { send } = network.pool;
    network.pool.send = (text) => {
      if (!text.includes('"run"')) send.call(network.pool, text);
    };
    const attempt = pool.run(job(1));
    await clock.advance(heartbeatMs);
    expect(attempt.outcomes).toEqual([]);
    await clock.advance(heartbeatMs);
    expect(attempt.outcomes).toMatchObject([{ kind: 'released', failure: { code: 'worker.lost' } }]);
  });

  test('after a restart of the pool the worker drops what runs, and its results are on record as late', async () => {
    const { clock, network, pool } = setupJoined();
    const stopped: boolean[] = [];
    const { client } = startWorker(network, {
      backend: ({ assignmentId: n }, { signal }) =>
        n === 1
          ? Promise.resolve({ kind: 'failed', failure: { code: 'model.unknown', message: 'x' } })
          : new Promise(() => signal.addEventListener('abort', () => stopped.push(true))),
    });
    await clock.advance(100);
    pool.run(job(1));
    pool.run(job(2));
    await clock.advance(10);
    const after = new PoolSide(network);
    network.cut();
    await clock.advance(5_000);
    expect(stopped).toEqual([true]);
    expect(after.late).toMatchObject([{ assignmentId: 1, outcome: { kind: 'failed' } }]);
    client.stop();
    await clock.advance(10);
    expect(await client.ended).toEqual({ kind: 'stopped' }); // It holds nothing any more.
  });

  test('a run that comes twice is run once', async () => {
    const { clock, network, pool } = setupJoined();
    let begun = 0;
    startWorker(network, {
      backend: () => {
        begun += 1;
        return new Promise(() => undefined);
      },
    });
    await clock.advance(100);
    pool.run(job(1));
    const run = network.pool.sent.find((text) => text.includes('"run"')) ?? '';
    network.pool.send(run);
    await clock.advance(10);
    expect(begun).toBe(1);
  });
});

test('whatever the frames at which the link is cut, followers read the whole text once, and each job ends once', async () => {
  const cuts = fc.array(fc.nat({ max: 30 }), { maxLength: 8 });
  const pieces = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }), {
    minLength: 1,
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(cuts, pieces, fc.integer({ min: 1, max: 400 }), async (gaps, texts, delayMs) => {
      const clock = new VirtualClock();
      const network = new LinkNetwork(clock);
      const pool = new PoolSide(network);
      const { client } = startWorker(network, { backend: typist(clock, texts, delayMs) });
      await clock.advance(100);
      const left = [...gaps];
      let until = left.shift();
      network.onFrame = () => {
        if (until === undefined) return;
        if (until === 0) network.cut();
        until = until === 0 ? left.shift() : until - 1;
      };
      const jobs = [job(1), job(2)];
      const attempts = jobs.map((each) => pool.run(each));
      for (const [at, attempt] of attempts.entries()) {
        for (let waited = 0; attempt.outcomes.length === 0 && waited < 200; waited += 1)
          await clock.advance(1_000);
        pool.links.hear(endedFact(jobs[at] ?? job(1)));
      }
      network.onFrame = () => undefined;
      await clock.advance(60_000);
      const released = attempts.filter(({ outcomes: [first] }) => first?.kind === 'released');
      const whole = attempts.filter(({ outcomes: [first] }) => first?.kind === 'succeeded');
      // A lease whose `run` was lost on its way is released; any other is whole.
      expect(released.length + whole.length).toBe(2);
      if (gaps.length === 0) expect(whole).toHaveLength(2);
      for (const { text, outcomes } of whole) {
        expect(text).toBe(texts.join(''));
        expect(outcomes).toHaveLength(1);
      }
      for (const { text, outcomes } of released) expect([text, outcomes.length]).toEqual(['', 1]);
      expect(pool.late).toEqual([]);
      client.stop();
      await clock.advance(60_000);
      expect(await client.ended).toEqual({ kind: 'stopped' });
      pool.links.close();
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 150 },
  );
});
