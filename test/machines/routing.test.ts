import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { route, ruleFor, type WorkerView } from '../../src/machines/routing.ts';

const shipped = loadConfig({ cwd: '/nowhere', env: { KOUBOU_CONFIG: `${process.cwd()}/config` } }).routing;
const unruled = { strategy: 'priority_based', rules: [] } as const;

function view(name: string, parts: Partial<Omit<WorkerView, 'workerId'>> = {}): WorkerView {
  return {
    workerId: workerId(name),
    location: name.startsWith('remote') ? 'remote' : 'local',
    capabilities: [],
    performanceFactor: 1,
    slots: 2,
    used: 0,
    liveness: 'alive',
    admission: 'active',
    ...parts,
  };
}

function choose(priority: number, views: readonly WorkerView[], policy = shipped): string | undefined {
  return route({ priority, taskType: 'general' }, views, policy)?.choice;
}

const full = { used: 2 };
const lost = { liveness: 'lost' } as const;

describe('the rules of the shipped workers.yaml', () => {
  test.each([8, 9, 10])('priority %i goes to local workers alone, and waits for them', (priority) => {
    expect(choose(priority, [view('remote'), view('local')])).toBe('local');
    expect(choose(priority, [view('remote'), view('local', full)])).toBeUndefined();
    expect(choose(priority, [view('remote'), view('local', lost)])).toBeUndefined();
  });

  test.each([5, 6, 7])('priority %i is spread over local and remote workers by load', (priority) => {
    expect(choose(priority, [view('local', { used: 1 }), view('remote')])).toBe('remote');
    expect(choose(priority, [view('local'), view('remote', { used: 1 })])).toBe('local');
    expect(choose(priority, [view('local', full), view('remote', { used: 1 })])).toBe('remote');
    expect(choose(priority, [view('local', lost), view('remote')])).toBe('remote');
  });

  test.each([1, 2, 3, 4])('priority %i goes to remote workers, and waits for a busy one', (priority) => {
    expect(choose(priority, [view('local'), view('remote', { performanceFactor: 0.1 })])).toBe('remote');
    expect(choose(priority, [view('local'), view('remote', full)])).toBeUndefined();
  });

  test.each([
    ['there is none', []],
    ['it is lost', [view('remote', lost)]],
    ['it is suspected', [view('remote', { liveness: 'suspect' })]],
    ['it was not heard of yet', [view('remote', { liveness: 'probing' })]],
    ['it is to rest', [view('remote', { admission: 'draining' })]],
    ['it cannot do this type', [view('remote', { capabilities: ['translation'] })]],
  ])('a patient task falls back to a local worker when no remote one can take it: %s', (_why, remotes) => {
    expect(choose(3, [...remotes, view('local')])).toBe('local');
  });
});

describe('the choice of a worker', () => {
  test('falls on nobody who is not alive, full, resting or incapable', () => {
    for (const parts of [
      { liveness: 'probing' },
      { liveness: 'suspect' },
      lost,
      full,
      { admission: 'draining' },
      { capabilities: ['translation'] },
    ] as const) {
      expect(choose(5, [view('local', parts)])).toBeUndefined();
    }
    expect(choose(5, [view('local', { capabilities: ['translation', 'general'] })])).toBe('local');
  });

  test('falls on a standby worker only when the active ones are full', () => {
    const standby = view('b', { admission: 'standby', performanceFactor: 9 });
    expect(choose(5, [standby, view('a', { used: 1 })])).toBe('a');
    expect(choose(5, [standby, view('a', full)])).toBe('b');
  });

  test('fills the first preferred workers first where a rule does not spread the load', () => {
    const rule = { ...ruleFor(unruled, 5), preferredWorkers: ['b', 'local'], loadBalancing: false };
    const policy = { strategy: 'priority_based', rules: [rule] } as const;
    expect(choose(5, [view('a'), view('b', { used: 1 })], policy)).toBe('b');
    expect(choose(5, [view('a'), view('b', full)], policy)).toBe('a');
  });

  test('looks at the load first, then at the speed, then at the name', () => {
    const slow = view('a', { performanceFactor: 0.5 });
    expect(choose(5, [slow, view('b', { used: 1, performanceFactor: 5 })])).toBe('a');
    expect(choose(5, [slow, view('b')])).toBe('b');
    expect(choose(5, [view('c'), view('b'), view('d')])).toBe('b');
    expect(choose(5, [view('a', { used: 1, slots: 2 }), view('b', { used: 1, slots: 4 })])).toBe('b');
  });

  test('goes by load alone under least_loaded, whatever the rules say', () => {
    const policy = { ...shipped, strategy: 'least_loaded' } as const;
    expect(choose(10, [view('local', { used: 1 }), view('remote')], policy)).toBe('remote');
    expect(choose(1, [view('local'), view('remote', { used: 1 })], policy)).toBe('local');
  });

  test('goes by speed first under fastest, whatever the rules say', () => {
    const policy = { ...shipped, strategy: 'fastest' } as const;
    const fast = view('remote', { used: 1, performanceFactor: 4 });
    expect(choose(10, [view('local'), fast], policy)).toBe('remote');
    expect(choose(10, [view('local'), { ...fast, used: 2 }], policy)).toBe('local');
  });

  test('is explained: the rule, every candidate with its load, and why it was not taken', () => {
    const views = [
      view('a', { used: 1 }),
      view('b'),
      view('c', full),
      view('d', lost),
      view('e', { admission: 'draining' }),
      view('f', { capabilities: ['translation'] }),
      view('remote'),
    ];
    expect(route({ priority: 9, taskType: 'general' }, views, shipped)).toEqual({
      rule: 'Urgent tasks go to the fast local workers.',
      choice: 'b',
      candidates: [
        { worker_id: 'a', load: 0.5, refusal: 'less suitable' },
        { worker_id: 'b', load: 0 },
        { worker_id: 'c', load: 1, refusal: 'full' },
        { worker_id: 'd', load: 0, refusal: 'not alive' },
        { worker_id: 'e', load: 0, refusal: 'resting' },
        { worker_id: 'f', load: 0, refusal: 'incapable' },
        { worker_id: 'remote', load: 0, refusal: 'not preferred' },
      ],
    });
  });

  test('does not depend on the order of the workers, and never breaks its own conditions', () => {
    const views = fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('local_1', 'local_2', 'local_3', 'remote_1', 'remote_2'),
        used: fc.nat(2),
        factor: fc.constantFrom(0.1, 1, 2),
        liveness: fc.constantFrom('alive', 'alive', 'alive', 'suspect', 'lost', 'probing'),
        admission: fc.constantFrom('active', 'active', 'standby', 'draining'),
        capabilities: fc.constantFrom([], [], ['translation']),
      }),
      { selector: ({ name }) => name },
    );
    fc.assert(
      fc.property(views, fc.integer({ min: 1, max: 10 }), (drawn, priority) => {
        const workers = drawn.map(({ name, factor, ...parts }) =>
          view(name, { ...parts, performanceFactor: factor } as Partial<WorkerView>),
        );
        const choice = choose(priority, workers);
        expect(choose(priority, workers.toReversed())).toBe(choice);
        if (choice === undefined) return;
        expect(workers.find(({ workerId: id }) => id === choice)).toMatchObject({
          liveness: 'alive',
          capabilities: [],
          admission: expect.not.stringMatching('draining'),
        });
        expect(workers.find(({ workerId: id }) => id === choice)?.used).toBeLessThan(2);
        if (priority >= 8) expect(choice).toMatch(/^local/);
      }),
    );
  });
});

describe('the rule for a priority', () => {
  test('covers both ends of its range', () => {
    expect([1, 4, 5, 7, 8, 10].map((priority) => ruleFor(shipped, priority).priorityMin)).toEqual([
      1, 1, 5, 5, 8, 8,
    ]);
  });

  test('is any worker where none is written', () => {
    expect(ruleFor(unruled, 3)).toMatchObject({ preferredWorkers: ['local', 'remote'], loadBalancing: true });
  });
});
