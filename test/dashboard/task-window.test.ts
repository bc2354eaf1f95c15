import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scrollTopFor, windowOf } from '../../src/http/dashboard/task-window.ts';

const rowPx = 40;
const places = fc.tuple(
  fc.nat({ max: 5_000_000 }),
  fc.integer({ min: 1, max: 3_000 }),
  fc.nat({ max: 100_000 }),
);

test('every row that is seen is drawn, and of the others a few', () => {
  fc.assert(
    fc.property(places, ([topPx, heightPx, rows]) => {
      const { from, to } = windowOf(topPx, heightPx, rowPx, rows);
      expect(from).toBeGreaterThanOrEqual(0);
      expect(to).toBeLessThanOrEqual(rows);
      expect(to - from).toBeLessThanOrEqual(heightPx / rowPx + 20);
      const first = Math.floor(topPx / rowPx);
      const last = Math.min(rows, Math.ceil((topPx + heightPx) / rowPx)) - 1;
      if (first > last) return;
      expect(from).toBeLessThanOrEqual(first);
      expect(to).toBeGreaterThan(last);
    }),
  );
});

test('a row that is seen whole stays where it is, and any other is brought in by as little as will do', () => {
  fc.assert(
    fc.property(places, ([topPx, extraPx, row]) => {
      const heightPx = rowPx + extraPx;
      const scrolledPx = scrollTopFor(row, topPx, heightPx, rowPx);
      expect(scrolledPx).toBeLessThanOrEqual(row * rowPx);
      expect(scrolledPx + heightPx).toBeGreaterThanOrEqual((row + 1) * rowPx);
      const wasSeen = topPx <= row * rowPx && (row + 1) * rowPx <= topPx + heightPx;
      if (wasSeen) expect(scrolledPx).toBe(topPx);
    }),
  );
});
