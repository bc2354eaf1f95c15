import { describe, expect, test } from 'vitest';
import { systemRandom } from '../../src/actors/random.ts';
import { taskIdSource } from '../../src/actors/task-ids.ts';
import { parseTaskId } from '../../src/machines/identifiers.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

function setupIds() {
  const clock = new VirtualClock();
  return { clock, next: taskIdSource(clock, systemRandom()) };
}

describe('a task id', () => {
  test('tells the time of its making, in UTC and to the microsecond', async () => {
    const { clock, next } = setupIds();
    await clock.advance(((11 * 60 + 22) * 60 + 33) * 1_000 + 44);
    expect(next()).toMatch(/^task_20260101_112233_044000_[0-9a-z]{13}$/);
    expect(next()).toMatch(/^task_20260101_112233_044001_/);
  });

  test('is one that the doors take', () => {
    const { next } = setupIds();
    const id = next();
    expect(parseTaskId(id)).toBe(id);
  });

  test('is given once, however many are made at the same moment, and they sort as they were made', () => {
    const { next } = setupIds();
    const ids = Array.from({ length: 20_000 }, next);
    expect(new Set(ids.map((id) => id.slice(0, 27))).size).toBe(ids.length);
    expect(ids.toSorted()).toEqual(ids);
  });

  test('sorts behind those before it, also when the wall clock jumps back', async () => {
    const { clock, next } = setupIds();
    const before = next();
    clock.jumpWall(-3_600_000);
    await clock.advance(1);
    expect(next() > before).toBe(true);
    clock.jumpWall(7_200_000);
    expect(next()).toMatch(/^task_20260101_010000_001000_/);
  });

  test('cannot be guessed: its end is drawn evenly from 36 letters', () => {
    const random = systemRandom();
    const letters = new Map<string, number>();
    for (const letter of random.suffix(72_000)) letters.set(letter, (letters.get(letter) ?? 0) + 1);
    expect([...letters.keys()].sort().join('')).toBe('0123456789abcdefghijklmnopqrstuvwxyz');
    // 2,000 each, give or take six standard deviations.
    for (const count of letters.values()) expect(Math.abs(count - 2_000)).toBeLessThan(270);
  });
});
