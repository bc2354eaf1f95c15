import { describe, expect, test } from 'vitest';
import { workerId } from '../../src/machines/identifiers.ts';
import { modelKey } from '../../src/machines/model-choice.ts';
import { route } from '../../src/machines/routing.ts';
import { type RosterEntry, WorkerRoster } from '../../src/machines/worker-roster.ts';
import type { WorkerSpec } from '../../src/machines/worker-spec.ts';
import { gib, makeDemand, makeInput, makeRouting } from '../support/placement-samples.ts';
import { makeSpec, taskIdOf } from '../support/pool-samples.ts';

function aliveRoster(specs: readonly WorkerSpec[], leasesMax = 100, nextAssignment = 1): WorkerRoster {
  const roster = new WorkerRoster(leasesMax, nextAssignment);
  for (const spec of specs) roster.enter(spec, 'active').liveness = 'alive';
  return roster;
}

function ofSlots(...slots: readonly number[]): readonly WorkerSpec[] {
  return slots.map((count, at) => makeSpec(`local_00${at + 1}`, { slots: count }));
}

function entryOf(roster: WorkerRoster, name: string): RosterEntry {
  const entry = roster.get(workerId(name));
  if (entry === undefined) throw new Error(`nobody is called ${name}`);
  return entry;
}

/** On a machine of 15 GiB the server of `a` has a model of 10 GiB loaded; that of `b` has it, and nothing in memory. */
function twoServers(): { roster: WorkerRoster; a: RosterEntry; b: RosterEntry } {
  const roster = aliveRoster([
    makeSpec('a', { endpoint: 'old', host: 'here' }),
    makeSpec('b', { endpoint: 'other', host: 'here' }),
  ]);
  roster.limitHosts([{ host: 'here', slotsMax: null, memoryBytes: 15 * gib }]);
  const [a, b] = [entryOf(roster, 'a'), entryOf(roster, 'b')];
  const models = [{ name: 'm', sizeBytes: 9 * gib, contextTokensMax: null }];
  a.endpoint.see({ models, residents: [{ name: 'm', memoryBytes: 10 * gib, contextTokens: null }] });
  b.endpoint.see({ models, residents: [] });
  return { roster, a, b };
}

describe('leases', () => {
  test('have tokens that only grow, from the first that was never given out', () => {
    const roster = aliveRoster(ofSlots(2, 1), 100, 71);
    const [first, second] = [entryOf(roster, 'local_001'), entryOf(roster, 'local_002')];
    const [a, b] = [roster.lease(first, taskIdOf(1), 'm'), roster.lease(second, taskIdOf(2), 'm')];
    expect([a, b]).toEqual([71, 72]);
    roster.release(first, a);
    expect(roster.lease(first, taskIdOf(3), 'm')).toBe(73);
    expect([first.used, second.used, roster.leaseCount]).toEqual([1, 1, 2]);
  });

  test('are given back once', () => {
    const roster = aliveRoster(ofSlots(2));
    const entry = entryOf(roster, 'local_001');
    const id = roster.lease(entry, taskIdOf(1), 'm');
    expect([roster.release(entry, id), roster.release(entry, id)]).toEqual([true, false]);
    expect([entry.used, roster.leaseCount, entry.host.used]).toEqual([0, 0, 0]);
  });

  test('are given back with their worker', () => {
    const roster = aliveRoster(ofSlots(2));
    const entry = entryOf(roster, 'local_001');
    roster.lease(entry, taskIdOf(1), 'm');
    roster.remove(entry);
    expect([roster.leaseCount, entry.host.used, roster.get(entry.workerId)]).toEqual([0, 0, undefined]);
  });
});

describe('room', () => {
  test('is in the free slots of those who live and take work, up to the limit', () => {
    const roster = aliveRoster(ofSlots(2, 3, 4, 5));
    expect(roster.room).toBe(14);
    entryOf(roster, 'local_001').liveness = 'suspect';
    entryOf(roster, 'local_002').admission = 'draining';
    expect(roster.room).toBe(9);
    roster.lease(entryOf(roster, 'local_003'), taskIdOf(1), 'm');
    expect(roster.room).toBe(8);
    expect(aliveRoster(ofSlots(2, 3), 4).room).toBe(4);
  });

  test('is not with a worker that nothing is known of, nor with one on standby', () => {
    const roster = new WorkerRoster(100, 1);
    roster.enter(makeSpec('local_001'), 'active');
    roster.enter(makeSpec('local_002', { standby: true }), 'standby').liveness = 'alive';
    expect(roster.room).toBe(0);
  });

  test('is on a machine only as far as its limit goes', () => {
    const here = { host: 'here', slots: 3 };
    const roster = aliveRoster([makeSpec('a', here), makeSpec('b', here), makeSpec('c', { slots: 2 })]);
    roster.limitHosts([{ host: 'here', slotsMax: 4, memoryBytes: null }]);
    expect(roster.room).toBe(6);
    roster.lease(entryOf(roster, 'a'), taskIdOf(1), 'm');
    expect(roster.room).toBe(5);
    roster.limitHosts([{ host: 'here', slotsMax: 1, memoryBytes: null }]);
    expect(roster.room).toBe(2);
  });

  test('is never less than none, however much was taken away', () => {
    const roster = aliveRoster(ofSlots(3, 1), 4);
    const entry = entryOf(roster, 'local_001');
    for (const seq of [1, 2, 3]) roster.lease(entry, taskIdOf(seq), 'm');
    roster.enter(makeSpec('local_001', { slots: 1 }), 'active');
    expect(roster.room).toBe(1);
    roster.leasesMax = 2;
    expect(roster.room).toBe(0);
  });
});

describe('a worker that has just come', () => {
  test('is looked for before it counts as one that takes work', () => {
    const roster = new WorkerRoster(100, 1);
    const entry = roster.enter(makeSpec('a'), 'active');
    expect([entry.liveness, entry.isOpen, roster.openCount]).toEqual(['probing', false, 0]);
    entry.liveness = 'alive';
    expect([entry.isOpen, roster.openCount]).toEqual([true, 1]);
  });

  test('is in reserve by its configuration, or because an operator had laid it to rest', () => {
    const roster = new WorkerRoster(100, 1);
    expect(roster.enter(makeSpec('a'), 'active').standby).toBe(false);
    expect(roster.enter(makeSpec('b', { standby: true }), 'active').standby).toBe(true);
    expect(roster.enter(makeSpec('c'), 'standby').standby).toBe(true);
    expect(roster.enter(makeSpec('d'), 'draining').standby).toBe(false);
  });

  test('can be asked for what it says, and for nothing else', () => {
    const roster = aliveRoster([makeSpec('a', { requestKinds: ['text'] })]);
    const kindOf = (requestKind: 'text' | 'chat') =>
      route(makeDemand({ requestKind }), roster.all(), makeInput(makeRouting())).kind;
    expect([kindOf('text'), kindOf('chat')]).toEqual(['placed', 'waits']);
  });
});

describe('the model that a worker is bound to', () => {
  const sole = [{ name: 'gemma3:4b', sizeBytes: null, contextTokensMax: null }];

  test('is the one that it names, whatever its server has', () => {
    const roster = aliveRoster([makeSpec('a', { joined: true, model: 'mistral:7b' })]);
    const entry = entryOf(roster, 'a');
    entry.endpoint.see({ models: sole, residents: [] });
    expect(entry.model).toBe('mistral:7b');
  });

  test('is the only one of its server where it joined and named none', () => {
    const roster = aliveRoster([makeSpec('a', { joined: true }), makeSpec('b')]);
    const [joined, configured] = [entryOf(roster, 'a'), entryOf(roster, 'b')];
    expect(joined.model).toBeNull();
    for (const { endpoint } of [joined, configured]) endpoint.see({ models: sole, residents: [] });
    expect([joined.model, configured.model]).toEqual(['gemma3:4b', null]);
  });
});

test('those who take work are counted: they live, and are neither at rest nor sent away', () => {
  const roster = aliveRoster(ofSlots(1, 1, 1, 1, 1));
  expect(roster.openCount).toBe(5);
  entryOf(roster, 'local_001').liveness = 'lost';
  entryOf(roster, 'local_002').admission = 'draining';
  entryOf(roster, 'local_003').admission = 'standby';
  expect(roster.openCount).toBe(2);
});

describe('a worker that is entered again', () => {
  test('is the same one, and keeps its leases and what it is like at this moment', () => {
    const roster = aliveRoster(ofSlots(2));
    const entry = entryOf(roster, 'local_001');
    entry.admission = 'draining';
    entry.isLeaving = true;
    roster.lease(entry, taskIdOf(1), 'm');
    expect(roster.enter(makeSpec('local_001', { slots: 5 }), 'active')).toBe(entry);
    expect(entry).toMatchObject({
      slots: 5,
      used: 1,
      admission: 'draining',
      isLeaving: false,
      liveness: 'alive',
    });
  });

  test('keeps its measured speed and its place in the reserve, unless just these were changed', () => {
    const roster = aliveRoster(ofSlots(1));
    const entry = entryOf(roster, 'local_001');
    entry.performanceFactor = 0.7;
    entry.isReserve = true;
    roster.enter(makeSpec('local_001', { slots: 3 }), 'active');
    expect([entry.performanceFactor, entry.isReserve]).toEqual([0.7, true]);
    roster.enter(makeSpec('local_001', { slots: 3, performanceFactor: 2, standby: true }), 'active');
    roster.enter(makeSpec('local_001', { slots: 3, performanceFactor: 2 }), 'active');
    expect([entry.performanceFactor, entry.isReserve]).toEqual([2, false]);
  });

  test('at another server leaves what it has at work with the former one', () => {
    const roster = aliveRoster([makeSpec('a', { endpoint: 'old', host: 'here', slots: 2 })]);
    const entry = entryOf(roster, 'a');
    const id = roster.lease(entry, taskIdOf(1), 'm');
    const former = entry.endpoint;
    roster.enter(makeSpec('a', { endpoint: 'new', host: 'there', slots: 2 }), 'active');
    expect([entry.endpoint.name, entry.host.name]).toEqual(['new', 'there']);
    expect([former.host.used, entry.host.used, entry.used]).toEqual([1, 0, 1]);
    expect(entry.leases.get(id)?.endpoint).toBe(former);
    expect([former.inUse.size, entry.endpoint.inUse.size]).toEqual([1, 0]);
    roster.release(entry, id);
    expect([former.host.used, former.inUse.size, entry.used]).toEqual([0, 0, 0]);
  });

  test('at another server frees the memory that only it had looked at', () => {
    const { roster, b } = twoServers();
    expect(b.host.hasRoomFor(b.endpoint, modelKey('m'))).toBe(false);
    roster.enter(makeSpec('a', { endpoint: 'new', host: 'there' }), 'active');
    expect(b.host.hasRoomFor(b.endpoint, modelKey('m'))).toBe(true);
  });

  test('at a server that others look at does not free what is loaded there', () => {
    const { roster, b } = twoServers();
    b.endpoint.see({ models: null, residents: [{ name: 'm', memoryBytes: 10 * gib, contextTokens: null }] });
    roster.enter(makeSpec('c', { endpoint: 'third', host: 'here' }), 'active');
    const third = entryOf(roster, 'c').endpoint;
    third.see({ models: [{ name: 'm', sizeBytes: 9 * gib, contextTokensMax: null }], residents: [] });
    roster.enter(makeSpec('a', { endpoint: 'other', host: 'here' }), 'active');
    expect(b.host.hasRoomFor(third, modelKey('m'))).toBe(false);
  });

  test('from another machine takes its server along', () => {
    const roster = aliveRoster([makeSpec('a', { endpoint: 'joined:a', host: 'here' })]);
    const entry = entryOf(roster, 'a');
    const id = roster.lease(entry, taskIdOf(1), 'm');
    const [here] = roster.hosts();
    roster.limitHosts([{ host: 'there', slotsMax: 1, memoryBytes: null }]);
    roster.enter(makeSpec('a', { endpoint: 'joined:a', host: 'there' }), 'active');
    expect([entry.host.name, entry.host.slotsMax, entry.host.used, here?.used]).toEqual(['there', 1, 1, 0]);
    roster.release(entry, id);
    expect(entry.host.used).toBe(0);
  });
});

test('a worker that leaves frees the memory that only it had looked at', () => {
  const { roster, a, b } = twoServers();
  expect(b.host.hasRoomFor(b.endpoint, modelKey('m'))).toBe(false);
  roster.remove(a);
  expect(b.host.hasRoomFor(b.endpoint, modelKey('m'))).toBe(true);
});

describe('the limits of machines', () => {
  test('hold for workers that come later, and end when nobody names them any more', () => {
    const roster = aliveRoster([]);
    roster.limitHosts([{ host: 'here', slotsMax: 2, memoryBytes: 5 }]);
    const entry = roster.enter(makeSpec('a', { host: 'here' }), 'active');
    expect(entry.host).toMatchObject({ slotsMax: 2, memoryBytes: 5 });
    roster.limitHosts([]);
    expect(entry.host).toMatchObject({ slotsMax: null, memoryBytes: null });
  });
});
