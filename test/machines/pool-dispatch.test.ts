import { describe, expect, test } from 'vitest';
import { makeSpec, makeTicket, success, transient } from '../support/pool-samples.ts';
import { setupPool } from '../support/setup-pool.ts';

describe('a waiting task', () => {
  test('is handed out by priority, 10 before 1, and by age within one', () => {
    const bench = setupPool();
    bench.admit(...[1, 10, 5, 10, 1, 9].map((priority, at) => makeTicket(at + 1, { priority })));
    const order: number[] = [];
    for (let ended = 0; ended < 6; ended += 1) {
      bench.turn();
      const lease = [...bench.world.executions.values()][0];
      if (lease === undefined) throw new Error('something runs');
      order.push(Number(lease.run.taskId.slice(-6)));
      bench.world.settle(lease.run.assignmentId, success);
    }
    expect(order).toEqual([2, 4, 6, 3, 1, 5]);
  });

  test('waits until its lease is on disk before anything begins', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.handOut();
    expect(bench.storyOf(1)).toEqual(['assigned']);
    expect(bench.world.begun).toEqual([]);
    expect(bench.roster.leaseCount).toBe(1);
    bench.commit();
    expect(bench.world.begun).toEqual([1]);
  });

  test('keeps its place while it waits for the only worker that can do it', () => {
    const translator = makeSpec('translator', { capabilities: ['translation'] });
    const bench = setupPool({ workers: [makeSpec('other', { capabilities: ['general'] }), translator] });
    bench.admit(
      makeTicket(1, { taskType: 'translation' }),
      makeTicket(2, { taskType: 'translation' }),
      makeTicket(3, { taskType: 'translation', priority: 9 }),
      makeTicket(4),
    );
    bench.turn();
    expect([bench.holderOf(3), bench.holderOf(4)]).toEqual(['translator', 'other']);
    bench.world.settle(bench.leaseOf(3), success);
    bench.turn();
    expect(bench.holderOf(1)).toBe('translator');
  });

  test('is told why it went where it went', () => {
    const bench = setupPool({ workers: 2 });
    bench.admit(makeTicket(1));
    bench.turn();
    expect(bench.factsOfType('task.assigned')[0]?.reason).toMatchObject({
      choice: 'local_001',
      candidates: [{ worker_id: 'local_001' }, { worker_id: 'local_002', refusal: 'less suitable' }],
    });
  });

  test('waits while no worker lives, and goes when one does', () => {
    const bench = setupPool({ isSilent: true });
    bench.admit(makeTicket(1));
    bench.turn();
    expect(bench.storyOf(1)).toEqual([]);
    bench.world.beat(bench.specs[0]?.workerId as never);
    bench.turn();
    expect(bench.storyOf(1)).toEqual(['assigned']);
  });

  test('goes to the worker whose server was seen to have its model', () => {
    const bench = setupPool({ workers: [makeSpec('a'), makeSpec('b')] });
    const seen = (name: string) => ({
      models: [{ name, sizeBytes: null, contextTokensMax: null }],
      residents: null,
    });
    bench.beat('a', seen('other:1b'));
    bench.beat('b', seen('gpt-oss:20b'));
    bench.admit(makeTicket(1));
    bench.turn();
    expect(bench.holderOf(1)).toBe('b');
    expect(bench.factsOf(1)).toMatchObject([
      { reason: { candidates: [{ worker_id: 'a', refusal: 'lacks the model' }, { worker_id: 'b' }] } },
    ]);
  });

  test('is not given to a worker that is suspected', () => {
    const bench = setupPool();
    const worker = bench.specs[0]?.workerId as never;
    bench.world.miss(worker);
    bench.admit(makeTicket(1));
    bench.turn();
    expect(bench.storyOf(1)).toEqual([]);
    bench.world.beat(worker);
    bench.turn();
    expect(bench.storyOf(1)).toEqual(['assigned']);
  });
});

describe('a task whose model is loaded', () => {
  test('goes before one that would have another loaded, and runs', () => {
    const routing = { strategy: 'priority_based', rules: [], agingMs: 0, bypassesMax: 1 } as const;
    const bench = setupPool({ policy: { routing } });
    bench.admit(makeTicket(1, { model: 'small' }));
    bench.turn();
    bench.admit(makeTicket(2, { model: 'other' }), makeTicket(3, { model: 'small' }));
    bench.settle(1, success);
    expect([bench.storyOf(2), bench.storyOf(3)]).toEqual([[], ['assigned']]);
    bench.settle(3, success);
    expect([bench.storyOf(2), bench.storyOf(3)]).toEqual([['assigned'], ['assigned', 'completed']]);
  });
});

describe('a failed attempt', () => {
  test('comes back after its backoff, to its old place', async () => {
    const bench = setupPool();
    bench.admit(makeTicket(1), makeTicket(2), makeTicket(3));
    bench.turn();
    bench.world.settle(bench.leaseOf(1), transient, 0);
    bench.turn();
    expect(bench.storyOf(1)).toEqual(['assigned', 'retried']);
    expect(bench.holderOf(2)).toBe('local_001');
    await bench.advance(499);
    bench.world.settle(bench.leaseOf(2), success);
    bench.turn();
    expect(bench.holderOf(3)).toBe('local_001'); // Nothing is handed out before its time.
    await bench.advance(1);
    bench.admit(makeTicket(4));
    bench.world.settle(bench.leaseOf(3), success);
    bench.turn();
    expect(bench.storyOf(1)).toEqual(['assigned', 'retried', 'assigned']);
    expect(bench.storyOf(4)).toEqual([]);
  });

  test('fails for good after as many retries as the task asked for', async () => {
    const bench = setupPool();
    bench.admit(makeTicket(1, { retriesMax: 1 }));
    bench.turn();
    bench.world.settle(bench.leaseOf(1), transient);
    await bench.advance(10_000);
    bench.world.settle(bench.leaseOf(1), transient);
    bench.turn();
    expect(bench.storyOf(1)).toEqual(['assigned', 'retried', 'assigned', 'failed']);
    expect(bench.board.liveCount).toBe(0);
  });
});

describe('a paused pool', () => {
  test('hands out nothing, lets what runs end, and goes on when told', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1), makeTicket(2));
    bench.turn();
    bench.pool.send({ type: 'pool.pause' });
    bench.world.settle(bench.leaseOf(1), success);
    bench.turn();
    expect(bench.storyOf(1)).toEqual(['assigned', 'completed']);
    expect(bench.storyOf(2)).toEqual([]);
    bench.pool.send({ type: 'pool.resume' });
    bench.turn();
    expect(bench.storyOf(2)).toEqual(['assigned']);
    expect(bench.facts.filter(({ type }) => type.startsWith('pool.'))).toEqual([
      { type: 'pool.paused' },
      { type: 'pool.resumed' },
    ]);
  });

  test('is not paused twice, nor resumed twice', () => {
    const bench = setupPool();
    for (const type of ['pool.pause', 'pool.pause', 'pool.resume', 'pool.resume'] as const)
      bench.pool.send({ type });
    expect(bench.facts.map(({ type }) => type)).toEqual(['pool.paused', 'pool.resumed']);
  });
});
