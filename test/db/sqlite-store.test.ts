import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/client.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import { recoverLeases } from '../../src/runtime/recovery.ts';
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
import { storeContract } from './store-contract.ts';
import { storeStaffContract } from './store-staff-contract.ts';
import { storeViewsContract } from './store-views-contract.ts';

for (const durability of ['full', 'normal'] as const) {
  const makeHome = () => {
    const path = join(freshHome(), 'koubou.db');
    return {
      open: (nowMs = atMs) => {
        const store = openStore(path, durability, nowMs);
        onDisposal(() => store.close());
        return store;
      },
    };
  };
  storeContract(`SQLite, ${durability}`, makeHome);
  storeViewsContract(`SQLite, ${durability}`, makeHome);
  storeStaffContract(`SQLite, ${durability}`, makeHome);
}

function setup() {
  const path = join(freshHome(), 'koubou.db');
  const store = openStore(path, 'normal', atMs);
  onDisposal(() => store.close());
  store.registerWorkers([registration(local)], atMs);
  const shell = () => {
    const client = new Database(path, { readonly: true });
    onDisposal(() => client.close());
    return client;
  };
  return { path, store, shell };
}

describe('what operators type into the sqlite3 shell', () => {
  test('counts what waits, while the server runs', async () => {
    const { store, shell } = setup();
    await store.commit([
      accept(makeTask(1), makeTask(2), makeTask(3, { runAtMs: atMs + 1 })),
      entry(leaseFacts(1, 1).assigned),
    ]);
    const count = shell().prepare("SELECT COUNT(*) FROM task_master WHERE status='pending'").pluck().get();
    expect(count).toBe(2);
  });

  test('finds the tasks of the last seven days, to the second', async () => {
    const { store, shell } = setup();
    const day = 24 * 3_600_000;
    const nowMs = Date.now();
    const ages = [0, 6.9 * day, 7 * day - 60_000, 7 * day + 60_000, 30 * day];
    for (const [at, ageMs] of ages.entries()) {
      await store.commit([
        { kind: 'accept', atMs: nowMs - ageMs, tasks: [makeTask(at + 1)], idempotency: null },
      ]);
    }
    const recent = shell()
      .prepare("SELECT seq FROM task_master WHERE datetime('now','-7 days') < updated_at ORDER BY seq")
      .pluck()
      .all();
    expect(recent).toEqual([1, 2, 3]);
  });

  test.each([
    ['task_master', 'task_id', 'prompt priority status worker_id result metadata created_at updated_at'],
    [
      'workers',
      'worker_id',
      'worker_type status location last_heartbeat tasks_completed tasks_failed performance_factor current_task',
    ],
    ['task_assignments', 'assignment_id', 'task_id worker_id assigned_at assignment_status'],
  ])('%s has its key and its columns', (table, key, columns) => {
    const { shell } = setup();
    const found = shell().pragma(`table_info(${table})`) as { name: string; pk: number }[];
    expect(found.filter(({ pk }) => pk > 0).map(({ name }) => name)).toEqual([key]);
    expect(found.map(({ name }) => name)).toEqual(expect.arrayContaining(columns.split(' ')));
  });

  test('shows the leases of a task: who had it, why, and how each ended', async () => {
    const { store, shell } = setup();
    const [one, two] = [leaseFacts(1, 1), leaseFacts(1, 2)];
    await store.commit([
      accept(makeTask(1)),
      entry(one.assigned),
      entry(one.retried, atMs + 5),
      entry(two.assigned),
    ]);
    const rows = shell().prepare('SELECT * FROM task_assignments ORDER BY assignment_id').all();
    expect(rows).toMatchObject([
      {
        task_id: taskIdOf(1),
        worker_id: local,
        assignment_status: 'retried',
        ended_at: '2026-01-01 12:00:00.005',
      },
      { assignment_status: 'active', ended_at: null, outcome: null },
    ]);
    const { reason, outcome } = rows[0] as { reason: string; outcome: string };
    expect(JSON.parse(reason)).toMatchObject({ choice: local });
    expect(JSON.parse(outcome)).toEqual({ code: 'backend.busy', message: 'the server is busy' });
  });
});

test.each([
  ['full', 2],
  ['normal', 1],
] as const)('the durability %s is what SQLite does, in a log that others can read along', (durability, level) => {
  const { $client: client } = openDatabase(join(freshHome(), 'koubou.db'), durability);
  onDisposal(() => client.close());
  expect(client.pragma('synchronous', { simple: true })).toBe(level);
  expect(client.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(client.pragma('foreign_keys', { simple: true })).toBe(1);
});

test('what a stopped process held waits again, and the late answer of its lease is refused', async () => {
  const { path, store } = setup();
  const lease = leaseFacts(1, 1);
  await store.commit([entry(alive()), accept(makeTask(1), makeTask(2)), entry(lease.assigned)]);
  store.close();

  const later = openStore(path, 'normal', atMs);
  onDisposal(() => later.close());
  const facts = recoverLeases(later.recovery().held);
  expect(facts).toMatchObject([{ type: 'task.retried', taskId: taskIdOf(1), assignmentId: 1, delayMs: 0 }]);
  await later.commit(facts.map((fact) => entry(fact)));
  expect(later.recovery()).toMatchObject({
    held: [],
    waiting: [{ priority: 5, taskType: 'general', count: 2, firstSeq: 1 }],
  });
  expect(
    later
      .readyRows({ priority: 5, taskType: 'general', afterSeq: 0 }, 9)
      .map(({ seq, leases }) => [seq, leases]),
  ).toEqual([
    [1, 1],
    [2, 0],
  ]);
  expect((await later.commit([entry(lease.completed)])).refused).toHaveLength(1);
  expect((await later.commit([entry(leaseFacts(1, 2).assigned)])).refused).toEqual([]);
  expect(later.eventsOf(taskIdOf(1), 0, 9).map(({ type }) => type)).toEqual([
    'task.accepted',
    'task.assigned',
    'task.retried',
    'task.assigned',
  ]);
});
