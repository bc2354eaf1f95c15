import { describe, expect, test } from 'vitest';
import { workerId } from '../../src/machines/identifiers.ts';
import { noUsage, type Outcome } from '../../src/machines/outcome.ts';
import { final, makeSpec, makeTicket, success, transient } from '../support/pool-samples.ts';
import { type PoolBench, setupPool } from '../support/setup-pool.ts';

const cached: Outcome = { kind: 'succeeded', output: 'known', usage: { ...noUsage, doneReason: 'cached' } };

function run(bench: PoolBench, seq: number, outcome: Outcome, elapsedMs: number): void {
  bench.admit(makeTicket(seq, { retriesMax: 0 }));
  bench.turn();
  bench.settle(seq, outcome, elapsedMs);
}

function expectedMs(bench: PoolBench, name: string, model = 'gpt-oss:20b'): number | undefined {
  const query = { workerId: workerId(name), model, taskType: 'general', promptChars: 100 };
  return bench.pool.getSnapshot().context.book.estimate(query)?.p50Ms;
}

/** Both do the same work; the one takes so many times as long as the other. */
function compare(bench: PoolBench, times: number): void {
  for (let seq = 1; seq <= 10; seq += 2) {
    bench.admit(makeTicket(seq), makeTicket(seq + 1));
    bench.turn();
    for (const each of [seq, seq + 1]) {
      bench.world.settle(
        bench.leaseOf(each),
        success,
        0,
        bench.holderOf(each) === 'a' ? 1_000 : 1_000 * times,
      );
    }
    bench.turn();
  }
}

const two = [makeSpec('a'), makeSpec('b')];
const routing = { strategy: 'fastest', rules: [], agingMs: 0, bypassesMax: 0 } as const;

describe('how long runs take', () => {
  test('is learned from those that ended well', () => {
    const bench = setupPool();
    run(bench, 1, success, 4_000);
    expect(expectedMs(bench, 'local_001')).toBeCloseTo(4_000);
    expect(bench.factsOfType('task.completed')[0]?.elapsedMs).toBe(4_000);
  });

  test.each([
    ['an answer that was at hand', cached],
    ['a failure', final],
    ['an attempt that is tried again', transient],
    ['a lease that was given back', { kind: 'cancelled' }],
  ] as const)('is not learned from %s', (_what, outcome) => {
    const bench = setupPool();
    run(bench, 1, outcome, 4_000);
    expect(expectedMs(bench, 'local_001')).toBeUndefined();
  });

  test('is learned for the model that did it', () => {
    const bench = setupPool();
    for (let seq = 1; seq <= 10; seq += 2) {
      run(bench, seq, success, 4_000);
      bench.admit(makeTicket(seq + 1, { model: 'small:1b' }));
      bench.turn();
      bench.settle(seq + 1, success, 1_000);
    }
    expect(expectedMs(bench, 'local_001')).toBeCloseTo(4_000);
    expect(expectedMs(bench, 'local_001', 'small:1b')).toBeCloseTo(1_000);
  });

  test('is not learned from a result that comes too late', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.turn();
    const lease = bench.leaseOf(1);
    bench.cancel(makeTicket(1), 'held');
    bench.world.settle(lease, success, 0, 4_000);
    expect(expectedMs(bench, 'local_001')).toBeUndefined();
  });

  test('is held against what was expected when the task was handed out', () => {
    const bench = setupPool();
    run(bench, 1, success, 4_000);
    expect(bench.pool.getSnapshot().context.predictionError.summary()).toBeNull();
    run(bench, 2, success, 8_000);
    expect(bench.pool.getSnapshot().context.predictionError.summary()).toMatchObject({
      runs: 1,
      medianError: expect.closeTo(0.5),
    });
    run(bench, 3, cached, 1);
    expect(bench.pool.getSnapshot().context.predictionError.summary()).toMatchObject({ runs: 1 });
  });

  test('keeps nothing waiting under the strategy that asks for it while nothing is known', () => {
    const bench = setupPool({
      workers: [makeSpec('a'), makeSpec('b', { performanceFactor: 2 })],
      policy: { routing },
    });
    bench.admit(makeTicket(1));
    bench.turn();
    expect(bench.holderOf(1)).toBe('b');
  });

  test('decides under the strategy that asks for it', () => {
    const bench = setupPool({ workers: two });
    compare(bench, 0.1);
    bench.reconfigure(two, { routing });
    bench.admit(makeTicket(99));
    bench.turn();
    expect(bench.holderOf(99)).toBe('b');
    expect(bench.factsOf(99)[0]).toMatchObject({
      reason: {
        candidates: [
          { worker_id: 'a', expected_ms: 1_000 },
          { worker_id: 'b', expected_ms: 100 },
        ],
      },
    });
  });
});

describe('performance factors', () => {
  test('of the configuration say from the start how long a task of another worker takes here', () => {
    const bench = setupPool({ workers: [makeSpec('a'), makeSpec('b', { performanceFactor: 2 })] });
    run(bench, 1, success, 4_000);
    expect(bench.factsOf(1)[0]).toMatchObject({ type: 'task.assigned', workerId: 'b' });
    expect(expectedMs(bench, 'b')).toBeCloseTo(4_000);
    expect(expectedMs(bench, 'a')).toBeCloseTo(8_000);
  });

  test('of a new configuration say so from then on', () => {
    const bench = setupPool({ workers: two });
    run(bench, 1, success, 4_000);
    expect(expectedMs(bench, 'b')).toBeCloseTo(4_000);
    bench.reconfigure([makeSpec('a'), makeSpec('b', { performanceFactor: 4 })]);
    expect(expectedMs(bench, 'b')).toBeCloseTo(1_000);
  });

  test('are corrected by what was measured, on request and on record', () => {
    const bench = setupPool({ workers: two });
    compare(bench, 4);
    bench.pool.send({ type: 'pool.rate' });
    const facts = bench.factsOfType('worker.rated');
    expect(facts).toMatchObject([
      { workerId: 'a', from: 1, to: expect.closeTo(2) },
      { workerId: 'b', from: 1, to: expect.closeTo(0.5) },
    ]);
    expect(bench.entryOf('a').performanceFactor).toBe(facts[0]?.to);
    bench.pool.send({ type: 'pool.rate' });
    expect(bench.factsOfType('worker.rated')).toHaveLength(2);
  });

  test('that were corrected are those by which the next estimates compare workers', () => {
    const bench = setupPool({ workers: two });
    compare(bench, 4);
    bench.pool.send({ type: 'pool.rate' });
    // Of factor 1: half as fast as the one of 2, and twice as fast as the one of 0.5.
    expect(expectedMs(bench, 'never seen')).toBeCloseTo(2_000);
  });

  test('stay where nothing can be compared', () => {
    const bench = setupPool({ workers: two });
    run(bench, 1, success, 4_000);
    bench.pool.send({ type: 'pool.rate' });
    expect(bench.factsOfType('worker.rated')).toEqual([]);
  });

  test('that were measured stay through a reload, but for one that the reload itself changes', () => {
    const bench = setupPool({ workers: two });
    compare(bench, 4);
    bench.pool.send({ type: 'pool.rate' });
    bench.reconfigure([makeSpec('a', { slots: 2 }), makeSpec('b', { performanceFactor: 3 })]);
    expect(bench.entryOf('a').performanceFactor).toBeCloseTo(2);
    expect(bench.entryOf('b').performanceFactor).toBe(3);
  });

  test('of a worker that was started anew are those that were measured', () => {
    const bench = setupPool({ workers: two, isFragile: true });
    compare(bench, 4);
    bench.pool.send({ type: 'pool.rate' });
    bench.miss('a');
    expect(bench.entryOf('a').performanceFactor).toBeCloseTo(2);
  });
});
