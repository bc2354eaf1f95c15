import { beforeEach, describe, expect, test } from 'vitest';
import { presenceSince } from '../../src/db/availability.ts';
import { type Db, openDatabase } from '../../src/db/client.ts';
import { lastDurations, metricsSummary } from '../../src/db/metrics-queries.ts';
import { promptHeads, queue } from '../../src/db/queue-queries.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import type { Entry, Store } from '../../src/db/store.ts';
import type { RecordedFact } from '../../src/machines/facts.ts';
import { noUsage } from '../../src/machines/outcome.ts';
import type { Liveness } from '../../src/machines/worker-state.ts';
import { onDisposal } from '../support/disposal.ts';
import { taskIdOf } from '../support/pool-samples.ts';
import {
  accept,
  alive,
  atMs,
  entry,
  freshHome,
  leaseFacts,
  local,
  makeTask,
  registration,
} from '../support/store-samples.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
let store: Store;
let db: Db;

beforeEach(() => {
  const path = `${freshHome()}/koubou.db`;
  store = openStore(path, 'normal', atMs);
  onDisposal(() => store.close());
  store.registerWorkers([registration(local)], atMs - 48 * hourMs);
  db = openDatabase(path, 'normal');
  onDisposal(() => void db.$client.close());
});

/** A run of task `seq` from one minute to another, before or after noon. */
function run(seq: number, fromMinute: number, toMinute: number, elapsedMs = 1_000): readonly Entry[] {
  const { assigned, completed } = leaseFacts(seq, seq);
  const usage = { ...noUsage, promptTokens: seq, outputTokens: 2 * seq };
  return [
    accept(makeTask(seq)),
    entry(assigned, atMs + fromMinute * minuteMs),
    entry({ ...completed, usage, elapsedMs }, atMs + toMinute * minuteMs),
  ];
}

const lastHour = { nowMs: atMs, windowMs: hourMs };

describe('the summary of a window', () => {
  test('of nothing is nothing, and no figure is made up', () => {
    expect(metricsSummary(db, lastHour)).toEqual({
      window: {
        since: '2026-01-01T11:00:00.000Z',
        until: '2026-01-01T12:00:00.000Z',
        hours: 1,
        truncated: false,
      },
      tasks: { completed: 0, failed: 0, cancelled: 0 },
      success_rate: null,
      durations: { runs: 0, mean_ms: null, p50_ms: null, p95_ms: null },
      tokens: { prompt: 0, output: 0, runs_counted: 0 },
      workers: [
        { worker_id: local, slots: 2, completed: 0, failed: 0, busy_ms: 0, utilisation: 0, availability: 0 },
      ],
    });
  });

  test('leaves out the runs that ended before it, and takes those that ended in it, whenever they began', async () => {
    await store.commit([...run(1, -120, -90), ...run(2, -90, -30), ...run(3, -50, -40), ...run(4, -20, -10)]);
    const { tasks, tokens, durations, workers } = metricsSummary(db, lastHour);
    expect(tasks).toEqual({ completed: 3, failed: 0, cancelled: 0 });
    expect(tokens).toEqual({ prompt: 9, output: 18, runs_counted: 3 });
    expect(durations.runs).toBe(3);
    // Half an hour of the one that began before, and twice ten minutes, of two slots.
    expect(workers[0]).toMatchObject({ completed: 3, busy_ms: 50 * minuteMs, utilisation: 50 / 120 });
  });

  test('counts a run that goes on up to now', async () => {
    await store.commit([accept(makeTask(1)), entry(leaseFacts(1, 1).assigned, atMs - 90 * minuteMs)]);
    expect(metricsSummary(db, lastHour).workers[0]).toMatchObject({
      completed: 0,
      busy_ms: hourMs,
      utilisation: 0.5,
    });
  });

  test('names the mean, the median and the 95th of a hundred durations', async () => {
    for (let seq = 1; seq <= 100; seq += 1) await store.commit(run(seq, -10, -9, ((seq * 37) % 101) * 10));
    expect(metricsSummary(db, lastHour).durations).toEqual({
      runs: 100,
      mean_ms: 505,
      p50_ms: 500,
      p95_ms: 950,
    });
  });

  test('says how many tasks came to a good end, and counts a run that was given back against its worker', async () => {
    const { assigned, retried } = leaseFacts(3, 3);
    const second = leaseFacts(3, 4);
    await store.commit([
      ...run(1, -9, -8),
      ...run(2, -9, -8),
      accept(makeTask(3)),
      entry(assigned, atMs - 8 * minuteMs),
      entry(retried, atMs - 7 * minuteMs),
      entry({ ...second.assigned, lease: 2 }, atMs - 6 * minuteMs),
      entry(second.failed, atMs - 5 * minuteMs),
    ]);
    const { tasks, success_rate, workers } = metricsSummary(db, lastHour);
    expect(tasks).toEqual({ completed: 2, failed: 1, cancelled: 0 });
    expect(success_rate).toBe(2 / 3);
    expect(workers[0]).toMatchObject({ completed: 2, failed: 2, busy_ms: 4 * minuteMs });
  });

  test('that holds more runs than are read says so, and begins where they do', async () => {
    await store.commit([...run(1, -50, -49), ...run(2, -40, -39), ...run(3, -30, -29), ...run(4, -20, -19)]);
    const { window, tasks, durations } = metricsSummary(db, lastHour, 2);
    expect(window).toMatchObject({ since: '2026-01-01T11:30:00.000Z', hours: 0.5, truncated: true });
    expect([tasks.completed, durations.runs]).toEqual([2, 2]);
  });
});

test('the last runs come newest first, in the order in which they ended', async () => {
  await store.commit([...run(1, -9, -1, 10), ...run(2, -8, -5, 20), ...run(3, -7, -3, 30)]);
  expect(lastDurations(db, 2)).toEqual([
    {
      task_id: taskIdOf(1),
      worker_id: local,
      model: 'gpt-oss:20b',
      type: 'general',
      duration_ms: 10,
      ended_at: '2026-01-01T11:59:00.000Z',
      tokens: { prompt: 1, output: 2 },
    },
    expect.objectContaining({ task_id: taskIdOf(3), duration_ms: 30 }),
  ]);
});

describe('the availability of a worker', () => {
  const at = (minute: number, fact: RecordedFact) => entry(fact, atMs + minute * minuteMs);
  const changed = (from: Liveness, to: Liveness): RecordedFact => ({
    type: 'worker.changed',
    workerId: local,
    from,
    to,
    detail: '',
  });
  const started = { type: 'pool.started', recovered: 0, waiting: 0 } as const;
  const span = { sinceMs: atMs - hourMs, untilMs: atMs };
  const presentMinutes = () => (presenceSince(db, span).get(local) ?? 0) / minuteMs;

  test.each<[string, readonly Entry[], number]>([
    ['never seen', [at(-90, started)], 0],
    ['there since before the window', [at(-90, alive()), at(-90, started)], 60],
    ['that came in it', [at(-90, started), at(-20, alive())], 20],
    [
      'suspect for ten minutes, and lost for five',
      [
        at(-90, started),
        at(-80, alive()),
        at(-40, changed('alive', 'suspect')),
        at(-30, changed('suspect', 'alive')),
        at(-15, changed('alive', 'lost')),
        at(-10, changed('lost', 'alive')),
      ],
      45,
    ],
    [
      'whose pool stopped, and was started anew',
      [
        ...[at(-90, alive()), at(-90, started), at(-40, { type: 'pool.stopped' })],
        ...[at(-10, alive()), at(-9, started)],
      ],
      30,
    ],
    [
      'whose pool was killed without a word, after its last event',
      [
        ...[at(-90, alive()), at(-90, started), at(-50, { type: 'pool.paused' })],
        ...[at(-10, alive()), at(-9, started)],
      ],
      20,
    ],
    [
      'that retired',
      [at(-90, alive()), at(-90, started), at(-45, { type: 'worker.retired', workerId: local, detail: '' })],
      15,
    ],
  ])('%s', async (_name, entries, minutes) => {
    await store.commit(entries);
    expect(presentMinutes()).toBe(minutes);
  });

  test('is not told of lives of the pool that ended long ago', async () => {
    const lives = Array.from({ length: 50 }, (_, n) => [at(-5_000 + n, alive()), at(-5_000 + n, started)]);
    await store.commit([...lives.flat(), at(-30, alive()), at(-30, started)]);
    expect(presentMinutes()).toBe(30);
  });
});

/** The steps of all statements that a read runs. */
function stepsOf(read: () => unknown): readonly string[] {
  const seen: string[] = [];
  const prepare = db.$client.prepare.bind(db.$client);
  db.$client.prepare = ((text: string) => {
    seen.push(text);
    return prepare(text);
  }) as typeof db.$client.prepare;
  read();
  db.$client.prepare = prepare;
  return seen.flatMap((text) => {
    const slots = (text.match(/\?/g) ?? []).map(() => 1);
    const rows = prepare(`EXPLAIN QUERY PLAN ${text}`).all(...slots) as { detail: string }[];
    return rows.map(({ detail }) => detail);
  });
}

/** As they are kept beside the rows, so that nothing is counted. */
const noTasks = { pending: 0, in_progress: 0, completed: 0, failed: 0, cancelled: 0 };

describe('the reads behind the boards', () => {
  test.each<[string, () => unknown]>([
    ['queue', () => queue(db, { limit: 20, nowMs: atMs, counts: noTasks })],
    ['prompt heads', () => promptHeads(db, ['a', 'b'])],
    ['last runs', () => lastDurations(db, 10)],
    ['summary', () => metricsSummary(db, lastHour)],
  ])('of the %s walk an index, and scan no table', (_name, read) => {
    const steps = stepsOf(read);
    expect(steps.length).toBeGreaterThan(0);
    const isMeant = (step: string) =>
      // In order of ending, from the newest on; only who came and went; and workers are few.
      /^SCAN (task_master USING INDEX task_ended|task_assignments USING INDEX assignment_active|events USING INDEX event_by_presence|workers)\b/.test(
        step,
      ) || /^USE TEMP B-TREE FOR GROUP BY$/.test(step);
    expect(steps.filter((step) => /^SCAN|TEMP B-TREE/.test(step) && !isMeant(step))).toEqual([]);
  });

  test('count who was completed in the last hour by the index alone', () => {
    const steps = stepsOf(() => queue(db, { limit: 20, nowMs: atMs, counts: noTasks }));
    expect(steps).toContain('SEARCH task_master USING COVERING INDEX task_ended (ended_at>?)');
  });

  test('find the leases that go on without a walk through all that ever were', () => {
    const steps = stepsOf(() => metricsSummary(db, lastHour));
    expect(steps).toContain('SCAN task_assignments USING INDEX assignment_active');
    expect(steps.filter((step) => step.includes('rowid<?'))).toEqual([]);
  });

  test('find who came and went by the index of presence', () => {
    const steps = stepsOf(() => presenceSince(db, { sinceMs: 0, untilMs: atMs }));
    expect(steps.every((step) => step.includes('event_by_presence'))).toBe(true);
  });
});
