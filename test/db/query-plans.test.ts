import { describe, expect, test } from 'vitest';
import { type Db, openDatabase } from '../../src/db/client.ts';
import { type ListQuery, runListQuery } from '../../src/db/list-queries.ts';
import { prepareStatements } from '../../src/db/sqlite-store.ts';
import { onDisposal } from '../support/disposal.ts';

/**
 * With a million rows behind the pool, a statement that reads a table from end to end stands in the way of all tasks.
 * So none does, and each finds its rows by the index that was made for it.
 */
interface Plan {
  readonly name: string;
  readonly steps: readonly string[];
}

/** Scans that are meant, and why. */
const meant: Record<string, string> = {
  'workers.all': 'all workers are asked for, and there are a few dozen',
};

/** The index that a statement must use; where nothing is said, any will do. */
const expected: Record<string, string> = {
  'tasks.ready': 'USING INDEX task_ready (priority=? AND task_type=? AND seq>?)',
  'tasks.due': 'USING INDEX task_scheduled (run_at>? AND run_at<?)',
  'tasks.nextRunAt': 'USING COVERING INDEX task_scheduled (run_at>?)',
  'tasks.byId': 'USING INDEX sqlite_autoindex_task_master_1 (task_id=?)',
  'tasks.assign': 'USING INDEX sqlite_autoindex_task_master_1 (task_id=?)',
  'tasks.endHeld': 'USING INDEX sqlite_autoindex_task_master_1 (task_id=?)',
  'events.ofTask': 'USING INDEX event_by_task (task_id=? AND seq>?)',
  'assignments.end': 'USING INTEGER PRIMARY KEY (rowid=?)',
  'workers.refresh': 'USING INDEX assignment_active (worker_id=?)',
  'idempotency.byKey': 'USING INDEX sqlite_autoindex_idempotency_keys_1 (key=?)',
};

/** One that writes has its text at hand; one that reads is drizzle's. */
type Statement = { readonly sql: string } | { getQuery(): { readonly sql: string } };

function open(): Db {
  const db = openDatabase(':memory:', 'normal');
  onDisposal(() => db.$client.close());
  return db;
}

function planOf(db: Db, sql: string): readonly string[] {
  const slots = (sql.match(/\?/g) ?? []).map(() => 1);
  const rows = db.$client.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...slots) as { detail: string }[];
  return rows.map(({ detail }) => detail);
}

/** The statements that run beside the pool, by table and name. */
function statementsOf(db: Db): readonly { readonly name: string; readonly sql: string }[] {
  return Object.entries(prepareStatements(db)).flatMap(([table, statements]) =>
    Object.entries(statements as Record<string, Statement>).map(([name, statement]) => ({
      name: `${table}.${name}`,
      sql: 'sql' in statement ? statement.sql : statement.getQuery().sql,
    })),
  );
}

function plansOf(db: Db): readonly Plan[] {
  return statementsOf(db).map(({ name, sql }) => ({ name, steps: planOf(db, sql) }));
}

function faultsIn(plans: readonly Plan[]): readonly string[] {
  return plans.flatMap(({ name, steps }) => {
    const scans = steps.filter((step) => /^SCAN|TEMP B-TREE/.test(step) && meant[name] === undefined);
    const index = expected[name];
    const misses = index !== undefined && !steps.some((step) => step.includes(index)) ? [`not ${index}`] : [];
    return [...scans, ...misses].map((fault) => `${name}: ${fault}`);
  });
}

describe('the statements beside the pool', () => {
  test('find their rows by an index, and sort nothing', () => {
    const plans = plansOf(open());
    expect(plans.length).toBeGreaterThanOrEqual(22);
    expect(faultsIn(plans)).toEqual([]);
    expect(Object.keys(expected).filter((name) => !plans.some((plan) => plan.name === name))).toEqual([]);
  });

  test('stay so when SQLite has counted a table whose rows all wait', () => {
    const db = open();
    const insert = db.$client.prepare(
      `INSERT INTO task_master (task_id, seq, task_type, priority, status, run_at, machine_version, created_at,
        updated_at, metadata, prompt) VALUES (?, ?, 'general', 5, 'pending', ?, 1, '', '', '{}', '')`,
    );
    for (let seq = 1; seq <= 2_000; seq += 1) insert.run(`task-${seq}`, seq, seq % 10 === 0 ? seq : null);
    db.$client.exec('ANALYZE');
    expect(faultsIn(plansOf(db))).toEqual([]);
  });

  test.each([
    ['task_ready', 'tasks.ready'],
    ['task_scheduled', 'tasks.due'],
    ['task_scheduled', 'tasks.nextRunAt'],
    ['event_by_task', 'events.ofTask'],
    ['assignment_active', 'workers.refresh'],
  ])('would be caught without the index %s', (index, statement) => {
    const db = open();
    db.$client.exec(`DROP INDEX ${index}`);
    expect(faultsIn(plansOf(db)).join()).toContain(statement);
  });
});

/** The statements that a list runs. */
function statementsOfList(db: Db, query: ListQuery): readonly string[] {
  const seen: string[] = [];
  const prepare = db.$client.prepare.bind(db.$client);
  db.$client.prepare = ((sql: string) => {
    seen.push(sql);
    return prepare(sql);
  }) as typeof db.$client.prepare;
  runListQuery(db, query);
  db.$client.prepare = prepare;
  return seen;
}

describe('the lists', () => {
  const queries: readonly ListQuery[] = [
    { kind: 'pending', limit: 10 },
    { kind: 'active', limit: 10 },
    { kind: 'completed', limit: 10 },
    { kind: 'page', status: null, limit: 10, offset: 0, before: 99 },
    { kind: 'page', status: 'failed', limit: 10, offset: 0, before: null },
    { kind: 'page', status: 'failed', limit: 10, offset: 0, before: 99 },
    { kind: 'runs', sinceMs: 1, limit: 10 },
    { kind: 'decisions', limit: 10 },
  ];

  test.each(queries)('of $kind rows ($status, before $before) walk an index, and sort nothing', (query) => {
    const db = open();
    const plans = statementsOfList(db, query).map((sql) => ({ name: sql, steps: planOf(db, sql) }));
    expect(plans.length).toBeGreaterThan(0);
    // To count all rows is to look at all of them; it is done over the smallest index, and in a thread of its own.
    const isCount = (step: string) => /^SCAN task_master USING COVERING INDEX/.test(step);
    const isInOrder = (step: string) =>
      /^SCAN (?:task_master USING INDEX task_(by_seq|ended)|task_assignments)$/.test(step);
    const faults = plans.flatMap(({ steps }) =>
      steps.filter((step) => /^SCAN|TEMP B-TREE/.test(step) && !isCount(step) && !isInOrder(step)),
    );
    expect(faults).toEqual([]);
  });
});
