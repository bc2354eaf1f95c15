import { describe, expect, test } from 'vitest';
import { makeTicket, success, transient } from '../support/pool-samples.ts';
import { setupPool } from '../support/setup-pool.ts';

const drain = { type: 'pool.drain' } as const;

describe('a drain', () => {
  test('of an idle pool ends at once', () => {
    const bench = setupPool();
    bench.pool.send(drain);
    expect(bench.state).toBe('stopped');
    expect(bench.facts).toEqual([{ type: 'pool.draining', leases: 0 }, { type: 'pool.stopped' }]);
    expect(bench.pool.getSnapshot().status).toBe('done');
  });

  test('lets what runs end, and hands out nothing more', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1), makeTicket(2));
    bench.turn();
    bench.pool.send(drain);
    bench.turn();
    expect(bench.state).toBe('draining');
    bench.world.settle(bench.leaseOf(1), success);
    expect(bench.state).toBe('stopped');
    expect(bench.storyOf(1)).toEqual(['assigned', 'completed']);
    expect(bench.storyOf(2)).toEqual([]);
    expect(bench.facts.at(-1)).toEqual({ type: 'pool.stopped' });
  });

  test('waits for a lease that is on its way to the disk', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.handOut();
    bench.pool.send(drain);
    bench.commit();
    expect(bench.state).toBe('draining');
    bench.world.settle(bench.leaseOf(1), success);
    expect(bench.state).toBe('stopped');
  });

  test('ends when its grace is over: what still runs is stopped and waits again', async () => {
    const bench = setupPool({ drainGraceMs: 10_000, workers: 2 });
    bench.admit(makeTicket(1), makeTicket(2));
    bench.turn();
    bench.pool.send(drain);
    await bench.advance(9_999);
    expect(bench.state).toBe('draining');
    await bench.advance(1);
    expect(bench.state).toBe('stopped');
    expect(bench.storyOf(1)).toEqual(['assigned', 'retried']);
    expect(bench.factsOf(1).at(-1)).toMatchObject({
      failure: { code: 'worker.lost', message: 'worker local_001 was lost: the server is stopping' },
      delayMs: 0,
    });
    expect(bench.facts.at(-1)).toEqual({ type: 'pool.stopped' });
    expect(bench.world.executions.size).toBe(0);
  });

  test('of a paused pool works the same way', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.turn();
    bench.pool.send({ type: 'pool.pause' });
    bench.pool.send(drain);
    expect(bench.state).toBe('draining');
    bench.world.settle(bench.leaseOf(1), success);
    expect(bench.state).toBe('stopped');
  });

  test('that is asked for twice is one drain', async () => {
    const bench = setupPool({ drainGraceMs: 10_000 });
    bench.admit(makeTicket(1));
    bench.turn();
    bench.pool.send(drain);
    await bench.advance(6_000);
    bench.pool.send(drain);
    await bench.advance(4_000);
    expect(bench.state).toBe('stopped');
    expect(bench.factsOfType('pool.draining')).toHaveLength(1);
  });

  test('does not wait for tasks that back off or are scheduled, and leaves none of their timers', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1), makeTicket(2, { delayMs: 30_000 }));
    bench.turn();
    bench.world.settle(bench.leaseOf(1), transient);
    bench.pool.send(drain);
    expect(bench.state).toBe('stopped');
    expect(bench.pendingTimers()).toBe(0);
    expect(bench.clock.pending).toBe(0);
    expect(bench.storyOf(1)).toEqual(['assigned', 'retried']);
  });

  test('is not held up by a worker that is lost meanwhile', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.turn();
    bench.pool.send(drain);
    for (let misses = 0; misses < 3; misses += 1) bench.world.miss(bench.specs[0]?.workerId as never);
    expect(bench.state).toBe('stopped');
    expect(bench.storyOf(1)).toEqual(['assigned', 'retried']);
  });

  test('ends what is cancelled meanwhile', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.turn();
    bench.pool.send(drain);
    bench.cancel(makeTicket(1), 'held');
    bench.commit();
    expect(bench.state).toBe('stopped');
    expect(bench.storyOf(1)).toEqual(['assigned', 'cancelled']);
  });
});
