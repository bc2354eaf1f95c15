import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openReader } from '../../src/db/client.ts';
import { metricsSummary } from '../../src/db/metrics-queries.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { onDisposal } from '../support/disposal.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import {
  accept,
  alive,
  atMs,
  entry,
  leaseFacts,
  local,
  makeTask,
  registration,
  remote,
} from '../support/store-samples.ts';

const hourMs = 3_600_000;
const third = workerId('third_001');

test('figures of a window that is kept are the same after everything before it was deleted', async () => {
  const path = join(memoryFolder(), 'koubou.db');
  const store = openStore(path, 'normal', atMs - 99 * hourMs);
  onDisposal(() => store.close());
  store.registerWorkers(
    [local, remote, third].map((id) => registration(id)),
    atMs - 99 * hourMs,
  );
  const started = { type: 'pool.started', recovered: 0, waiting: 0 } as const;
  const lost = { type: 'worker.changed', workerId: remote, from: 'alive', to: 'lost', detail: '' } as const;
  const at = (hours: number) => atMs + hours * hourMs;
  // A life that was killed; then one in which all came, one was lost, and one comes and goes.
  await store.commit([entry(alive(), at(-90)), entry(alive(third), at(-90)), entry(started, at(-90))]);
  await store.commit([entry(alive(), at(-50)), entry(alive(remote), at(-50)), entry(started, at(-50))]);
  await store.commit([entry(lost, at(-40)), entry(alive(third), at(-30))]);
  for (const seq of [1, 2]) {
    const { assigned, completed } = leaseFacts(seq, seq);
    const from = at(seq === 1 ? -20 : -1);
    await store.commit([
      { ...accept(makeTask(seq)), atMs: from },
      entry(assigned, from),
      entry(completed, from + 60_000),
    ]);
  }
  await store.commit([entry(alive(remote), at(-0.5))]);
  const reader = openReader(path);
  onDisposal(() => reader.$client.close());
  const summary = () => metricsSummary(reader, { nowMs: atMs, windowMs: 2 * hourMs });
  const before = summary();
  expect(before.workers.map(({ availability }) => availability)).toEqual([1, 0.25, 1]);
  const endedBeforeMs = at(-10);
  store.upkeep.deleteTasks({ endedBeforeMs, after: null, limit: 10, runsKeptFrom: 2 });
  store.upkeep.cutEvents(store.upkeep.firstEventSince(endedBeforeMs) - 1, 100);
  expect([store.upkeep.floor(), store.counts().completed]).toEqual([11, 1]);
  expect(summary()).toEqual(before);
});
