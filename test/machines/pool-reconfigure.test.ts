import { describe, expect, test } from 'vitest';
import { workerId } from '../../src/machines/identifiers.ts';
import { retry } from '../../src/machines/outcome.ts';
import { makeSpec, makeTicket, success } from '../support/pool-samples.ts';
import { type PoolBench, setupPool } from '../support/setup-pool.ts';

const [a, b] = [makeSpec('a'), makeSpec('b')];
const broken = retry('backend.error', 'the server answered 500');

function admit(bench: PoolBench, ...seqs: readonly number[]): void {
  bench.admit(...seqs.map((seq) => makeTicket(seq)));
  bench.turn();
}

function workersOf(bench: PoolBench): readonly string[] {
  return Object.keys(bench.pool.getSnapshot().children).filter((name) => !name.includes(':'));
}

describe('a configuration that names a new worker', () => {
  test('brings it in: it is watched, takes work, and is on record', () => {
    const bench = setupPool({ workers: [a] });
    bench.reconfigure([a, b]);
    expect(bench.factsOfType('worker.enrolled')).toEqual([
      { type: 'worker.enrolled', workerId: 'b', detail: 'the configuration names it' },
    ]);
    expect(bench.admissionsOf('b')).toEqual([]); // It takes work from the start, and that is no change.
    admit(bench, 1, 2);
    expect(bench.storyOf(2)).toEqual([]);
    bench.beat('b');
    expect(bench.holderOf(2)).toBe('b');
  });

  test('gives its server a breaker of the policy that holds now', () => {
    const bench = setupPool({ workers: [a] });
    bench.reconfigure([b], { breaker: { failuresMax: 1, openMs: 1_000, openMsMax: 1_000 } });
    bench.beat('b');
    admit(bench, 1);
    bench.settle(1, broken);
    expect(bench.breakersOf(b.endpoint)).toEqual(['open']);
  });

  test('in reserve leaves it there', () => {
    const bench = setupPool({ workers: [a] });
    bench.reconfigure([a, { ...b, standby: true }]);
    bench.beat('b');
    expect(bench.entryOf('b').admission).toBe('standby');
  });
});

describe('a configuration that changes a worker', () => {
  test('gives it more slots while it runs', () => {
    const bench = setupPool({ workers: [a] });
    admit(bench, 1, 2, 3);
    bench.reconfigure([{ ...a, slots: 3 }]);
    bench.turn();
    expect([1, 2, 3].map((seq) => bench.holderOf(seq))).toEqual(['a', 'a', 'a']);
    expect(bench.world.executions.size).toBe(3);
    expect(bench.factsOfType('worker.changed')).toEqual([]);
  });

  test('takes slots away: what runs in them ends, and nothing takes its place', () => {
    const bench = setupPool({ workers: [{ ...a, slots: 3 }] });
    admit(bench, 1, 2, 3, 4);
    bench.reconfigure([a]);
    for (const seq of [1, 2]) bench.settle(seq, success);
    expect(bench.storyOf(4)).toEqual([]);
    bench.settle(3, success);
    expect(bench.storyOf(4)).toEqual(['assigned']);
    expect(bench.factsOfType('task.retried')).toEqual([]);
  });

  test('takes a slot away that was handed out and is not yet on disk: its task loses no attempt', () => {
    const bench = setupPool({ workers: [{ ...a, slots: 2 }] });
    bench.admit(makeTicket(1, { retriesMax: 0 }), makeTicket(2, { retriesMax: 0 }));
    bench.handOut();
    bench.reconfigure([a]);
    bench.commit();
    bench.turn();
    expect(bench.storyOf(2)).toEqual(['assigned', 'retried']);
    expect(bench.factsOf(2).at(-1)).toMatchObject({ failures: 0, delayMs: 0 });
    bench.settle(1, success);
    bench.settle(2, success);
    expect(bench.storyOf(2).at(-1)).toBe('completed');
  });

  test('moves it to another server, with a breaker of its own, and what runs ends', () => {
    const bench = setupPool({ workers: [a] });
    admit(bench, 1);
    const moved = { ...a, endpoint: 'http://elsewhere:11434', host: 'elsewhere' };
    bench.reconfigure([moved]);
    bench.settle(1, success);
    expect(bench.storyOf(1)).toEqual(['assigned', 'completed']);
    for (const seq of [2, 3, 4]) {
      bench.admit(makeTicket(seq, { retriesMax: 0 }));
      bench.turn();
      bench.settle(seq, broken);
    }
    expect([bench.breakersOf(moved.endpoint), bench.breakersOf(a.endpoint)]).toEqual([['open'], []]);
    expect([...bench.roster.hosts()].map(({ used }) => used)).toEqual([0, 0]);
  });

  test('in nothing leaves it alone', () => {
    const bench = setupPool({ workers: [a, b] });
    bench.reconfigure([b, { ...a }]);
    bench.turn();
    expect(bench.facts.map(({ type }) => type)).toEqual(['pool.reconfigured']);
    expect([...bench.world.watches.values()]).toEqual([1, 1]);
  });

  test('to the reserve, or out of it, is heard once', () => {
    const bench = setupPool({ workers: [a, b] });
    bench.reconfigure([a, { ...b, standby: true }]);
    bench.turn();
    bench.reconfigure([a, b]);
    bench.turn();
    expect(bench.admissionsOf('b')).toEqual(['standby', 'active']);
  });
});

describe('a configuration that no longer names a worker', () => {
  test('lets it end what it runs, and then it is gone: actor, watcher and entry', () => {
    const bench = setupPool({ workers: [a, b] });
    admit(bench, 1);
    bench.reconfigure([b]);
    admit(bench, 2, 3);
    expect([bench.storyOf(1), bench.holderOf(2), bench.storyOf(3)]).toEqual([['assigned'], 'b', []]);
    expect(bench.factsOfType('worker.retired')).toEqual([]);
    bench.settle(1, success);
    expect(bench.storyOf(1)).toEqual(['assigned', 'completed']);
    expect(bench.factsOfType('worker.retired')).toEqual([
      { type: 'worker.retired', workerId: 'a', detail: 'it has left the configuration' },
    ]);
    expect([workersOf(bench), bench.world.watching, bench.roster.get(workerId('a'))]).toEqual([
      ['b'],
      1,
      undefined,
    ]);
  });

  test('retires an idle one in the same turn, and a lost one, and one that never answered', () => {
    const bench = setupPool({ workers: [a, b], isSilent: true });
    bench.beat('a');
    bench.beat('b');
    bench.miss('b', 3);
    bench.reconfigure([makeSpec('c')]);
    bench.turn();
    expect(workersOf(bench)).toEqual(['c']);
    expect(bench.factsOfType('worker.retired')).toHaveLength(2);
  });

  test('retires one in quarantine, and while the pool is paused', () => {
    const bench = setupPool({ workers: [a, b], isFragile: true });
    for (let crashes = 0; crashes < 6; crashes += 1) {
      bench.beat('a');
      bench.miss('a');
    }
    bench.pool.send({ type: 'pool.pause' });
    bench.reconfigure([b]);
    bench.turn();
    expect(bench.factsOfType('worker.retired').map(({ workerId: id }) => id)).toEqual(['a']);
  });

  test('lets no order keep it, nor call it back from quarantine', () => {
    const bench = setupPool({ workers: [a, b], isFragile: true });
    for (let crashes = 0; crashes < 6; crashes += 1) {
      bench.beat('b');
      bench.miss('b');
    }
    admit(bench, 1, 2);
    bench.reconfigure([]);
    bench.pool.send({ type: 'pool.order', workerId: workerId('b'), order: 'resume', detail: '' });
    bench.order('a', 'resume');
    bench.settle(1, success);
    expect(bench.storyOf(2)).toEqual([]);
    expect(bench.factsOfType('worker.retired').map(({ workerId: id }) => id)).toEqual(['b', 'a']);
    expect([workersOf(bench), bench.world.watching, bench.admissionsOf('b')]).toEqual([
      [],
      0,
      ['quarantined'],
    ]);
  });

  test('and names it again while it drains keeps it: it takes work, and was never retired', () => {
    const bench = setupPool({ workers: [a] });
    admit(bench, 1, 2);
    bench.reconfigure([]);
    bench.turn();
    bench.reconfigure([{ ...a, slots: 2 }]);
    bench.turn();
    expect([bench.holderOf(1), bench.holderOf(2)]).toEqual(['a', 'a']);
    for (const seq of [1, 2]) bench.settle(seq, success);
    expect([bench.factsOfType('worker.retired'), bench.admissionsOf('a')]).toEqual([
      [],
      ['draining', 'active'],
    ]);
  });

  test('and names it again when it has gone brings it in anew', () => {
    const bench = setupPool({ workers: [a] });
    bench.reconfigure([]);
    bench.turn();
    bench.reconfigure([a]);
    bench.beat('a');
    admit(bench, 1);
    expect([bench.holderOf(1), bench.world.watching]).toEqual(['a', 1]);
    expect(bench.factsOfType('worker.enrolled')).toHaveLength(1);
  });
});

describe('the policy', () => {
  test('is replaced as a whole, and each decision names the version that it was made under', () => {
    const bench = setupPool({ workers: [{ ...a, slots: 9 }] });
    admit(bench, 1);
    bench.reconfigure([{ ...a, slots: 9 }], { leasesMax: 2 });
    admit(bench, 2, 3);
    expect(bench.factsOfType('task.assigned').map(({ reason }) => reason.config_version)).toEqual([1, 2]);
    expect(bench.roster.leaseCount).toBe(2);
    expect(bench.factsOfType('pool.reconfigured')).toEqual([
      { type: 'pool.reconfigured', version: 2, changes: [] },
    ]);
  });

  test('may set the limits of machines, and take them away again', () => {
    const host = 'box';
    const workers = [makeSpec('a', { host, slots: 2 }), makeSpec('b', { host, slots: 2 })];
    const bench = setupPool({ workers });
    bench.reconfigure(workers, { hosts: [{ host, slotsMax: 1, memoryBytes: null }] });
    admit(bench, 1, 2, 3);
    expect(bench.roster.leaseCount).toBe(1);
    bench.reconfigure(workers, { hosts: [] });
    bench.turn();
    expect(bench.roster.leaseCount).toBe(3);
  });

  test('may let tasks grow old from now on, those that wait already as well', () => {
    const routing = { strategy: 'priority_based', rules: [], agingMs: 60_000, bypassesMax: 0 } as const;
    const bench = setupPool();
    bench.admit(makeTicket(1));
    bench.turn();
    bench.admit(makeTicket(2, { priority: 4, sinceMs: 0 }), makeTicket(3, { priority: 5, sinceMs: 60_001 }));
    bench.reconfigure(bench.specs, { routing });
    bench.settle(1, success);
    expect(bench.storyOf(2)).toEqual(['assigned']);
    bench.reconfigure(bench.specs, { routing: { ...routing, agingMs: 0 } });
    bench.admit(makeTicket(4, { priority: 4, sinceMs: 0 }));
    bench.settle(2, success);
    expect(bench.storyOf(3)).toEqual(['assigned']);
  });

  test('is that of the breakers of servers that are there already, too', () => {
    const bench = setupPool({ workers: [a, b] });
    bench.reconfigure([a, b], { breaker: { failuresMax: 1, openMs: 1_000, openMsMax: 1_000 } });
    admit(bench, 1, 2);
    for (const seq of [1, 2]) bench.settle(seq, broken);
    expect([bench.breakersOf(a.endpoint), bench.breakersOf(b.endpoint)]).toEqual([['open'], ['open']]);
  });

  test('of two reloads in one turn is that of the second', () => {
    const bench = setupPool({ workers: [a] });
    bench.reconfigure([a, b], { leasesMax: 1 });
    bench.reconfigure([b, makeSpec('c')], { leasesMax: 5 });
    bench.turn();
    bench.beat('b');
    bench.beat('c');
    admit(bench, 1, 2, 3);
    expect(bench.roster.leaseCount).toBe(2);
    expect(workersOf(bench).toSorted()).toEqual(['b', 'c']);
    expect(bench.factsOfType('task.assigned')[0]?.reason.config_version).toBe(3);
  });

  test('that takes an added worker away in the same turn leaves none of it', () => {
    const bench = setupPool({ workers: [a] });
    bench.reconfigure([a, b]);
    bench.reconfigure([a]);
    bench.turn();
    expect([workersOf(bench), bench.world.watching]).toEqual([['a'], 1]);
  });
});
