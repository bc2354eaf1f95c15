import { describe, expect, test } from 'vitest';
import { makeSpec, makeTicket, success, taskIdOf } from '../support/pool-samples.ts';
import { type PoolBench, setupPool } from '../support/setup-pool.ts';

const [a, b] = [makeSpec('a'), makeSpec('b')];

function admit(bench: PoolBench, ...seqs: readonly number[]): void {
  bench.admit(...seqs.map((seq) => makeTicket(seq)));
  bench.turn();
}

function workersOf(bench: PoolBench): readonly string[] {
  return Object.keys(bench.pool.getSnapshot().children).filter((name) => !name.includes(':'));
}

describe('a pool that was paused when its process ended', () => {
  test('hands out nothing, takes in what comes, and goes on when it is resumed', () => {
    const bench = setupPool({ isPaused: true });
    expect(bench.state).toEqual({ running: 'paused' });
    admit(bench, 1, 2);
    expect([bench.storyOf(1), bench.facts]).toEqual([[], []]);
    bench.pool.send({ type: 'pool.resume' });
    bench.turn();
    bench.settle(1, success);
    expect([bench.storyOf(1), bench.storyOf(2)]).toEqual([['assigned', 'completed'], ['assigned']]);
    expect(bench.facts[0]).toEqual({ type: 'pool.resumed' });
  });

  test('takes a new configuration meanwhile, and can be cancelled from and drained', () => {
    const bench = setupPool({ workers: [a], isPaused: true });
    admit(bench, 1);
    bench.reconfigure([b]);
    bench.turn();
    expect(workersOf(bench)).toEqual(['b']);
    bench.cancel(makeTicket(1));
    expect(bench.storyOf(1)).toEqual(['cancelled']);
    expect(bench.board.get(taskIdOf(1))).toBeUndefined();
    bench.pool.send({ type: 'pool.drain' });
    expect(bench.state).toBe('stopped');
  });
});
