import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Db, openDatabase } from '../../src/db/client.ts';
import { taskMaster } from '../../src/db/schema.ts';
import { sqlTime } from '../../src/db/sql-time.ts';
import type { TaskFilter } from '../../src/db/task-filter.ts';
import { livingTasks, type SearchQuery, searchTasks } from '../../src/db/task-search.ts';
import { type TaskOrder, TaskWalk, taskOrders } from '../../src/db/task-walk.ts';
import { searchLimits } from '../../src/machines/search-limits.ts';
import { onDisposal } from '../support/disposal.ts';

const atMs = Date.UTC(2026, 10, 22, 10);
const rowsMade = 600;
const types = ['general', 'translation', 'analysis'];
let db: Db;

interface Made {
  readonly seq: number;
  readonly status: string;
  readonly priority: number;
  readonly type: string;
  readonly prompt: string;
  readonly worker: string | null;
}

/** Every seventh is missing, as after forgetting. */
const made: readonly Made[] = Array.from({ length: rowsMade }, (_, index) => index + 1)
  .filter((seq) => seq % 7 !== 0)
  .map((seq) => ({
    seq,
    status: ['pending', 'in_progress', 'completed', 'failed'][seq % 4] as string,
    priority: 1 + (seq % 10),
    type: types[seq % 3] as string,
    prompt: seq % 5 === 0 ? `100%_Sure ${seq}` : `prompt ${seq}`,
    worker: seq % 4 === 0 ? null : `worker_${seq % 2}`,
  }));

beforeEach(() => {
  db = openDatabase(':memory:', 'normal');
  onDisposal(() => void db.$client.close());
  const insert = db.$client.prepare(
    `INSERT INTO task_master (task_id, seq, task_type, priority, status, worker_id, machine_version, created_at,
      updated_at, metadata, prompt) VALUES (?, ?, ?, ?, ?, ?, 1, ?, '', '{}', ?)`,
  );
  for (const { seq, status, priority, type, prompt, worker } of made) {
    insert.run(`task-${seq}`, seq, type, priority, status, worker, sqlTime(atMs + seq * 1_000), prompt);
  }
});

function read(query: Partial<SearchQuery> = {}) {
  const asked = { filter: {}, order: 'newest' as const, cursor: null, limit: 10, ...query };
  return searchTasks(db, asked, ({ where, order }, limit) =>
    db.select({ seq: taskMaster.seq }).from(taskMaster).where(where).orderBy(order).limit(limit).all(),
  );
}

/** All pages, one behind the other. */
function readAll(query: Partial<SearchQuery>): readonly number[] {
  const seen: number[] = [];
  for (let cursor: SearchQuery['cursor'] = null; ; ) {
    const { rows, next } = read({ ...query, cursor });
    seen.push(...rows.map(({ seq }) => seq));
    if (next === null) return seen;
    cursor = next;
  }
}

function wanted(filter: TaskFilter, order: TaskOrder): readonly number[] {
  const { status, assignedTo, priorityMin = 1, priorityMax = 10, type, text } = filter;
  const { acceptedFromMs = 0, acceptedToMs = Number.MAX_SAFE_INTEGER } = filter;
  const found = made.filter(
    (row) =>
      (status === undefined || row.status === status) &&
      (assignedTo === undefined || row.worker === assignedTo) &&
      (type === undefined || row.type === type) &&
      (text === undefined || row.prompt.toLowerCase().includes(text.toLowerCase())) &&
      row.priority >= priorityMin &&
      row.priority <= priorityMax &&
      atMs + row.seq * 1_000 >= acceptedFromMs &&
      atMs + row.seq * 1_000 <= acceptedToMs,
  );
  const bySeq = (a: Made, b: Made) => (order === 'newest' ? b.seq - a.seq : a.seq - b.seq);
  const byPriority = (a: Made, b: Made) => b.priority - a.priority || a.seq - b.seq;
  return found.toSorted(order === 'priority' ? byPriority : bySeq).map(({ seq }) => seq);
}

describe('a search', () => {
  const moment = fc.integer({ min: 0, max: rowsMade + 5 }).map((second) => atMs + second * 1_000);
  const filters = fc.record(
    {
      status: fc.constantFrom('pending' as const, 'failed' as const, 'cancelled' as const),
      assignedTo: fc.constantFrom('worker_1', 'nobody'),
      priorityMin: fc.integer({ min: 1, max: 5 }),
      priorityMax: fc.integer({ min: 5, max: 10 }),
      type: fc.constantFrom(...types),
      text: fc.constantFrom('%', '_', '100%_sure', 'PROMPT 1', '\\', 'nowhere'),
      acceptedFromMs: moment,
      acceptedToMs: moment,
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<TaskFilter>;

  test('finds what a filter wants in its order, whatever the size of the pages and however little time there is', () => {
    fc.assert(
      fc.property(
        filters,
        fc.constantFrom(...taskOrders),
        fc.integer({ min: 1, max: 700 }),
        fc.constantFrom(0, 1_000),
        (filter, order, limit, patienceMs) => {
          expect(readAll({ filter, order, limit, patienceMs })).toEqual(wanted(filter, order));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('that runs out of time says so, and where to go on', () => {
    const { rows, next, isPartial } = read({ filter: { text: 'nowhere' }, patienceMs: 0 });
    const seen = made.length - searchLimits.sliceRowsFirst;
    expect({ rows, isPartial, next }).toEqual({
      rows: [],
      isPartial: true,
      next: { priority: null, seq: made[seen]?.seq },
    });
  });

  test('reads smaller slices where they take long, and larger ones where they do not', () => {
    const clock = { nowMs: 0 };
    const lengths: number[] = [];
    const walk = new TaskWalk(db, {}, 'newest', 1_000_000, () => clock.nowMs);
    for (const { where } of walk.slices(null)) {
      lengths.push(db.select({ seq: taskMaster.seq }).from(taskMaster).where(where).all().length);
      clock.nowMs += lengths.length === 1 ? 10 * searchLimits.sliceMs : 1;
    }
    const first = searchLimits.sliceRowsFirst;
    expect(lengths.slice(0, 3)).toEqual([first, first / 4, first / 2]);
    expect([walk.isWhole, lengths.reduce((sum, length) => sum + length)]).toEqual([true, made.length]);
  });

  test('walks an index from slice to slice, and sorts nothing', () => {
    const seen: string[] = [];
    const prepare = db.$client.prepare.bind(db.$client);
    db.$client.prepare = ((sql: string) => {
      seen.push(sql);
      return prepare(sql);
    }) as typeof db.$client.prepare;
    for (const order of taskOrders) {
      read({ order, filter: { status: 'failed', text: 'x', acceptedFromMs: atMs, type: 'general' } });
      read({ order, filter: { assignedTo: 'worker_1', acceptedToMs: atMs } });
    }
    db.$client.prepare = prepare;
    const steps = seen.flatMap((sql) => {
      const slots = (sql.match(/\?/g) ?? []).map(() => 1);
      return (prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...slots) as { detail: string }[]).map(
        (row) => row.detail,
      );
    });
    expect(steps.length).toBeGreaterThan(10);
    expect(
      steps.filter((step) => /^SCAN (?!slice)|TEMP B-TREE/.test(step) && !/COVERING/.test(step)),
    ).toEqual([]);
  });
});

test('what has not ended is counted as a whole, and named up to the limit, those that wait first', () => {
  const filter = { type: 'general' };
  const waiting = wanted({ ...filter, status: 'pending' }, 'oldest');
  const running = wanted({ ...filter, status: 'in_progress' }, 'oldest');
  const statuses = ['pending', 'in_progress'] as const;
  const limit = waiting.length + 3;
  expect(livingTasks(db, { filter, statuses, limit })).toEqual({
    found: waiting.length + running.length,
    isWhole: true,
    taskIds: [...waiting, ...running.slice(0, 3)].map((seq) => `task-${seq}`),
  });
  expect(livingTasks(db, { filter: { text: 'x' }, statuses, limit, patienceMs: 0 }).isWhole).toBe(false);
});
