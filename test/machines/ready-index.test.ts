import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ReadyEntry, ReadyIndex } from '../../src/machines/ready-index.ts';

function entry(seq: number, priority = 5, routeClass = 'general'): ReadyEntry {
  return { seq, priority, routeClass, waiting: false };
}

function takeAll(index: ReadyIndex<ReadyEntry>): number[] {
  const taken: number[] = [];
  const walk = index.walk();
  for (let next = walk.next(() => true); next !== undefined; next = walk.next(() => true)) {
    taken.push(next.entry.seq);
  }
  return taken;
}

describe('the ready index', () => {
  test('hands out priority 10 before 1, and the oldest first within one', () => {
    const index = new ReadyIndex<ReadyEntry>();
    for (const [seq, priority] of [
      [1, 1],
      [2, 5],
      [3, 10],
      [4, 5],
      [5, 10],
    ] as const) {
      index.add(entry(seq, priority));
    }
    expect(takeAll(index)).toEqual([3, 5, 2, 4, 1]);
    expect(index.size).toBe(0);
  });

  test('mixes the types of one priority by age', () => {
    const index = new ReadyIndex<ReadyEntry>();
    for (const [seq, type] of [
      [1, 'a'],
      [2, 'b'],
      [3, 'a'],
      [4, 'c'],
      [5, 'b'],
    ] as const) {
      index.add(entry(seq, 5, type));
    }
    expect(takeAll(index)).toEqual([1, 2, 3, 4, 5]);
  });

  test('gives a task that comes back its old place', () => {
    const index = new ReadyIndex<ReadyEntry>();
    const entries = [1, 2, 3, 4].map((seq) => entry(seq));
    for (const each of entries) index.add(each);
    index.walk().next(() => true);
    index.walk().next(() => true);
    index.add(entries[0] as ReadyEntry);
    expect(takeAll(index)).toEqual([1, 3, 4]);
  });

  test('takes a task once, however often it was added', () => {
    const index = new ReadyIndex<ReadyEntry>();
    const [first, second] = [entry(1), entry(2)];
    index.add(first);
    index.add(first);
    index.add(second);
    index.remove(first);
    index.add(first);
    expect(index.size).toBe(2);
    expect(takeAll(index)).toEqual([1, 2]);
  });

  test('lets other types pass one that finds no place, and asks for it once', () => {
    const index = new ReadyIndex<ReadyEntry>();
    for (let seq = 1; seq <= 100; seq += 1) index.add(entry(seq, 5, seq % 2 === 0 ? 'free' : 'stuck'));
    const asked: number[] = [];
    const walk = index.walk();
    const accepts = (each: ReadyEntry) => {
      asked.push(each.seq);
      return each.routeClass === 'free' || undefined;
    };
    for (let handed = 0; handed < 50; handed += 1) expect(walk.next(accepts)?.entry.routeClass).toBe('free');
    expect(walk.next(accepts)).toBeUndefined();
    expect(asked.filter((seq) => seq % 2 === 1)).toEqual([1]);
  });

  test('asks again in the next walk', () => {
    const index = new ReadyIndex<ReadyEntry>();
    index.add(entry(1));
    expect(index.walk().next(() => undefined)).toBeUndefined();
    expect(index.walk().next(() => 'a place')).toMatchObject({ entry: { seq: 1 }, place: 'a place' });
  });

  test('forgets entries that were taken out, also behind one that stays', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const index = new ReadyIndex<ReadyEntry>();
    index.add(entry(1));
    const passing: WeakRef<ReadyEntry>[] = [];
    for (let seq = 2; seq <= 2_000; seq += 1) {
      const each = entry(seq);
      passing.push(new WeakRef(each));
      index.add(each);
      index.remove(each);
    }
    await new Promise((resolve) => setImmediate(resolve)); // A WeakRef holds on until its turn ends.
    collectGarbage();
    expect(passing.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(200);
    expect(takeAll(index)).toEqual([1]);
  });

  test('agrees with a sorted list, whatever is added, taken out and handed out', () => {
    const commands = fc.array(
      fc.record({
        verb: fc.constantFrom('add', 'add', 'remove', 'take', 'takeSome'),
        at: fc.nat(29),
        refused: fc.constantFrom('a', 'b', 'none'),
      }),
      { maxLength: 120 },
    );
    const pools = fc.array(
      fc.record({ priority: fc.integer({ min: 1, max: 10 }), routeClass: fc.constantFrom('a', 'b', 'c') }),
      { minLength: 30, maxLength: 30 },
    );
    fc.assert(
      fc.property(pools, commands, (kinds, script) => {
        const entries = kinds.map(({ priority, routeClass }, at) =>
          entry((at * 7) % 30, priority, routeClass),
        );
        const index = new ReadyIndex<ReadyEntry>();
        const model = new Set<ReadyEntry>();
        for (const { verb, at, refused } of script) {
          const each = entries[at] as ReadyEntry;
          if (verb === 'add') {
            index.add(each);
            model.add(each);
          } else if (verb === 'remove') {
            index.remove(each);
            model.delete(each);
          } else {
            const isFit = (one: ReadyEntry) => verb === 'take' || one.routeClass !== refused;
            const expected = [...model]
              .filter(isFit)
              .sort((a, b) => b.priority - a.priority || a.seq - b.seq)[0];
            const got = index.walk().next((one) => isFit(one) || undefined)?.entry;
            expect(got?.seq).toBe(expected?.seq);
            if (expected !== undefined) model.delete(expected);
          }
          expect(index.size).toBe(model.size);
        }
      }),
    );
  });
});
