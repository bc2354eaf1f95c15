import { describe, expect, test } from 'vitest';
import { assignmentId } from '../../src/machines/identifiers.ts';
import { retry } from '../../src/machines/outcome.ts';
import { makeSpec, makeTicket, success, taskIdOf } from '../support/pool-samples.ts';
import { breakerPolicy, firstWaitMs } from '../support/setup-endpoint.ts';
import { type PoolBench, setupPool } from '../support/setup-pool.ts';

const broken = retry('backend.error', 'the server answered 500');
const endpoint = 'http://shared:11434';
const shared = [makeSpec('a', { endpoint }), makeSpec('b', { endpoint })];
const elsewhere = makeSpec('z', { performanceFactor: 0.1 });

/** Tasks that are tried often enough. */
const ticket = (seq: number) => makeTicket(seq, { retriesMax: 20 });

/** The server fails so often in a row that it is left alone. */
function fail(bench: PoolBench): void {
  for (let failures = 0; failures < breakerPolicy.failuresMax; failures += 1) {
    bench.admit(ticket(100 + failures));
    bench.turn();
    bench.settle(100 + failures, broken);
  }
  for (let seq = 100; seq < 100 + breakerPolicy.failuresMax; seq += 1) bench.cancel(ticket(seq));
}

async function setupHalfOpen(...tasks: readonly number[]): Promise<PoolBench> {
  const bench = setupPool({ workers: shared });
  fail(bench);
  bench.admit(...tasks.map(ticket));
  bench.turn();
  expect(bench.world.executions.size).toBe(0);
  await bench.advance(firstWaitMs);
  return bench;
}

describe('a server that fails again and again', () => {
  test('is left alone by all workers that stand before it, and what waits, waits', () => {
    const bench = setupPool({ workers: shared });
    fail(bench);
    expect(bench.breakersOf(endpoint)).toEqual(['open']);
    bench.admit(ticket(1), ticket(2));
    bench.turn();
    expect([bench.storyOf(1), bench.storyOf(2)]).toEqual([[], []]);
  });

  test('loses its tasks to others', () => {
    const bench = setupPool({ workers: shared });
    fail(bench);
    bench.pool.send({ type: 'pool.enrol', spec: elsewhere, admission: 'active', detail: 'it came' });
    bench.beat('z');
    bench.admit(ticket(1));
    bench.turn();
    expect(bench.holderOf(1)).toBe('z');
    expect(bench.factsOf(1)[0]).toMatchObject({
      reason: {
        candidates: [
          { worker_id: 'a', refusal: 'endpoint is failing' },
          { worker_id: 'b', refusal: 'endpoint is failing' },
          { worker_id: 'z' },
        ],
      },
    });
  });

  test('is told of on record, with what led there', () => {
    const bench = setupPool({ workers: shared });
    fail(bench);
    expect(bench.factsOfType('endpoint.changed')).toEqual([
      {
        type: 'endpoint.changed',
        endpoint,
        from: 'closed',
        to: 'open',
        detail: '3 failures in a row, the last one: the server answered 500; tried again in 15 s',
        failures: { 'backend.error': 3 },
      },
    ]);
  });

  test('is not, while it answers in between', () => {
    const bench = setupPool({ workers: shared });
    for (let round = 1; round <= 10; round += 1) {
      bench.admit(makeTicket(round, { retriesMax: 0 }));
      bench.turn();
      bench.settle(round, round % 3 === 0 ? success : broken);
    }
    expect(bench.breakersOf(endpoint)).toEqual([]);
  });

  test('does not share its breaker with another server', () => {
    const bench = setupPool({ workers: [...shared, elsewhere] });
    bench.order('z', 'rest');
    fail(bench);
    bench.order('z', 'resume');
    expect(bench.breakersOf(elsewhere.endpoint)).toEqual([]);
  });
});

describe('a server that may be tried again', () => {
  test('is tried by one task alone, of all that wait and all workers before it, within one turn', async () => {
    const bench = await setupHalfOpen(1, 2, 3);
    bench.turn();
    expect([...bench.world.executions.keys()]).toEqual([bench.leaseOf(1)]);
    expect([bench.storyOf(1), bench.storyOf(2), bench.storyOf(3)]).toEqual([['assigned'], [], []]);
    bench.admit(ticket(4));
    bench.turn();
    expect(bench.storyOf(4)).toEqual([]);
    expect(bench.breakersOf(endpoint)).toEqual(['open', 'halfOpen']);
  });

  test('is open to all again after a success', async () => {
    const bench = await setupHalfOpen(1, 2, 3);
    bench.settle(1, success);
    expect(bench.breakersOf(endpoint).at(-1)).toBe('closed');
    expect([bench.holderOf(2), bench.holderOf(3)].sort()).toEqual(['a', 'b']);
  });

  test('is left alone for longer after a failure, and the next task tries', async () => {
    const bench = await setupHalfOpen(1, 2);
    bench.settle(1, broken);
    expect(bench.breakersOf(endpoint).at(-1)).toBe('open');
    await bench.advance(2 * firstWaitMs - 1);
    expect(bench.world.executions.size).toBe(0);
    await bench.advance(1);
    expect(bench.world.executions.size).toBe(1);
  });

  test.each([
    ['was cancelled before it began', (bench: PoolBench) => bench.cancel(ticket(1), 'held')],
    [
      'was cancelled while it ran',
      (bench: PoolBench) => {
        bench.commit();
        bench.cancel(ticket(1), 'held');
      },
    ],
    [
      'was never written',
      (bench: PoolBench) =>
        bench.pool.send({ type: 'pool.forget', tasks: [{ taskId: taskIdOf(1), waitedAt: null }] }),
    ],
    [
      'was never written, although it ran',
      (bench: PoolBench) => {
        bench.commit();
        bench.pool.send({ type: 'pool.forget', tasks: [{ taskId: taskIdOf(1), waitedAt: null }] });
      },
    ],
    ['went down with its worker', (bench: PoolBench) => bench.miss('a', 3)],
    [
      'was stopped by itself',
      (bench: PoolBench) => {
        bench.commit();
        bench.cancel(ticket(2));
        bench.world.settle(bench.leaseOf(1), retry('execution.crashed', 'it threw'));
      },
    ],
  ])('is tried by another when the trial %s', async (_what, end) => {
    const bench = setupPool({ workers: shared });
    fail(bench);
    bench.admit(ticket(1), ticket(2), ticket(3));
    await bench.clock.advance(firstWaitMs);
    bench.handOut();
    expect(bench.holderOf(1)).toBe('a');
    end(bench);
    bench.commit();
    bench.turn();
    const trials = bench.factsOfType('task.assigned').slice(breakerPolicy.failuresMax);
    expect(trials).toHaveLength(2);
    expect(bench.world.executions.size).toBe(1);
  });

  test('is tried by another when nothing is ever heard of the trial', async () => {
    const bench = await setupHalfOpen(1, 2);
    await bench.advance(breakerPolicy.openMsMax);
    expect(bench.holderOf(2)).toBe('b');
  });
});

describe('a server that asks to be left alone', () => {
  test('is, for exactly as long as it said', async () => {
    const bench = setupPool({ workers: shared });
    bench.admit(ticket(1));
    bench.turn();
    bench.settle(1, retry('backend.busy', 'its queue is full', 600_000));
    expect(bench.breakersOf(endpoint)).toEqual(['open']);
    bench.admit(ticket(2));
    await bench.advance(599_999);
    expect(bench.storyOf(2)).toEqual([]);
    await bench.advance(1);
    expect(bench.world.executions.size).toBe(1);
  });
});

describe('an operator who knows better', () => {
  test('has it called at once', () => {
    const bench = setupPool({ workers: shared });
    fail(bench);
    bench.admit(ticket(1), ticket(2));
    bench.pool.send({ type: 'pool.reset', endpoint });
    bench.turn();
    expect(bench.breakersOf(endpoint)).toEqual(['open', 'closed']);
    expect(bench.factsOfType('endpoint.changed').at(-1)?.detail).toBe('an operator closed it');
    expect([bench.storyOf(1), bench.storyOf(2)]).toEqual([['assigned'], ['assigned']]);
  });

  test('may name a server that nobody knows', () => {
    const bench = setupPool({ workers: shared });
    bench.pool.send({ type: 'pool.reset', endpoint: 'http://nowhere' });
    expect(bench.facts).toEqual([]);
  });
});

describe('a worker that was sent to another server', () => {
  const moved = { ...shared[0], endpoint: 'http://new:11434' } as (typeof shared)[number];

  test('says nothing of the new one by what still ran at the old one', () => {
    const [a] = shared;
    const bench = setupPool({ workers: [{ ...a, slots: 3 } as (typeof shared)[number]] });
    bench.admit(ticket(1), ticket(2), ticket(3));
    bench.turn();
    bench.reconfigure([{ ...moved, slots: 3 }]);
    for (const seq of [1, 2, 3]) bench.settle(seq, broken);
    expect([bench.breakersOf(moved.endpoint), bench.breakersOf(endpoint)]).toEqual([[], ['open']]);
  });

  test.each([
    ['its trial of the old one ends', (bench: PoolBench) => bench.world.settle(bench.leaseOf(1), success)],
    ['its trial of the old one was given back', (bench: PoolBench) => bench.miss('a', 3)],
  ])('leaves the old one to the others when %s', async (_what, end) => {
    const bench = await setupHalfOpen(1, 2);
    expect(bench.holderOf(1)).toBe('a');
    bench.reconfigure([moved, shared[1] as (typeof shared)[number]]);
    bench.order('a', 'drain');
    end(bench);
    bench.turn();
    expect([...bench.world.executions.values()].map(({ workerId }) => workerId)).toEqual(['b']);
  });
});

test('a breaker that says that a trial is under way is believed, also where the pool began none', () => {
  const bench = setupPool({ workers: shared });
  const trying = { breaker: 'trying', detail: 'a task is under way', openMs: 0, failuresByCode: {} } as const;
  bench.pool.send({ type: 'endpoint.noticed', endpoint, ...trying });
  bench.admit(ticket(1));
  bench.turn();
  expect([bench.breakersOf(endpoint), bench.storyOf(1)]).toEqual([['trying'], []]);
});

test('a breaker hears the endings of a lease alone that its worker holds', () => {
  const bench = setupPool({ workers: shared });
  bench.admit(ticket(1));
  bench.turn();
  for (let told = 0; told < 5; told += 1) {
    const { workerId } = shared[1] as (typeof shared)[number];
    const forged = {
      taskId: taskIdOf(1),
      assignmentId: assignmentId(1),
      outcome: broken,
      draw: 0,
      elapsedMs: 0,
    };
    bench.pool.send({ type: 'worker.settled', workerId, ...forged });
  }
  expect(bench.breakersOf(endpoint)).toEqual([]);
});
