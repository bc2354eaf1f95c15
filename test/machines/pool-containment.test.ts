import { expect, test } from 'vitest';
import { endpointMachine } from '../../src/machines/endpoint-machine.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { limits } from '../../src/machines/limits.ts';
import { retry } from '../../src/machines/outcome.ts';
import { taskMachine } from '../../src/machines/task-machine.ts';
import { makeSpec, makeTicket, released, success } from '../support/pool-samples.ts';
import { type PoolBench, setupPool } from '../support/setup-pool.ts';

/** Each kind of child of the pool, and of its workers, crashes in turn; task 1 runs on `a`, task 2 on `b`. */

const toldTo = (what: string) => () => {
  throw new Error(`the ${what} was told to crash`);
};
const task = taskMachine.provide({ actions: { endLease: toldTo('task') } });
const endpoint = endpointMachine.provide({ actions: { countFailure: toldTo('breaker') } });
const broken = retry('backend.error', 'the server answered 500');

/** What crashes, how, and what becomes of task 1. */
const crashes: Record<string, { crash: (bench: PoolBench) => void; story: readonly string[] }> = {
  execution: {
    crash: (bench) => {
      bench.world.settle(bench.leaseOf(1), success);
      bench.world.crashNext = 1;
      bench.admit(makeTicket(3, { retriesMax: 0 }));
      bench.turn();
    },
    story: ['assigned', 'completed'],
  },
  heartbeat: {
    crash: (bench) => {
      bench.world.blindProbes = 1;
      bench.pool.send({ type: 'pool.probe', workerId: workerId('a') });
    },
    story: ['assigned'],
  },
  worker: { crash: (bench) => bench.miss('a'), story: ['assigned', 'retried'] },
  endpoint: {
    crash: (bench) => bench.settle(1, retry('backend.busy', 'its queue is full', 1_000)),
    story: ['assigned', 'failed'],
  },
  task: { crash: (bench) => bench.settle(1, released), story: ['assigned', 'failed'] },
};

test.each(
  Object.keys(crashes),
)('the crash of one %s is contained, mended, and leaves nothing behind', async (what) => {
  const workers = [makeSpec('a'), makeSpec('b')];
  const fragile = what === 'task' ? { task } : { endpoint };
  const bench = setupPool({ workers, isFragile: true, ...fragile });
  bench.admit(makeTicket(1, { retriesMax: 0 }), makeTicket(2));
  bench.turn();
  const watched = bench.world.watches.get(workerId('b'));
  crashes[what]?.crash(bench);
  expect(bench.storyOf(1)).toEqual(crashes[what]?.story);

  // Its neighbours never notice.
  bench.settle(2, success);
  expect(bench.storyOf(2)).toEqual(['assigned', 'completed']);
  expect(bench.world.watches.get(workerId('b'))).toBe(watched);
  expect(bench.factsOfType('worker.changed').filter(({ workerId: id }) => id === 'b')).toEqual([]);

  // It is there again.
  bench.order('b', 'drain');
  await bench.advance(limits.crashWindowMs);
  bench.beat('a');
  for (const seq of [1, 4]) {
    if (seq === 4) bench.admit(makeTicket(4));
    bench.turn();
    if (bench.board.get(makeTicket(seq).taskId)?.lease != null) bench.settle(seq, success);
  }
  expect(bench.factsOf(4)).toMatchObject([{ workerId: 'a' }, { type: 'task.completed' }]);
  const left = [
    bench.board.liveCount,
    bench.roster.leaseCount,
    bench.world.executions.size,
    bench.pendingTimers(),
  ];
  expect([left, bench.world.watching]).toEqual([[0, 0, 0, 0], 2]);
  expect(Object.keys(bench.pool.getSnapshot().children)).toHaveLength(4);
});

test('the crashes of all of them at once are, too', async () => {
  const bench = setupPool({ workers: 3, isFragile: true, endpoint, task });
  for (let round = 0; round < 30; round += 1) {
    const [first, second] = [2 * round + 1, 2 * round + 2];
    bench.admit(makeTicket(first), makeTicket(second));
    for (const { workerId: id } of bench.specs) {
      bench.order(id, 'resume');
      bench.beat(id);
    }
    bench.world.crashNext = round % 3;
    for (const execution of [...bench.world.executions.values()])
      execution.settle(round % 2 ? broken : released);
    bench.world.blindProbes = 1;
    for (const { workerId: id } of bench.specs) bench.pool.send({ type: 'pool.probe', workerId: id });
    bench.world.blindProbes = 0;
    bench.miss(bench.specs[round % 3]?.workerId ?? '');
    await bench.advance(3_000);
  }
  bench.world.crashNext = 0;
  await bench.advance(limits.crashWindowMs);
  for (const { workerId: id } of bench.specs) {
    bench.order(id, 'resume');
    bench.beat(id);
  }
  for (let rounds = 0; rounds < 100 && bench.rows.size > 0; rounds += 1) {
    for (const execution of [...bench.world.executions.values()]) execution.settle(success);
    await bench.advance(10_000);
  }
  expect([bench.faults, bench.rows.size, bench.roster.leaseCount, bench.world.watching]).toEqual([
    [],
    0,
    0,
    3,
  ]);
});
