import { beforeEach, describe, expect, test } from 'vitest';
import { type Db, openDatabase } from '../../src/db/client.ts';
import { type DeadLetterQuery, deadLetters } from '../../src/db/dead-letters.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import type { FailureCode } from '../../src/machines/outcome.ts';
import { searchLimits } from '../../src/machines/search-limits.ts';
import { onDisposal } from '../support/disposal.ts';
import { taskIdOf } from '../support/pool-samples.ts';
import {
  accept,
  atMs,
  cancelledWaiting,
  entry,
  freshHome,
  leaseFacts,
  local,
  makeTask,
  registration,
  remote,
} from '../support/store-samples.ts';

const metadata = { files: [], output_file: null, options: {}, created_by: 'test' };
let db: Db;

/** Failed: 1 to 4; 5 was tried again as 6; 7 was cancelled; 8 completed. */
beforeEach(async () => {
  const path = `${freshHome()}/koubou.db`;
  const store = openStore(path, 'normal', atMs);
  onDisposal(() => store.close());
  store.registerWorkers([registration(local), registration(remote)], atMs);
  const failed = (seq: number, code: FailureCode, holder = local, at = atMs) => {
    const { assigned, failed: end } = leaseFacts(seq, seq, holder);
    return [entry(assigned, at), entry({ ...end, failure: { code, message: `no ${seq}` } }, at)];
  };
  await store.commit([
    accept(
      makeTask(1),
      makeTask(2, { taskType: 'translation' }),
      makeTask(3, { priority: 9, metadata: { ...metadata, created_by: '100%_sure' } }),
      makeTask(4),
      makeTask(5),
      makeTask(6, { metadata: { ...metadata, retry_of: taskIdOf(5) } }),
      makeTask(7),
      makeTask(8),
    ),
    ...failed(1, 'backend.busy'),
    ...failed(2, 'backend.error', remote),
    ...failed(3, 'model.unknown'),
    ...failed(4, 'backend.busy', local, atMs + 3_600_000),
    ...failed(5, 'backend.busy'),
    entry(cancelledWaiting(7)),
    entry(leaseFacts(8, 8).assigned),
    entry(leaseFacts(8, 8).completed),
  ]);
  db = openDatabase(path, 'normal');
  onDisposal(() => void db.$client.close());
});

function found(query: Partial<DeadLetterQuery> = {}): readonly number[] {
  const { found: count, letters } = deadLetters(db, { status: 'failed', limit: 100, ...query });
  expect(count).toBe(letters.length);
  return [1, 2, 3, 4, 5, 6, 7, 8].filter((seq) => letters.some(({ taskId }) => taskId === taskIdOf(seq)));
}

describe('dead letters', () => {
  test('are the failed tasks that nobody has tried again', () => {
    expect(found()).toEqual([1, 2, 3, 4]);
    expect(found({ status: 'cancelled' })).toEqual([7]);
  });

  test.each([
    [{ type: 'translation' }, [2]],
    [{ worker: remote }, [2]],
    [{ errorCode: 'backend.busy' }, [1, 4]],
    [{ errorCode: 'backend.*' }, [1, 2, 4]],
    [{ errorCode: 'backend_*' }, []],
    [{ errorCode: '*' }, [1, 2, 3, 4]],
    [{ priorityMin: 6 }, [3]],
    [{ priorityMax: 8 }, [1, 2, 4]],
    [{ endedFromMs: atMs + 1 }, [4]],
    [{ endedToMs: atMs }, [1, 2, 3]],
    [{ createdBy: '100%_sure' }, [3]],
    [{ createdBy: '100%' }, []],
    [{ errorCode: 'backend.*', type: 'general', endedToMs: atMs }, [1]],
  ])('%j finds %j', (query, expected) => {
    expect(found(query as Partial<DeadLetterQuery>)).toEqual(expected);
  });

  test('are looked for slice by slice, for a bounded time: what was found until then is told as at least so many', () => {
    const insert = db.$client.prepare(
      `INSERT INTO task_master (task_id, seq, task_type, priority, status, machine_version, created_at, updated_at,
        metadata, prompt) VALUES (?, ?, 'general', 5, 'failed', 1, '', '', '{}', ?)`,
    );
    const all = 3 * searchLimits.sliceRowsFirst;
    for (let seq = 101; seq <= 100 + all; seq += 1)
      insert.run(`more-${seq}`, seq, seq % 2 ? 'odd one' : 'even');
    const query = { status: 'failed', limit: 10, text: 'odd' } as const;
    const hurried = deadLetters(db, { ...query, patienceMs: 0 });
    expect([hurried.isWhole, hurried.letters.length]).toEqual([false, 10]);
    // The four of old are in the first slice, and 5, which was tried again.
    expect(hurried.found).toBe(Math.ceil((searchLimits.sliceRowsFirst - 5) / 2));
    const patient = deadLetters(db, query);
    expect([patient.isWhole, patient.found, patient.letters]).toEqual([true, all / 2, hurried.letters]);
  });

  test('come in the order of their acceptance, as many as were asked for, and are counted all the same', () => {
    const { found: count, letters } = deadLetters(db, { status: 'failed', limit: 2 });
    expect(count).toBe(4);
    expect(letters).toEqual([
      { taskId: taskIdOf(1), error: 'no 1' },
      { taskId: taskIdOf(2), error: 'no 2' },
    ]);
  });
});
