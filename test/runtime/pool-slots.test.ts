import { describe, expect, test } from 'vitest';
import type { TaskId } from '../../src/machines/identifiers.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import type { RosterEntry } from '../../src/machines/worker-roster.ts';
import { WorkerRoster } from '../../src/machines/worker-roster.ts';
import { poolSlots } from '../../src/runtime/pool-slots.ts';
import { makeSpec } from '../support/pool-samples.ts';

/** Workers with so many slots each, all on one machine. */
function rosterOf(slots: Readonly<Record<string, number>>, slotsMax: number | null = null): WorkerRoster {
  const roster = new WorkerRoster(100, 1);
  for (const [name, count] of Object.entries(slots)) {
    roster.enter(makeSpec(name, { slots: count, host: 'one' }), 'active');
  }
  roster.limitHosts([{ host: 'one', slotsMax, memoryBytes: null }]);
  return roster;
}

function entryOf(roster: WorkerRoster, name: string): RosterEntry {
  const entry = roster.get(workerId(name));
  if (entry === undefined) throw new Error(`there is no worker ${name}`);
  return entry;
}

/** Leases that end after these times, in seconds. */
function lease(roster: WorkerRoster, name: string, ...endsS: number[]): void {
  for (const endS of endsS) roster.lease(entryOf(roster, name), String(endS) as TaskId, 'a model');
}

/** When the slots that a worker fills again are free, in seconds. */
function freeS(roster: WorkerRoster, name: string): readonly number[] {
  const { slots, ofWorker } = poolSlots(roster.all(), (_entry, _id, { taskId }) => ({
    meanMs: Number(taskId) * 1_000,
    varianceMs2: 0,
  }));
  return (ofWorker.get(workerId(name)) ?? []).map((at) => (slots[at]?.freeIn.meanMs ?? Number.NaN) / 1_000);
}

describe('the slots of a worker', () => {
  test('are those at work and those that are free', () => {
    const roster = rosterOf({ a: 3, b: 1 });
    lease(roster, 'a', 7);
    expect(freeS(roster, 'a')).toEqual([7, 0, 0]);
    expect(freeS(roster, 'b')).toEqual([0]);
  });

  test('that were taken away are not filled again: it waits until few enough are at work', () => {
    const roster = rosterOf({ a: 3 });
    lease(roster, 'a', 5, 9, 7);
    roster.enter(makeSpec('a', { slots: 1, host: 'one' }), 'active');
    expect(freeS(roster, 'a')).toEqual([9]);
    expect(poolSlots(roster.all(), () => ({ meanMs: 1, varianceMs2: 0 })).slots).toHaveLength(3);
  });

  test('are shared out where their machine takes fewer at once', () => {
    const roster = rosterOf({ a: 4, b: 4 }, 3);
    expect([freeS(roster, 'a'), freeS(roster, 'b')]).toEqual([[0, 0], [0]]);
    lease(roster, 'a', 6, 8);
    expect([freeS(roster, 'a'), freeS(roster, 'b')]).toEqual([[8, 6, 0], [6]]);
  });

  test('are free when something ends on a machine that is full', () => {
    const roster = rosterOf({ a: 2, b: 2 }, 2);
    lease(roster, 'a', 6, 8);
    expect(freeS(roster, 'b')).toEqual([6]);
  });
});
