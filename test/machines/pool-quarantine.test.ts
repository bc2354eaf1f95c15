import { describe, expect, test } from 'vitest';
import { workerId } from '../../src/machines/identifiers.ts';
import { limits } from '../../src/machines/limits.ts';
import { makeSpec, makeTicket, success } from '../support/pool-samples.ts';
import { type PoolBench, setupPool } from '../support/setup-pool.ts';

/** So many crashes within the window are mended; the next one is not. */
const mended = limits.crashesPerWindowMax;
const a = makeSpec('a', { slots: 2 });

/** Its actor itself crashes, after it has come alive again. */
function crashWorker(bench: PoolBench, count: number, name = 'a'): void {
  for (let crashes = 0; crashes < count; crashes += 1) {
    bench.beat(name);
    bench.miss(name);
  }
}

/** Lost, and watched again: what the pool saw of a worker whose actor was started anew. */
function restartsOf(bench: PoolBench, name: string): number {
  return (bench.world.watches.get(workerId(name)) ?? 0) - 1;
}

describe('a worker whose actor crashes', () => {
  const setup = (...others: readonly string[]) =>
    setupPool({ workers: [a, ...others.map((name) => makeSpec(name))], isFragile: true });

  test('so often as is forgiven is started anew each time', () => {
    const bench = setup();
    crashWorker(bench, mended);
    expect(restartsOf(bench, 'a')).toBe(mended);
    expect(bench.admissionsOf('a')).toEqual([]);
    bench.admit(makeTicket(1));
    bench.beat('a');
    expect(bench.holderOf(1)).toBe('a');
  });

  test('is told of as lost once, whatever its new actor finds', () => {
    const bench = setup();
    crashWorker(bench, 1);
    bench.miss('a', 3);
    expect(bench.factsOfType('worker.changed').map(({ to }) => to)).toEqual(['lost']);
  });

  test('once more is in quarantine: on record, without an actor, and its tasks go elsewhere', () => {
    const bench = setup('b');
    crashWorker(bench, mended);
    bench.beat('a');
    bench.admit(makeTicket(1), makeTicket(2), makeTicket(3));
    bench.turn();
    expect([1, 2, 3].map((seq) => bench.holderOf(seq))).toEqual(['a', 'b', 'a']);
    bench.miss('a');
    expect(bench.factsOfType('worker.readmitted')).toMatchObject([
      {
        workerId: 'a',
        from: 'active',
        to: 'quarantined',
        detail: expect.stringContaining('6 times within 60 s'),
      },
    ]);
    expect(Object.keys(bench.pool.getSnapshot().children)).not.toContain('a');
    expect([bench.world.watching, bench.roster.leaseCount]).toEqual([1, 1]);
    for (const seq of [2, 1, 3]) bench.settle(seq, success);
    expect(bench.factsOfType('task.completed').every(({ workerId: by }) => by === 'b')).toBe(true);
    expect(bench.factsOf(3)).toContainEqual(
      expect.objectContaining({
        reason: expect.objectContaining({
          candidates: expect.arrayContaining([
            expect.objectContaining({ worker_id: 'a', refusal: 'quarantined' }),
          ]),
        }),
      }),
    );
  });

  test('in quarantine hears no order but to come back, and then has all its chances again', () => {
    const bench = setup();
    crashWorker(bench, mended + 1);
    for (const order of ['rest', 'activate', 'drain'] as const) bench.order('a', order);
    expect(bench.admissionsOf('a')).toEqual(['quarantined']);
    bench.order('a', 'resume');
    expect(bench.admissionsOf('a')).toEqual(['quarantined', 'active']);
    expect(bench.world.watching).toBe(1);
    bench.admit(makeTicket(1));
    bench.turn();
    expect(bench.storyOf(1)).toEqual([]);
    bench.beat('a');
    expect(bench.holderOf(1)).toBe('a');
    crashWorker(bench, mended);
    expect(bench.entryOf('a').admission).toBe('active');
    crashWorker(bench, 1);
    expect(bench.entryOf('a').admission).toBe('quarantined');
  });

  test('called back is not forgiven more than others, by what is forgotten of its former crashes', async () => {
    const bench = setup();
    crashWorker(bench, mended + 1);
    bench.order('a', 'resume');
    await bench.advance(limits.crashWindowMs - 1);
    crashWorker(bench, mended);
    await bench.advance(1);
    crashWorker(bench, 1);
    expect(bench.admissionsOf('a')).toEqual(['quarantined', 'active', 'quarantined']);
  });

  test('called back is given work only once it has been heard', () => {
    const bench = setup();
    crashWorker(bench, mended + 1);
    bench.order('a', 'resume');
    bench.beat('a');
    expect(bench.factsOfType('worker.changed').at(-1)).toMatchObject({ from: 'probing', to: 'alive' });
  });

  test('in quarantine leaves no lease that was on its way to the disk', () => {
    const bench = setup();
    crashWorker(bench, mended);
    bench.beat('a');
    bench.admit(makeTicket(1));
    bench.handOut();
    bench.world.miss(workerId('a'));
    bench.commit();
    bench.turn();
    expect([bench.storyOf(1), bench.roster.leaseCount]).toEqual([['assigned', 'retried'], 0]);
    expect(bench.world.begun).toEqual([]);
  });

  test('far apart is never in quarantine', async () => {
    const bench = setup();
    for (let crashes = 0; crashes < 4 * mended; crashes += 1) {
      crashWorker(bench, 1);
      await bench.advance(limits.crashWindowMs / mended);
    }
    expect(bench.admissionsOf('a')).toEqual([]);
  });

  test('is in quarantine by what is left when the first of its crashes is forgotten', async () => {
    const bench = setup();
    crashWorker(bench, 1);
    await bench.advance(limits.crashWindowMs / 2);
    crashWorker(bench, mended - 1);
    await bench.advance(limits.crashWindowMs / 2);
    crashWorker(bench, 1);
    expect(bench.admissionsOf('a')).toEqual([]);
    crashWorker(bench, 1);
    expect(bench.admissionsOf('a')).toEqual(['quarantined']);
  });

  test('is on record as lost, with where to look, and so are its tasks', () => {
    const bench = setup();
    bench.admit(makeTicket(1));
    bench.turn();
    bench.miss('a');
    const detail = 'its actor crashed; the server log has the stack';
    expect(bench.factsOfType('worker.changed').at(-1)).toMatchObject({ to: 'lost', detail });
    expect(bench.factsOfType('task.retried')).toMatchObject([
      { failure: { code: 'worker.lost', message: `worker a was lost: ${detail}` } },
    ]);
  });

  test('and is gone before that is forgotten leaves a pool that goes on', async () => {
    const bench = setup('b');
    crashWorker(bench, 1);
    bench.reconfigure([makeSpec('b')]);
    bench.turn();
    expect(bench.factsOfType('worker.retired')).toHaveLength(1);
    await bench.advance(limits.crashWindowMs);
    bench.admit(makeTicket(1));
    bench.turn();
    expect([bench.holderOf(1), bench.pendingTimers()]).toEqual(['b', 0]);
  });

  test.each([
    'standby',
    'drained',
  ] as const)('while it is %s is so afterwards, and says nothing of it', (admission) => {
    const policy = { workersMin: 0 };
    const bench = setupPool({ workers: [a], admissions: { a: admission }, policy, isFragile: true });
    crashWorker(bench, 2);
    expect([bench.entryOf('a').admission, bench.admissionsOf('a')]).toEqual([admission, []]);
    bench.admit(makeTicket(1));
    bench.order('a', 'resume');
    bench.beat('a');
    expect(bench.holderOf(1)).toBe('a');
  });

  test('leaves nothing behind, however often', async () => {
    const bench = setup('b');
    for (let crashes = 0; crashes <= mended; crashes += 1) {
      bench.beat('a');
      bench.admit(makeTicket(crashes + 1));
      bench.turn();
      bench.miss('a');
    }
    bench.cancel(makeTicket(1), 'held');
    bench.commit();
    bench.turn();
    while (bench.world.executions.size > 0) {
      for (const execution of [...bench.world.executions.values()]) execution.settle(success);
      bench.turn();
    }
    await bench.advance(limits.crashWindowMs);
    expect([
      bench.board.liveCount,
      bench.roster.leaseCount,
      bench.pendingTimers(),
      bench.world.watching,
    ]).toEqual([0, 0, 0, 1]);
  });

  test('with a cancelled task makes room for another where the leases of all are limited', () => {
    const bench = setupPool({ workers: [a, makeSpec('b')], policy: { leasesMax: 1 }, isFragile: true });
    bench.admit(makeTicket(1), makeTicket(2));
    bench.turn();
    bench.cancel(makeTicket(1), 'held');
    bench.miss('a');
    expect(bench.holderOf(2)).toBe('b');
  });

  test('while it leaves is gone all the same', () => {
    const bench = setup();
    bench.admit(makeTicket(1));
    bench.turn();
    bench.reconfigure([]);
    bench.turn();
    bench.cancel(makeTicket(1), 'held');
    bench.miss('a');
    expect(bench.factsOfType('worker.retired')).toHaveLength(1);
    expect([bench.world.watching, Object.keys(bench.pool.getSnapshot().children)]).toEqual([
      0,
      ['endpoint:http://a:11434'],
    ]);
  });
});
