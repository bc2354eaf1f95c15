import { describe, expect, test } from 'vitest';
import { workerId } from '../../src/machines/identifiers.ts';
import { gib, Workshop, type WorkshopParts } from '../support/placement-samples.ts';
import { makeSpec } from '../support/pool-samples.ts';

function shop(parts: Omit<WorkshopParts, 'workers'>, ...workers: WorkshopParts['workers']): Workshop {
  return new Workshop({ workers, ...parts });
}

function endpointOf({ roster }: Workshop, name: string) {
  const entry = roster.get(workerId(name));
  if (entry === undefined) throw new Error(`nobody is called ${name}`);
  return entry.endpoint;
}

const translators = { capabilities: ['translation'] };
const translation = { taskType: 'translation' };

describe('the next task', () => {
  test('is the first in order, with the worker that its rule says', () => {
    const work = shop({}, makeSpec('a'), makeSpec('b', translators));
    work.add(1, 'small', { priority: 3 });
    work.add(2, 'small', { priority: 8 });
    work.add(3, 'small', { priority: 1, ...translation });
    expect(work.turn()).toEqual([2, 3]);
    expect([work.workerOf(2), work.workerOf(3)]).toEqual(['a', 'b']);
  });

  test('of another type is not hidden by one that finds no place', () => {
    const work = shop({}, makeSpec('a', { capabilities: ['general'] }), makeSpec('b', translators));
    for (const seq of [1, 2, 3]) work.add(seq, 'small', { priority: 10 });
    work.add(4, 'small', { priority: 1, ...translation });
    expect(work.turn()).toEqual([1, 4]);
  });

  test('that fits nowhere is told with its numbers, and those behind it have their turn', () => {
    const work = shop({}, makeSpec('a', { tokensMax: 4_096 }));
    work.add(1, 'small', { promptTokens: 9_000 });
    work.add(2, 'small');
    expect([work.turn(1), work.unfit, work.turn(1)]).toEqual([[], [1], [2]]);
  });

  test('is one alone at a server that has yet to show that it works', () => {
    const work = shop({}, makeSpec('a', { slots: 3 }));
    for (const seq of [1, 2]) work.add(seq, 'small');
    endpointOf(work, 'a').breaker = 'halfOpen';
    expect(work.turn()).toEqual([1]);
    expect(work.turn()).toEqual([]);
    endpointOf(work, 'a').breaker = 'closed';
    expect(work.turn()).toEqual([2]);
  });

  test('is as many as the slots of a machine, however many its workers have', () => {
    const here = { host: 'here', slots: 2 };
    const hosts = [{ host: 'here', slotsMax: 3, memoryBytes: null }];
    const work = shop({ hosts }, makeSpec('a', here), makeSpec('b', here), makeSpec('c', { host: 'there' }));
    for (let seq = 1; seq <= 9; seq += 1) work.add(seq, 'small');
    expect(work.turn()).toHaveLength(4);
    expect(work.roster.get(workerId('a'))?.host.used).toBe(3);
  });
});

describe('a worker in reserve', () => {
  const reserve = makeSpec('b', { standby: true });

  test('is wanted when those that take work are full, and not before', () => {
    const work = shop({}, makeSpec('a'), reserve);
    work.add(1, 'small');
    expect(work.reserve()).toBeUndefined();
    work.turn();
    work.add(2, 'small');
    expect([work.turn(), work.reserve()]).toEqual([[], 'b']);
  });

  test('is wanted for the first task that it would take', () => {
    const work = shop({}, makeSpec('a', { slots: 1 }), makeSpec('b', { ...translators, standby: true }));
    work.add(1, 'small', { priority: 9 });
    work.turn();
    work.add(2, 'small', { priority: 9 });
    expect(work.reserve()).toBeUndefined();
    work.add(3, 'small', translation);
    expect(work.reserve()).toBe('b');
  });
});

describe('a task whose model would displace another', () => {
  /** One worker with one slot, which has just done a task of the small model. */
  function warmShop(parts: Omit<WorkshopParts, 'workers'> = {}): Workshop {
    const work = shop(parts, makeSpec('a'));
    work.add(1, 'small');
    work.turn();
    work.end(1);
    return work;
  }

  /** The order in which the worker takes what waits. */
  function order(work: Workshop): number[] {
    const taken: number[] = [];
    for (let handed = work.turn(); handed.length > 0; handed = work.turn()) {
      taken.push(...handed);
      work.end(...handed);
    }
    return taken;
  }

  test('is overtaken by those whose model is there, so often and not oftener', () => {
    const work = warmShop();
    work.add(2, 'other');
    for (const seq of [3, 4, 5, 6]) work.add(seq, 'small');
    expect(order(work)).toEqual([3, 4, 2, 5, 6]);
    expect(work.tasks.get(2)?.bypasses).toBe(2);
    expect(work.reasons.get(3)?.bypassed).toBe(work.tasks.get(2)?.ticket.taskId);
    expect(work.reasons.get(2)?.bypassed).toBeUndefined();
  });

  test('is overtaken by nobody where that is switched off', () => {
    const work = warmShop({ routing: { bypassesMax: 0 } });
    work.add(2, 'other');
    work.add(3, 'small');
    expect(order(work)).toEqual([2, 3]);
  });

  test('is overtaken by the one that has waited longest, whatever its type', () => {
    const work = warmShop();
    work.add(4, 'small', translation);
    work.add(3, 'small', { taskType: 'documentation' });
    work.add(2, 'other');
    expect(order(work)).toEqual([3, 4, 2]);
  });

  test('is overtaken by nobody of another priority, nor past one', () => {
    const lower = warmShop();
    lower.add(2, 'other');
    lower.add(3, 'small', { priority: 4 });
    expect(order(lower)).toEqual([2, 3]);
    // Between the two of priority 5 there is one of priority 6, by age.
    const aged = warmShop({ routing: { agingMs: 10_000 } });
    aged.add(10, 'other');
    aged.add(25, 'other', { priority: 6 });
    aged.add(30, 'small');
    expect(order(aged)).toEqual([10, 25, 30]);
  });

  test('is overtaken past one of another priority that could not be placed now', () => {
    const work = warmShop({ routing: { agingMs: 10_000 } });
    work.roster.enter(makeSpec('a', { capabilities: ['general'] }), 'active');
    work.roster.enter(makeSpec('b', translators), 'active').liveness = 'lost';
    work.add(10, 'other');
    work.add(25, 'other', { priority: 6, ...translation });
    work.add(30, 'small');
    expect(order(work)).toEqual([30, 10]);
  });

  test('is not overtaken by one that has its place at another worker', () => {
    const work = shop({}, makeSpec('a', { slots: 3 }), makeSpec('b', translators));
    work.add(1, 'small');
    work.add(2, 'small', translation);
    expect(work.turn()).toEqual([1, 2]);
    work.end(2);
    work.add(3, 'other');
    work.add(4, 'small', translation);
    expect(work.turn()).toEqual([3, 4]);
    expect([work.workerOf(4), work.tasks.get(3)?.bypasses]).toEqual(['b', 0]);
  });

  test('is overtaken by nobody where both models have room', () => {
    const work = warmShop({ hosts: [{ host: 'a', slotsMax: null, memoryBytes: 24 * gib }] });
    work.add(2, 'other');
    work.add(3, 'small');
    expect(order(work)).toEqual([2, 3]);
  });
});

describe('a task whose model has no room beside those at work', () => {
  const hosts = [{ host: 'a', slotsMax: null, memoryBytes: 24 * gib }];

  /** One worker with two slots, both at work with the small model, and a task of the large one. */
  function crowdedShop(large: { priority?: number } = {}): Workshop {
    const work = shop({ hosts }, makeSpec('a', { slots: 2 }), makeSpec('b'));
    for (const seq of [1, 2, 3]) work.add(seq, 'small');
    expect(work.turn()).toHaveLength(3);
    work.roster.enter(makeSpec('b'), 'active').liveness = 'lost';
    work.add(4, 'large', large);
    return work;
  }

  /** Those that run at the crowded machine, the first one of them ending. */
  function endOne(work: Workshop): void {
    const first = work.running.find((seq) => work.workerOf(seq) === 'a');
    if (first !== undefined) work.end(first);
  }

  test('is not starved: others of its model go first, so often and not oftener', () => {
    const work = crowdedShop();
    for (let seq = 5; seq <= 20; seq += 1) work.add(seq, 'small');
    const handed: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      endOne(work);
      handed.push(...work.turn());
    }
    // The two that overtake it, nothing until the machine is empty, and then the large one alone.
    expect(handed.slice(0, 3)).toEqual([5, 6, 4]);
    expect(work.tasks.get(4)?.bypasses).toBe(2);
    expect(work.reasons.get(5)?.bypassed).toBe(work.tasks.get(4)?.ticket.taskId);
  });

  test('is overtaken as soon as a slot is free, while others of the model there still run', () => {
    const work = crowdedShop();
    work.add(5, 'small');
    endOne(work);
    expect(work.running.filter((seq) => work.workerOf(seq) === 'a')).toHaveLength(1);
    expect(work.turn()).toEqual([5]);
  });

  test('is not overtaken by tasks of another priority', () => {
    const work = crowdedShop({ priority: 6 });
    for (const seq of [5, 6]) work.add(seq, 'small');
    endOne(work);
    expect(work.turn()).toEqual([]);
    endOne(work);
    expect(work.turn()).toEqual([4]);
  });

  test('is not overtaken by one whose model is not there either, though it has room', () => {
    const work = crowdedShop();
    work.add(5, 'other');
    endOne(work);
    expect(work.turn()).toEqual([]);
  });

  test('keeps no other machine from anybody', () => {
    const work = crowdedShop({ priority: 6 });
    work.add(5, 'small');
    endOne(work);
    const b = work.roster.enter(makeSpec('b', { ...translators }), 'active');
    b.liveness = 'alive';
    work.end(...work.running.filter((seq) => work.workerOf(seq) === 'b'));
    work.add(6, 'small', translation);
    expect(work.turn()).toEqual([6]);
    expect(work.reasons.get(6)?.candidates).toContainEqual(
      expect.objectContaining({ worker_id: 'a', refusal: 'host kept' }),
    );
  });

  test('lets nobody past itself who would want the worker in reserve of that machine', () => {
    const work = crowdedShop({ priority: 6 });
    work.roster.enter(
      makeSpec('c', { host: 'a', endpoint: 'c', standby: true, ...translators }),
      'standby',
    ).liveness = 'alive';
    work.roster.enter(makeSpec('a', { slots: 2, capabilities: ['general'] }), 'active');
    endOne(work);
    work.add(5, 'small', translation);
    expect(work.reserve()).toBeUndefined();
    endOne(work);
    work.turn();
    work.end(4);
    expect(work.reserve()).toBe('c');
  });
});
