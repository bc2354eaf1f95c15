import { describe, expect, test } from 'vitest';
import { endpointMachine } from '../../src/machines/endpoint-machine.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { limits } from '../../src/machines/limits.ts';
import { retry } from '../../src/machines/outcome.ts';
import { makeSpec, makeTicket, success } from '../support/pool-samples.ts';
import { type PoolBench, setupPool } from '../support/setup-pool.ts';

/** So many crashes within the window are mended; the next one is not. */
const mended = limits.crashesPerWindowMax;
const broken = retry('backend.error', 'the server answered 500');
const endpoint = 'http://a:11434';

const fragileBreaker = endpointMachine.provide({
  actions: {
    countFailure: () => {
      throw new Error('the breaker was told to crash');
    },
  },
});

/** The only worker runs `count` tasks whose executions crash, at once after each other. */
async function crashExecutions(bench: PoolBench, count: number, apartMs = 0): Promise<void> {
  for (let crashes = 0; crashes < count; crashes += 1) {
    bench.world.crashNext = 1;
    const seq = 1 + bench.factsOfType('task.assigned').length;
    bench.admit(makeTicket(seq, { retriesMax: 0 }));
    bench.turn();
    bench.beat('a');
    if (apartMs > 0) await bench.advance(apartMs);
  }
}

/** Lost, and watched again: what the pool saw of a worker whose actor was started anew. */
function restartsOf(bench: PoolBench, name: string): number {
  return (bench.world.watches.get(workerId(name)) ?? 0) - 1;
}

const a = makeSpec('a', { slots: 2 });

describe('executions that crash', () => {
  test('so often as is forgiven cost their tasks an attempt, and nothing else', async () => {
    const bench = setupPool({ workers: [a] });
    await crashExecutions(bench, mended);
    expect(bench.factsOfType('task.failed').map(({ failure }) => failure.code)).toEqual(
      Array(mended).fill('execution.crashed'),
    );
    expect([bench.entryOf('a').liveness, restartsOf(bench, 'a')]).toEqual(['alive', 0]);
  });

  test('once more take their worker down: its other task goes back to the queue, and it starts anew', async () => {
    const bench = setupPool({ workers: [a] });
    bench.admit(makeTicket(99));
    bench.turn();
    await crashExecutions(bench, mended);
    bench.world.crashNext = 1;
    bench.admit(makeTicket(50));
    bench.turn();
    expect(bench.factsOfType('worker.changed').at(-1)).toMatchObject({ workerId: 'a', to: 'lost' });
    expect([bench.storyOf(99), bench.storyOf(50)]).toEqual([
      ['assigned', 'retried'],
      ['assigned', 'retried'],
    ]);
    expect([restartsOf(bench, 'a'), bench.world.watching, bench.world.executions.size]).toEqual([1, 1, 0]);
    bench.beat('a');
    expect([bench.storyOf(99).length, bench.storyOf(50).length]).toEqual([3, 3]);
  });

  test('far apart never do', async () => {
    const bench = setupPool({ workers: [a] });
    await crashExecutions(bench, 4 * mended, limits.crashWindowMs / mended);
    expect(restartsOf(bench, 'a')).toBe(0);
  });

  test('that are forgotten leave no timer', async () => {
    const bench = setupPool({ workers: [a] });
    await crashExecutions(bench, mended);
    expect(bench.pendingTimers()).toBe(mended);
    await bench.advance(limits.crashWindowMs);
    expect(bench.pendingTimers()).toBe(0);
  });
});

describe('a heartbeat that crashes', () => {
  async function crashHeartbeat(bench: PoolBench, count: number, apartMs = 1_000): Promise<void> {
    for (let crashes = 0; crashes < count; crashes += 1) {
      bench.world.blindProbes = 1;
      bench.pool.send({ type: 'pool.probe', workerId: workerId('a') });
      await bench.advance(apartMs);
    }
  }

  test('so often as is forgiven is started anew by its worker, which keeps what it runs', async () => {
    const bench = setupPool({ workers: [a] });
    bench.admit(makeTicket(1));
    bench.turn();
    await crashHeartbeat(bench, mended);
    expect(restartsOf(bench, 'a')).toBe(mended);
    expect(bench.factsOfType('worker.changed').map(({ to }) => to)).not.toContain('lost');
    bench.settle(1, success);
    expect(bench.storyOf(1)).toEqual(['assigned', 'completed']);
  });

  test('once more takes its worker down, and the pool starts that anew', async () => {
    const bench = setupPool({ workers: [a] });
    bench.admit(makeTicket(1));
    bench.turn();
    await crashHeartbeat(bench, mended + 1);
    expect(bench.factsOfType('worker.changed').at(-1)).toMatchObject({ to: 'lost' });
    expect(bench.storyOf(1)).toEqual(['assigned', 'retried']);
    expect([bench.world.watching, bench.world.executions.size]).toEqual([1, 0]);
    bench.beat('a');
    expect(bench.storyOf(1)).toEqual(['assigned', 'retried', 'assigned']);
  });

  test('far apart never does', async () => {
    const bench = setupPool({ workers: [a] });
    await crashHeartbeat(bench, 3 * mended, limits.crashWindowMs / mended);
    expect(bench.factsOfType('worker.changed').map(({ to }) => to)).not.toContain('lost');
  });
});

describe('the breaker of an endpoint that crashes', () => {
  const setup = () => setupPool({ workers: [a], endpoint: fragileBreaker });
  const crash = (bench: PoolBench, count: number) => {
    for (let crashes = 0; crashes < count; crashes += 1) {
      const seq = 1 + bench.factsOfType('task.assigned').length;
      bench.admit(makeTicket(seq, { retriesMax: 0 }));
      bench.turn();
      bench.settle(seq, broken);
    }
  };

  test('is started anew, closed, and the worker before it goes on', () => {
    const bench = setup();
    bench.admit(makeTicket(99));
    bench.turn();
    crash(bench, 1);
    expect(bench.factsOfType('endpoint.changed')).toMatchObject([
      { endpoint, to: 'closed', detail: expect.stringContaining('started anew') },
    ]);
    expect(Object.keys(bench.pool.getSnapshot().children)).toContain(`endpoint:${endpoint}`);
    bench.settle(99, success);
    expect(bench.storyOf(99)).toEqual(['assigned', 'completed']);
    expect(bench.factsOfType('worker.changed')).toEqual([]);
  });

  test('too often is left away, with a fact: its server is called as if there were none', async () => {
    const bench = setup();
    crash(bench, mended + 1);
    expect(bench.factsOfType('endpoint.changed')).toHaveLength(mended + 1);
    expect(bench.factsOfType('endpoint.changed').at(-1)).toMatchObject({
      to: 'closed',
      detail: expect.stringContaining('goes without one'),
    });
    expect(Object.keys(bench.pool.getSnapshot().children)).toEqual(['a']);
    crash(bench, 10);
    bench.pool.send({ type: 'pool.reset', endpoint });
    bench.admit(makeTicket(99));
    bench.turn();
    bench.settle(99, success);
    expect(bench.storyOf(99)).toEqual(['assigned', 'completed']);
    await bench.advance(limits.crashWindowMs);
    expect(bench.pendingTimers()).toBe(0);
  });

  test('while it keeps its server from work lets what waits go on', () => {
    const forgetful = endpointMachine.provide({
      actions: {
        forgetFailures: () => {
          throw new Error('the breaker was told to crash');
        },
      },
    });
    const bench = setupPool({ workers: [a], endpoint: forgetful });
    crash(bench, 3);
    bench.admit(makeTicket(99));
    bench.turn();
    expect(bench.storyOf(99)).toEqual([]);
    bench.pool.send({ type: 'pool.reset', endpoint });
    bench.turn();
    expect(bench.breakersOf(endpoint).at(-1)).toBe('closed');
    expect(bench.storyOf(99)).toEqual(['assigned']);
  });

  test('far apart is started anew each time', async () => {
    const bench = setup();
    for (let crashes = 0; crashes < 3 * mended; crashes += 1) {
      crash(bench, 1);
      await bench.advance(limits.crashWindowMs / mended);
    }
    expect(Object.keys(bench.pool.getSnapshot().children)).toContain(`endpoint:${endpoint}`);
  });
});

test('the pool outlives the crash of a child that it does not know', () => {
  const bench = setupPool({ workers: [a] });
  const gone = { actorId: 'nobody', error: new Error('late') };
  bench.pool.send({ type: 'xstate.error.actor.nobody', ...gone });
  expect(bench.faults).toEqual([]);
  bench.admit(makeTicket(1));
  bench.turn();
  expect(bench.storyOf(1)).toEqual(['assigned']);
});
