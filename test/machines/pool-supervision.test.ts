import { describe, expect, test } from 'vitest';
import { taskMachine } from '../../src/machines/task-machine.ts';
import { makeSpec, makeTicket, released, success, taskIdOf, transient } from '../support/pool-samples.ts';
import { type PoolBench, setupPool } from '../support/setup-pool.ts';

const fragileTask = taskMachine.provide({
  actions: {
    endLease: () => {
      throw new Error('the task was told to crash');
    },
  },
});

function lose(bench: PoolBench, at = 0): void {
  const spec = bench.specs[at];
  if (spec === undefined) throw new Error('there is such a worker');
  for (let misses = 0; misses < 3; misses += 1) bench.world.miss(spec.workerId);
}

describe('a lost worker', () => {
  test('loses its leases: its tasks wait at their old places and go to others', () => {
    const bench = setupPool({ workers: [makeSpec('a', { slots: 2 }), makeSpec('b', { slots: 1 })] });
    bench.admit(...[1, 2, 3, 4].map((seq) => makeTicket(seq)));
    bench.turn();
    expect([1, 2, 3].map((seq) => bench.holderOf(seq))).toEqual(['a', 'b', 'a']);
    lose(bench);
    bench.turn();
    expect(bench.roster.get(bench.specs[0]?.workerId as never)?.used).toBe(0);
    expect(bench.factsOfType('task.retried').map(({ taskId, failure }) => [taskId, failure.message])).toEqual(
      [
        [taskIdOf(1), 'worker a was lost: no answer'],
        [taskIdOf(3), 'worker a was lost: no answer'],
      ],
    );
    bench.world.settle(bench.leaseOf(2), success);
    bench.turn();
    expect(bench.holderOf(1)).toBe('b'); // Before 4, which never ran.
  });

  test('is told to stop what it still runs', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.turn();
    lose(bench);
    expect(bench.world.stopped).toEqual([1]);
    expect(bench.factsOfType('worker.reported_late')).toEqual([]);
  });

  test('costs its tasks no retry', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1, { retriesMax: 0 }));
    for (let round = 0; round < 5; round += 1) {
      bench.turn();
      lose(bench);
      bench.world.beat(bench.specs[0]?.workerId as never);
    }
    bench.turn();
    expect(bench.storyOf(1).filter((word) => word === 'retried')).toHaveLength(5);
    expect(bench.leaseOf(1)).toBe(6);
  });

  test('loses a lease that is not yet on disk as well, and does not begin it', () => {
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.handOut();
    lose(bench);
    bench.commit();
    expect(bench.storyOf(1)).toEqual(['assigned', 'retried']);
    expect(bench.world.begun).toEqual([]);
    expect(bench.roster.leaseCount).toBe(0);
  });

  test('is on record, each change once and with its reason', () => {
    const bench = setupPool();
    lose(bench);
    lose(bench);
    bench.world.beat(bench.specs[0]?.workerId as never);
    expect(bench.facts).toEqual([
      { type: 'worker.changed', workerId: 'local_001', from: 'alive', to: 'suspect', detail: 'no answer' },
      { type: 'worker.changed', workerId: 'local_001', from: 'suspect', to: 'lost', detail: 'no answer' },
      { type: 'worker.changed', workerId: 'local_001', from: 'lost', to: 'alive', detail: '' },
    ]);
  });
});

describe('a worker actor that crashes', () => {
  test('is replaced, and its leases go back to the queue', () => {
    const bench = setupPool({ isFragile: true });
    const id = bench.specs[0]?.workerId as never;
    bench.admit(makeTicket(1));
    bench.turn();
    bench.world.miss(id);
    bench.turn();
    expect(bench.storyOf(1)).toEqual(['assigned', 'retried']);
    expect(bench.factsOfType('worker.changed').at(-1)).toMatchObject({ from: 'alive', to: 'lost' });
    expect(bench.state).toEqual({ running: 'accepting' });
    bench.world.beat(id);
    bench.turn();
    expect(bench.storyOf(1)).toEqual(['assigned', 'retried', 'assigned']);
    bench.world.settle(bench.leaseOf(1), success);
    expect(bench.storyOf(1).at(-1)).toBe('completed');
  });

  test('leaves nothing behind: neither what it ran nor what watched it', () => {
    const bench = setupPool({ isFragile: true, workers: [makeSpec('a', { slots: 3 })] });
    bench.admit(makeTicket(1), makeTicket(2));
    bench.turn();
    bench.world.miss(bench.specs[0]?.workerId as never);
    expect(bench.world.executions.size).toBe(0);
    expect(bench.world.watching).toBe(1);
  });
});

describe('a task actor that crashes', () => {
  test('fails its task and nothing else', () => {
    const bench = setupPool({ task: fragileTask, workers: 2 });
    bench.admit(makeTicket(1), makeTicket(2));
    bench.turn();
    bench.world.settle(bench.leaseOf(1), released);
    expect(bench.factsOf(1).at(-1)).toMatchObject({
      type: 'task.failed',
      failure: { code: 'actor.crashed' },
    });
    expect(bench.board.get(taskIdOf(1))).toBeUndefined();
    bench.world.settle(bench.leaseOf(2), success);
    expect(bench.storyOf(2)).toEqual(['assigned', 'completed']);
    expect([bench.board.liveCount, bench.roster.leaseCount]).toEqual([0, 0]);
  });

  test('is failed under the lease that its row knows', () => {
    const bench = setupPool({ task: fragileTask });
    bench.admit(makeTicket(1));
    bench.turn();
    bench.world.settle(bench.leaseOf(1), released);
    const facts = bench.factsOf(1);
    const { assignmentId, workerId } = facts.find(({ type }) => type === 'task.assigned') as never;
    const isOpen = facts.at(-2)?.type === 'task.assigned';
    expect(facts.at(-1)).toMatchObject(isOpen ? { assignmentId, workerId } : { assignmentId: null });
  });
});

describe('a task actor that crashes at another word', () => {
  const touchyTask = taskMachine.provide({
    actions: {
      recordReprioritized: () => {
        throw new Error('the task was told to crash');
      },
    },
  });
  const failure = {
    code: 'actor.crashed',
    message: 'the actor of this task crashed; the server log has the stack',
  };

  test('while its task runs is failed under its lease, the generation is stopped, and its slot is given again', () => {
    const bench = setupPool({ task: touchyTask });
    bench.admit(makeTicket(1), makeTicket(2));
    bench.turn();
    const lease = bench.leaseOf(1);
    bench.reprioritize(makeTicket(1), 9, 'held');
    expect(bench.factsOf(1).at(-1)).toEqual({
      type: 'task.failed',
      taskId: taskIdOf(1),
      assignmentId: lease,
      workerId: 'local_001',
      failure,
    });
    expect(bench.world.stopped).toEqual([lease]);
    bench.turn();
    expect([bench.storyOf(2), bench.roster.leaseCount]).toEqual([['assigned'], 1]);
  });

  test('while its task waits is failed under no lease, and leaves the queue', () => {
    const bench = setupPool({ task: touchyTask });
    bench.admit(makeTicket(1), makeTicket(2));
    bench.turn();
    bench.reprioritize(makeTicket(2), 9);
    expect(bench.factsOf(2)).toEqual([
      { type: 'task.failed', taskId: taskIdOf(2), assignmentId: null, workerId: null, failure },
    ]);
    expect([bench.board.liveCount, bench.board.ready.size, bench.world.stopped]).toEqual([1, 0, []]);
  });
});

test('the names of ended tasks are used again', async () => {
  const bench = setupPool({ workers: [makeSpec('a', { slots: 3 })] });
  for (let seq = 1; seq <= 60; seq += 1) {
    bench.admit(makeTicket(seq));
    bench.turn();
    bench.world.settle(bench.leaseOf(seq), seq % 2 === 0 ? success : transient);
    await bench.advance(10_000);
    if (seq % 2 === 1) bench.world.settle(bench.leaseOf(seq), success);
  }
  expect(bench.board.takeSeat()).toBe(1);
  expect(Object.keys(bench.pool.getSnapshot().children)).toEqual(['a', 'endpoint:http://a:11434']);
});
