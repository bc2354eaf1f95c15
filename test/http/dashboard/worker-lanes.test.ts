import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LeaseRun } from '../../../src/db/run-queries.ts';
import { lanesOf, windowLater } from '../../../src/http/dashboard/worker-lanes.ts';

const window = { since: new Date(0).toISOString(), until: new Date(1_000).toISOString() };

function run(assignment_id: number, startMs: number, endMs: number | null, worker_id = 'w'): LeaseRun {
  return {
    assignment_id,
    task_id: `task_${assignment_id}`,
    worker_id,
    model: null,
    type: 'general',
    priority: 5,
    status: endMs === null ? 'active' : 'completed',
    started_at: new Date(startMs).toISOString(),
    ended_at: endMs === null ? null : new Date(endMs).toISOString(),
  };
}

test('runs one after another share a lane, those at the same time do not', () => {
  const [worker] = lanesOf([run(3, 500, 900), run(2, 200, 600), run(1, 0, 500)], window, []);
  expect(worker?.lanes).toBe(2);
  expect(worker?.runs.map(({ run: { assignment_id }, lane }) => [assignment_id, lane])).toEqual([
    [1, 0],
    [2, 1],
    [3, 0],
  ]);
});

test('what goes on reaches the edge, and what began before the window begins at its edge', () => {
  const [worker] = lanesOf([run(1, -500, 500), run(2, 600, null)], window, []);
  expect(worker?.runs.map(({ start, end }) => [start, end])).toEqual([
    [0, 0.5],
    [0.6, 1],
  ]);
});

test('a worker that ran nothing has a lane, and stands in its place among the others', () => {
  const lanes = lanesOf([run(1, 0, 500, 'b'), run(2, 0, 500, 'gone')], window, ['a', 'b', 'c']);
  expect(lanes.map(({ workerId, lanes: count, runs }) => [workerId, count, runs.length])).toEqual([
    ['a', 1, 0],
    ['b', 1, 1],
    ['c', 1, 0],
    ['gone', 1, 1],
  ]);
});

test('as the window moves on, what goes on stays at its edge, and what is long over leaves', () => {
  const [worker] = lanesOf([run(1, 0, 100), run(2, 600, null)], windowLater(window, 200), []);
  expect(worker?.runs.map(({ run: { assignment_id }, start, end }) => [assignment_id, start, end])).toEqual([
    [2, 0.4, 1],
  ]);
});

test('no run lies over another, whatever comes', () => {
  const spans = fc.array(fc.tuple(fc.nat(999), fc.nat(300)), { maxLength: 40 });
  fc.assert(
    fc.property(spans, (drawn) => {
      const sorted = drawn.toSorted(([a], [b]) => a - b);
      const runs = sorted.map(([start, length], index) => run(index + 1, start, start + length));
      for (const { lanes, runs: placed } of lanesOf(runs, window, [])) {
        for (let lane = 0; lane < lanes; lane += 1) {
          const own = placed.filter((one) => one.lane === lane);
          expect(own.length).toBeGreaterThan(0);
          own.slice(1).forEach(({ run: { started_at } }, index) => {
            expect(started_at >= (own[index]?.run.ended_at ?? '')).toBe(true);
          });
        }
      }
    }),
    { numRuns: 50 },
  );
});
