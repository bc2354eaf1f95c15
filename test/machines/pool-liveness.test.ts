import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { workerId } from '../../src/machines/identifiers.ts';
import { makeSpec, makeTicket, success, taskIdOf } from '../support/pool-samples.ts';
import { type PoolBench, setupPool } from '../support/setup-pool.ts';

const intervalMs = 15_000;

/** Beats that do not come, one each interval: the watcher tells of the silence that it has heard so far. */
async function fallSilent(bench: PoolBench, name: string, intervals: number): Promise<void> {
  for (let silentMs = intervalMs; silentMs <= intervals * intervalMs; silentMs += intervalMs) {
    await bench.advance(intervalMs);
    bench.world.miss(workerId(name), silentMs);
    bench.turn();
  }
}

describe('a worker that beats', () => {
  test('stays alive while it runs one task for ten minutes', async () => {
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.turn();
    for (let beats = 0; beats < 40; beats += 1) {
      await bench.advance(intervalMs);
      bench.beat('local_001');
    }
    expect(bench.factsOfType('worker.changed')).toEqual([]);
    bench.settle(1, success, 600_000);
    expect(bench.storyOf(1)).toEqual(['assigned', 'completed']);
  });

  test('late, twice, or one before the other is not lost, and keeps what it runs', async () => {
    const beats = fc.constantFrom('beat', 'two beats', 'miss', 'late beat');
    await fc.assert(
      fc.asyncProperty(fc.array(beats, { maxLength: 40 }), async (script) => {
        const bench = setupPool();
        bench.admit(makeTicket(1));
        bench.turn();
        let silentMs = 0;
        for (const each of script) {
          await bench.advance(each === 'late beat' ? intervalMs * 2 : intervalMs);
          silentMs = each === 'miss' ? silentMs + intervalMs : 0;
          if (silentMs >= 90_000)
            silentMs = 0; // Then it would be silent for too long.
          else if (each === 'miss') bench.world.miss(workerId('local_001'), silentMs);
          if (silentMs === 0) bench.beat('local_001');
          if (each === 'two beats') bench.beat('local_001');
        }
        expect(bench.factsOfType('worker.changed').filter(({ to }) => to === 'lost')).toEqual([]);
        expect(bench.storyOf(1)).toEqual(['assigned']);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a worker that falls silent', () => {
  test('is suspect after the first beat that did not come, and runs on', async () => {
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.turn();
    await fallSilent(bench, 'local_001', 1);
    expect(bench.factsOfType('worker.changed').map(({ to }) => to)).toEqual(['suspect']);
    expect(bench.world.stopped).toEqual([]);
  });

  test('is lost within ninety seconds, and not before', async () => {
    const bench = setupPool();
    await fallSilent(bench, 'local_001', 5);
    expect(bench.entryOf('local_001').liveness).toBe('suspect');
    await bench.advance(intervalMs);
    bench.world.miss(workerId('local_001'), 90_000);
    expect(bench.entryOf('local_001').liveness).toBe('lost');
    expect(bench.clock.monotonic()).toBe(90_000);
  });

  test('gives its tasks back: they go before those of their priority, and after the more urgent ones', async () => {
    const bench = setupPool({
      workers: [makeSpec('a', { slots: 2 }), makeSpec('b', { capabilities: ['x'] })],
    });
    bench.admit(makeTicket(1), makeTicket(2), makeTicket(3), makeTicket(4, { priority: 9 }));
    bench.turn();
    expect([1, 4].map((seq) => bench.holderOf(seq))).toEqual(['a', 'a']);
    bench.admit(makeTicket(5, { priority: 9 }));
    await fallSilent(bench, 'a', 6);
    expect(bench.roster.leaseCount).toBe(0);
    expect(bench.factsOfType('task.retried').map(({ delayMs, failures }) => [delayMs, failures])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    bench.reconfigure([makeSpec('a', { slots: 2 }), makeSpec('c')]);
    for (let ended = 0; ended < 5; ended += 1) {
      bench.beat('c');
      const [running] = [...bench.world.executions.values()];
      running?.settle(success);
    }
    const order = bench.factsOfType('task.completed').map(({ taskId }) => taskId);
    expect(order).toEqual([4, 5, 1, 2, 3].map((seq) => taskIdOf(seq)));
  });

  test('and answers after all is on record as late, and changes nothing', async () => {
    const bench = setupPool({ workers: 2 });
    bench.admit(makeTicket(1));
    bench.turn();
    const assignmentId = bench.leaseOf(1);
    await fallSilent(bench, 'local_001', 6);
    expect(bench.holderOf(1)).toBe('local_002');
    const late = { taskId: taskIdOf(1), assignmentId, outcome: success, draw: 0, elapsedMs: 95_000 };
    bench.pool.send({ type: 'worker.settled', workerId: workerId('local_001'), ...late });
    expect(bench.factsOfType('worker.reported_late')).toMatchObject([{ assignmentId, outcome: 'succeeded' }]);
    expect(bench.storyOf(1)).toEqual(['assigned', 'retried', 'assigned']);
    expect(bench.roster.leaseCount).toBe(1);
  });

  test('is probed at once when somebody asks', () => {
    const bench = setupPool();
    bench.pool.send({ type: 'pool.probe', workerId: workerId('local_001') });
    bench.pool.send({ type: 'pool.probe', workerId: workerId('nobody') });
    expect(bench.world.probed).toEqual(['local_001']);
  });
});
