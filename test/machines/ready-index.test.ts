import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ReadyEntry, ReadyIndex } from '../../src/machines/ready-index.ts';

function entry(seq: number, parts: Partial<ReadyEntry> = {}): ReadyEntry {
  return { seq, priority: 5, sinceMs: seq, routeClass: 'general', bypasses: 0, waiting: false, ...parts };
}

function indexOf(entries: readonly ReadyEntry[], agingMs = 0): ReadyIndex<ReadyEntry> {
  const index = new ReadyIndex<ReadyEntry>(agingMs);
  for (const each of entries) index.add(each);
  return index;
}

/** The sequence numbers of all, as they are taken out one by one. */
function takeAll(index: ReadyIndex<ReadyEntry>): number[] {
  const taken: number[] = [];
  const walk = index.walk();
  for (let next = walk.head(); next !== undefined; next = walk.head()) {
    taken.push(next.seq);
    index.remove(next);
  }
  return taken;
}

/** How many of them somebody still holds. */
async function countHeld(refs: readonly WeakRef<ReadyEntry>[]): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  await new Promise((resolve) => setImmediate(resolve)); // A WeakRef holds on until its turn ends.
  collectGarbage();
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

describe('the order', () => {
  test('is priority 10 before 1, and within one the longest wait first', () => {
    const priorities = [1, 5, 10, 5, 10];
    const index = indexOf(priorities.map((priority, at) => entry(at + 1, { priority })));
    expect(index.inOrder().map(({ seq }) => seq)).toEqual([3, 5, 2, 4, 1]);
    expect(takeAll(index)).toEqual([3, 5, 2, 4, 1]);
    expect(index.size).toBe(0);
  });

  test('mixes the types of one priority by age', () => {
    const classes = ['a', 'b', 'a', 'c', 'b'];
    expect(takeAll(indexOf(classes.map((routeClass, at) => entry(at + 1, { routeClass }))))).toEqual([
      1, 2, 3, 4, 5,
    ]);
  });

  test('lets a task that asked for a later start stand behind those that waited before it', () => {
    const scheduled = entry(1, { sinceMs: 5_000 });
    for (const agingMs of [0, 1_000]) {
      expect(
        takeAll(indexOf([scheduled, entry(2, { sinceMs: 4_000 }), entry(3, { sinceMs: 6_000 })], agingMs)),
      ).toEqual([2, 1, 3]);
    }
  });

  test('grows by one priority for each time of aging that has passed', () => {
    const old = entry(1, { priority: 5, sinceMs: 0 });
    const fresh = (sinceMs: number) => entry(2, { priority: 6, sinceMs });
    expect(takeAll(indexOf([old, fresh(999)], 1_000))).toEqual([2, 1]);
    expect(takeAll(indexOf([old, fresh(1_000)], 1_000))).toEqual([2, 1]);
    expect(takeAll(indexOf([old, fresh(1_001)], 1_000))).toEqual([1, 2]);
  });

  test('is by priority alone where nothing grows old', () => {
    const old = entry(1, { priority: 5, sinceMs: 0 });
    expect(takeAll(indexOf([old, entry(2, { priority: 6, sinceMs: 1e12 })], 0))).toEqual([2, 1]);
  });

  test('follows another aging from the moment that it is set', () => {
    const index = indexOf([entry(1, { priority: 5, sinceMs: 0 }), entry(2, { priority: 6, sinceMs: 5_000 })]);
    expect(index.walk().head()?.seq).toBe(2);
    index.agingMs = 1_000;
    expect(index.walk().head()?.seq).toBe(1);
    index.agingMs = 0;
    expect(index.walk().head()?.seq).toBe(2);
  });
});

describe('the ready index', () => {
  test('gives a task that comes back its old place', () => {
    const entries = [1, 2, 3, 4].map((seq) => entry(seq));
    const index = indexOf(entries);
    for (const each of entries.slice(0, 2)) index.remove(each);
    index.add(entries[0] as ReadyEntry);
    expect(takeAll(index)).toEqual([1, 3, 4]);
  });

  test('gives a task that comes back with another class its old place among those', () => {
    const mover = entry(1);
    const index = indexOf([mover, entry(2), entry(3, { routeClass: 'other' })]);
    index.remove(mover);
    Object.assign(mover, { routeClass: 'other' });
    index.add(mover);
    expect(index.size).toBe(3);
    expect(index.inOrder().map(({ seq }) => seq)).toEqual([1, 2, 3]);
    const walk = index.walk();
    walk.refuse(entry(2));
    expect(walk.head()).toBe(mover);
    expect(takeAll(index)).toEqual([1, 2, 3]);
  });

  test('takes a task once, however often it was added', () => {
    const [first, second] = [entry(1), entry(2)];
    const index = indexOf([first, first, second]);
    index.remove(first);
    index.add(first);
    expect(index.size).toBe(2);
    expect(takeAll(index)).toEqual([1, 2]);
  });

  test('forgets entries that were taken out, also behind one that stays', async () => {
    const index = indexOf([entry(1)]);
    const passing: WeakRef<ReadyEntry>[] = [];
    for (let seq = 2; seq <= 2_000; seq += 1) {
      const each = entry(seq);
      passing.push(new WeakRef(each));
      index.add(each);
      index.remove(each);
    }
    expect(await countHeld(passing)).toBeLessThan(200);
    expect(takeAll(index)).toEqual([1]);
  });

  test('forgets them also when a long queue is taken out from its end', async () => {
    const index = indexOf([entry(1)]);
    const passing = Array.from({ length: 2_000 }, (_, at) => entry(at + 2)).map((each) => {
      index.add(each);
      return new WeakRef(each);
    });
    for (const ref of passing.toReversed()) index.remove(ref.deref() as ReadyEntry);
    expect(await countHeld(passing)).toBeLessThan(200);
    expect(takeAll(index)).toEqual([1]);
  });

  test('keeps the order of one long queue, whoever is taken out of it', () => {
    const queue = Array.from({ length: 300 }, (_, at) => at);
    const arrivals = fc.shuffledSubarray(queue, { minLength: 300 });
    fc.assert(
      fc.property(
        arrivals,
        fc.shuffledSubarray(queue),
        fc.integer({ min: 1, max: 4 }),
        (order, out, step) => {
          // Those of one moment stand by their numbers, and the higher number is often the one that waits longer.
          const entries = queue.map((seq) => entry(seq, { sinceMs: (seq * 7) % (50 * step) }));
          const index = indexOf(order.map((at) => entries[at] as ReadyEntry));
          for (const at of out) index.remove(entries[at] as ReadyEntry);
          const left = entries.filter(({ waiting }) => waiting);
          const expected = left.toSorted((a, b) => a.sinceMs - b.sinceMs || a.seq - b.seq);
          expect(takeAll(index)).toEqual(expected.map(({ seq }) => seq));
        },
      ),
    );
  });
});

describe('a walk', () => {
  test('lets other types pass one that finds no place, and asks for it once', () => {
    const entries = Array.from({ length: 100 }, (_, at) =>
      entry(at + 1, { routeClass: at % 2 === 0 ? 'stuck' : 'free' }),
    );
    const index = indexOf(entries);
    const asked: number[] = [];
    const walk = index.walk();
    for (let next = walk.head(); next !== undefined; next = walk.head()) {
      asked.push(next.seq);
      if (next.routeClass === 'stuck') walk.refuse(next);
      else index.remove(next);
    }
    expect(asked).toEqual([1, ...entries.flatMap(({ seq }) => (seq % 2 === 0 ? [seq] : []))]);
    expect(index.walk().head()?.seq).toBe(1);
  });

  test('tells who would have their turn after one, the next first, but for those who were refused', () => {
    const entries = [
      entry(1, { routeClass: 'a' }),
      entry(2, { routeClass: 'a' }),
      entry(3, { routeClass: 'b' }),
      entry(4, { routeClass: 'c', priority: 6 }),
      entry(5, { routeClass: 'd', priority: 4 }),
      entry(6, { routeClass: 'e' }),
    ];
    const walk = indexOf(entries).walk();
    expect(walk.after(entries[0] as ReadyEntry).map(({ seq }) => seq)).toEqual([3, 6, 5]);
    walk.refuse(entries[2] as ReadyEntry);
    expect(walk.after(entries[0] as ReadyEntry).map(({ seq }) => seq)).toEqual([6, 5]);
  });

  test('remembers for whom a place is kept: the first one who asked', () => {
    const index = indexOf([]);
    const [walk, place] = [index.walk(), {}];
    expect([walk.keepsAny, walk.keeperOf(place)]).toEqual([false, undefined]);
    const [first, second] = [entry(1), entry(2)];
    walk.keep(place, first);
    walk.keep(place, second);
    expect([walk.keepsAny, walk.keeperOf(place), walk.keeperOf({})]).toEqual([true, first, undefined]);
    expect(index.walk().keepsAny).toBe(false);
  });
});

describe('whatever is added, taken out, refused and changed', () => {
  const commands = fc.array(
    fc.record({
      verb: fc.constantFrom('add', 'add', 'remove', 'move', 'take', 'takeSome', 'age'),
      at: fc.nat(11),
      named: fc.constantFrom('a', 'b', 'none'),
      agingMs: fc.constantFrom(0, 5, 1_000),
    }),
    { maxLength: 120 },
  );
  const kinds = fc.array(
    fc.record({
      priority: fc.integer({ min: 1, max: 10 }),
      routeClass: fc.constantFrom('a', 'b', 'c'),
      sinceMs: fc.nat(40),
    }),
    { minLength: 12, maxLength: 12 },
  );

  test('it agrees with a sorted list', () => {
    fc.assert(
      fc.property(kinds, commands, (drawn, script) => {
        const entries = drawn.map((parts, at) => entry((at * 7) % 12, parts));
        const index = new ReadyIndex<ReadyEntry>();
        const model = new Set<ReadyEntry>();
        let aging = 0;
        const compare = (a: ReadyEntry, b: ReadyEntry) => {
          const byAge = a.sinceMs - b.sinceMs - (a.priority - b.priority) * aging;
          return (
            (aging === 0 ? 0 : byAge) || b.priority - a.priority || a.sinceMs - b.sinceMs || a.seq - b.seq
          );
        };
        for (const { verb, at, named, agingMs } of script) {
          const each = entries[at] as ReadyEntry;
          if (verb === 'add') {
            index.add(each);
            model.add(each);
          } else if (verb === 'remove') {
            index.remove(each);
            model.delete(each);
          } else if (verb === 'move') {
            if (!each.waiting) Object.assign(each, { routeClass: named });
          } else if (verb === 'age') {
            index.agingMs = agingMs;
            aging = agingMs;
          } else {
            const isFit = (one: ReadyEntry) => verb === 'take' || one.routeClass !== named;
            const expected = [...model].filter(isFit).sort(compare)[0];
            const walk = index.walk();
            let got = walk.head();
            for (; got !== undefined && !isFit(got); got = walk.head()) walk.refuse(got);
            expect(got?.seq).toBe(expected?.seq);
            if (got === undefined) continue;
            const heads = new Map<string, ReadyEntry>();
            for (const one of [...model].sort(compare)) {
              const lane = `${one.priority} ${one.routeClass}`;
              if (!heads.has(lane)) heads.set(lane, one);
            }
            const behind = [...heads.values()].filter((one) => compare(one, got) > 0);
            expect(walk.after(got).map(({ seq }) => seq)).toEqual(behind.map(({ seq }) => seq));
            index.remove(got);
            model.delete(got);
          }
          expect(index.size).toBe(model.size);
          expect(index.inOrder().map(({ seq }) => seq)).toEqual(
            [...model].sort(compare).map(({ seq }) => seq),
          );
        }
      }),
    );
  });
});
