import { expect, test } from 'vitest';
import type { ListQuery } from '../../src/db/list-queries.ts';
import type { Readers } from '../../src/db/readers.ts';
import { withKnownCounts } from '../../src/runtime/known-counts.ts';

const counts = { pending: 1_000_000, in_progress: 4, completed: 3, failed: 2, cancelled: 1 };

test('who asks for the numbers of tasks has them without a read, and lists need not count', async () => {
  const asked: ListQuery[] = [];
  const read = (async (query: ListQuery) => void asked.push(query)) as unknown as Readers['read'];
  const list = withKnownCounts(read, () => counts);
  expect(await list({ kind: 'counts' })).toEqual(counts);
  await list({ kind: 'page', status: 'pending', limit: 1, offset: 0, before: null });
  await list({ kind: 'queue', limit: 20, nowMs: 0 });
  await list({ kind: 'tiers' });
  expect(asked).toEqual([
    { kind: 'page', status: 'pending', limit: 1, offset: 0, before: null, counts },
    { kind: 'queue', limit: 20, nowMs: 0, counts },
    { kind: 'tiers' },
  ]);
});
