import { expect, test } from 'vitest';
import { Flow } from '../../src/http/dashboard/overview-flow.ts';
import { startMs, taskEvent } from './live-event-samples.ts';

const bucketMs = 1_000;

test('what was accepted, what ended and how long it waited is counted by the time of the events', () => {
  const flow = new Flow({ bucketMs, buckets: 4 });
  flow.hear([
    taskEvent(1, 'task.accepted', 'a'),
    taskEvent(2, 'task.accepted', 'b', { afterMs: 100 }),
    taskEvent(3, 'task.assigned', 'a', { afterMs: 1_500 }),
    taskEvent(4, 'task.assigned', 'b', { afterMs: 1_600 }),
    taskEvent(5, 'task.completed', 'a', { afterMs: 2_900 }),
  ]);
  expect(flow.series(startMs + 3_200)).toEqual({
    at: [0, 1, 2].map((second) => startMs / 1_000 + second),
    acceptedPerMinute: [120, 0, 0],
    endedPerMinute: [0, 0, 60],
    waitSeconds: [null, 1.5, null],
  });
});

test('a task that was to begin later has not waited until then', () => {
  const flow = new Flow({ bucketMs, buckets: 8 });
  flow.hear([
    taskEvent(1, 'task.accepted', 'a', { run_at: startMs + 5_000 }),
    taskEvent(2, 'task.assigned', 'a', { afterMs: 5_250 }),
  ]);
  expect(flow.series(startMs + 6_000).waitSeconds.at(-1)).toBe(0.25);
});

test('the ring keeps what is recent, and says nothing of the time before anybody counted', () => {
  const flow = new Flow({ bucketMs, buckets: 3, sinceMs: startMs + 9_000 });
  for (let second = 0; second <= 10; second += 1) {
    flow.hear([taskEvent(second, 'task.accepted', `t${second}`, { afterMs: second * 1_000 })]);
  }
  expect(flow.series(startMs + 10_500).acceptedPerMinute).toEqual([null, 60]);
  // An old one that comes late, as after a cut, does not stand in the place of a new one.
  flow.hear([taskEvent(99, 'task.accepted', 'late', { afterMs: 6_000 })]);
  expect(flow.series(startMs + 10_500).acceptedPerMinute).toEqual([null, 60]);
});

test('so many tasks are remembered, however many never begin', () => {
  const flow = new Flow({ bucketMs, buckets: 3, rememberedMax: 10 });
  flow.hear(Array.from({ length: 500 }, (_, seq) => taskEvent(seq, 'task.accepted', `t${seq}`)));
  expect(flow.remembered).toBe(10);
  flow.hear([taskEvent(501, 'task.assigned', 't499', { afterMs: 900 })]);
  expect([flow.remembered, flow.series(startMs + 1_000).waitSeconds.at(-1)]).toEqual([9, 0.9]);
});
