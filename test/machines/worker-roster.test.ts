import { expect, test } from 'vitest';
import { WorkerRoster } from '../../src/machines/worker-roster.ts';
import { makeSpec, taskIdOf } from '../support/pool-samples.ts';

function aliveRoster(slots: readonly number[], leasesMax = 100, nextAssignment = 1): WorkerRoster {
  const specs = slots.map((count, at) => makeSpec(`local_00${at + 1}`, { slots: count }));
  const roster = new WorkerRoster(specs, leasesMax, nextAssignment);
  for (const entry of roster.all()) entry.liveness = 'alive';
  return roster;
}

test('fencing tokens only grow, from the first that was never given out', () => {
  const roster = aliveRoster([2, 1], 100, 71);
  const [first, second] = [...roster.all()];
  if (first === undefined || second === undefined) throw new Error('there are two workers');
  expect([roster.lease(first, taskIdOf(1)), roster.lease(second, taskIdOf(2))]).toEqual([71, 72]);
  first.leases.clear();
  expect(roster.lease(first, taskIdOf(3))).toBe(73);
  expect([first.used, second.used, roster.leaseCount]).toEqual([1, 1, 2]);
});

test('there is room for the free slots of those who live and do not rest, up to the limit', () => {
  const roster = aliveRoster([2, 3, 4, 5]);
  const [first, second, third] = [...roster.all()];
  if (first === undefined || second === undefined || third === undefined) throw new Error('there are four');
  expect(roster.room).toBe(14);
  first.liveness = 'suspect';
  second.admission = 'draining';
  expect(roster.room).toBe(9);
  roster.lease(third, taskIdOf(1));
  expect(roster.room).toBe(8);
  expect(aliveRoster([2, 3], 4).room).toBe(4);
});

test('a worker that is not known yet gets nothing', () => {
  const roster = new WorkerRoster([makeSpec('local_001')], 100, 1);
  expect(roster.room).toBe(0);
});

test('a worker configured as standby stands by, and can be asked', () => {
  const roster = new WorkerRoster([makeSpec('local_001', { standby: true })], 100, 1);
  const [entry] = [...roster.all()];
  expect(entry).toMatchObject({ admission: 'standby', liveness: 'probing', used: 0, slots: 1 });
});
