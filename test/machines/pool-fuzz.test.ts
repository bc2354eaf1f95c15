import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AssignmentId, assignmentId } from '../../src/machines/identifiers.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import {
  final,
  isGrammatical,
  makeSpec,
  makeTicket,
  released,
  success,
  transient,
} from '../support/pool-samples.ts';
import { type PoolBench, setupPool } from '../support/setup-pool.ts';

/**
 * A pool under any commands, with workers that answer late, twice or for others, that are lost and come back. What must
 * hold is checked after each step; in the end all faults stop, and every task must have ended.
 */
const outcomes: readonly Outcome[] = [success, success, transient, final, released, { kind: 'cancelled' }];
const small = fc.nat(40);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ admit: fc.integer({ min: 1, max: 10 }), later: fc.constantFrom(0, 0, 0, 900) }),
  },
  { weight: 8, arbitrary: fc.record({ settle: small, outcome: fc.constantFrom(...outcomes) }) },
  { weight: 3, arbitrary: fc.record({ forge: small, lease: small }) },
  { weight: 3, arbitrary: fc.record({ cancel: small }) },
  { weight: 3, arbitrary: fc.record({ lose: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ beat: fc.nat(2) }) },
  { weight: 6, arbitrary: fc.constantFrom('hand out', 'commit', 'turn', 'turn') },
  { weight: 2, arbitrary: fc.constantFrom('pause', 'resume', 'pass', 'crash') },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const specs = [
  makeSpec('a', { slots: 2 }),
  makeSpec('b', { slots: 1 }),
  makeSpec('c', { slots: 3, standby: true }),
];
const leasesMax = 4;

async function play(bench: PoolBench, accepted: number[], each: Step): Promise<void> {
  const { pool, world } = bench;
  if (typeof each === 'object') {
    if ('admit' in each) {
      accepted.push(accepted.length + 1);
      bench.admit(makeTicket(accepted.length, { priority: each.admit, delayMs: each.later }));
    } else if ('settle' in each) {
      const running = [...world.executions.values()];
      running[each.settle % Math.max(1, running.length)]?.settle(each.outcome, 0.5);
    } else if ('forge' in each) {
      const { taskId } = makeTicket(each.forge);
      const forged = assignmentId(each.lease);
      if (bench.board.get(taskId)?.lease?.assignmentId === forged) return;
      const { workerId } = specs[each.forge % 3] as (typeof specs)[number];
      pool.send({
        type: 'worker.settled',
        workerId,
        taskId,
        assignmentId: forged,
        outcome: success,
        draw: 0,
      });
    } else if ('cancel' in each) {
      const row = [...bench.rows.values()][each.cancel];
      if (row !== undefined)
        bench.cancel(row, bench.board.get(row.taskId)?.lease == null ? 'waiting' : 'held');
    } else if ('lose' in each) {
      for (let misses = 0; misses < 3; misses += 1) world.miss(specs[each.lose]?.workerId as never);
    } else world.beat(specs[each.beat]?.workerId as never);
    return;
  }
  if (each === 'hand out') bench.handOut();
  if (each === 'commit') bench.commit();
  if (each === 'turn') bench.turn();
  if (each === 'pause') pool.send({ type: 'pool.pause' });
  if (each === 'resume') pool.send({ type: 'pool.resume' });
  if (each === 'crash') world.crashNext = 1;
  if (each === 'pass') await bench.advance(1_000);
}

function check(bench: PoolBench, accepted: readonly number[]): void {
  expect(bench.faults).toEqual([]);
  const given = bench.factsOfType('task.assigned').map(({ assignmentId: id }) => id);
  expect(given).toEqual(given.map((_, at) => at + 1)); // Tokens only grow, and each is given once.
  expect(bench.roster.leaseCount).toBeLessThanOrEqual(leasesMax);
  for (const entry of bench.roster.all()) expect(entry.used).toBeLessThanOrEqual(entry.slots);
  for (const seq of accepted) expect(isGrammatical(bench.factsOf(seq))).toBe(true);
  const running = new Set<AssignmentId>();
  for (const task of bench.board.all()) {
    if (task.lease !== null) running.add(task.lease.assignmentId);
    expect(task.waiting && task.lease !== null).toBe(false);
  }
  for (const entry of bench.roster.all()) for (const id of entry.leases.keys()) running.delete(id);
  expect([...running]).toEqual([]); // Every lease of a task holds a slot.
}

/** Faults stop, and the workers work. */
async function workOff(bench: PoolBench): Promise<void> {
  bench.world.crashNext = 0;
  bench.commit();
  bench.pool.send({ type: 'pool.resume' });
  for (const { workerId } of specs) bench.world.beat(workerId);
  for (let round = 0; round < 400 && bench.rows.size > 0; round += 1) {
    await bench.advance(10_000);
    for (const execution of [...bench.world.executions.values()]) execution.settle(success);
  }
}

test('keeps its books in order and ends every task, whatever happens to it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 80 }),
      fc.constantFrom(10, 40, 10_000),
      async (script, window) => {
        const bench = setupPool({ workers: specs, leasesMax, admissionWindow: window });
        const accepted: number[] = [];
        for (const each of script) {
          await play(bench, accepted, each);
          check(bench, accepted);
        }
        await workOff(bench);
        check(bench, accepted);
        for (const seq of accepted)
          expect(bench.storyOf(seq).at(-1)).toMatch(/^(completed|failed|cancelled)$/);
        expect(bench.roster.leaseCount).toBe(0);
        expect([bench.board.liveCount, bench.board.ready.size, bench.pendingTimers()]).toEqual([0, 0, 0]);
        bench.pool.send({ type: 'pool.drain' });
        expect(bench.state).toBe('stopped');
      },
    ),
    { numRuns: 300 },
  );
});
