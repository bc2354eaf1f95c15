import { describe, expect, test } from 'vitest';
import { type ReadyEntry, ReadyIndex } from '../../src/machines/ready-index.ts';

/** A queue of one lane, and how often any of its tasks was looked at since they were all in it. */
function longQueue(length: number) {
  let looks = 0;
  const entries = Array.from({ length }, (_, seq): ReadyEntry => {
    let isWaiting = false;
    return {
      seq,
      priority: 5,
      sinceMs: seq,
      routeClass: 'general',
      bypasses: 0,
      get waiting() {
        looks += 1;
        return isWaiting;
      },
      set waiting(value) {
        isWaiting = value;
      },
    };
  });
  const index = new ReadyIndex<ReadyEntry>();
  for (const each of entries) index.add(each);
  looks = 0;
  return { index, entries, looks: () => looks };
}

/** Far from what a search of the whole queue, once for each task or for each few of them, would take. */
const looksPerTaskMax = 5;

describe('a long queue', () => {
  test('is handed out without a search: each task is looked at a few times, not the others for each', () => {
    const { index, entries, looks } = longQueue(4_000);
    const walk = index.walk();
    for (let next = walk.head(); next !== undefined; next = walk.head()) index.remove(next);
    expect(index.size).toBe(0);
    expect(looks() / entries.length).toBeLessThan(looksPerTaskMax);
  });

  test('is taken back from its end without a search for each', () => {
    const { index, entries, looks } = longQueue(4_000);
    for (const each of entries.toReversed()) index.remove(each);
    expect(index.size).toBe(0);
    expect(looks() / entries.length).toBeLessThan(looksPerTaskMax);
  });
});
