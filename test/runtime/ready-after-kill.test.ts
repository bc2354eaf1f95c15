import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { homePaths } from '../../src/db/home.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { setupRuntime } from '../support/running-server.ts';
import { accept, atMs, entry, leaseFacts, makeTask, registration } from '../support/store-samples.ts';

/** So long a start may take, of computing: what else runs on the machine is not counted. */
const readyMs = 2_000;

test('after a kill with 10,000 open tasks, some of them leased, the next start is ready within two seconds', async () => {
  const home = memoryFolder();
  const former = openStore(fileIn(home), 'normal', atMs);
  const holder = workerId('worker_1');
  former.registerWorkers([registration(holder)], atMs);
  for (let from = 1; from <= 10_000; from += 1_000) {
    const tasks = Array.from({ length: 1_000 }, (_, at) => makeTask(from + at, { priority: 1 + (at % 10) }));
    await former.commit([accept(...tasks)]);
  }
  for (let seq = 1; seq <= 10; seq += 1) await former.commit([entry(leaseFacts(seq, seq, holder).assigned)]);
  const after = memoryFolder();
  cpSync(join(home, 'db'), join(after, 'db'), { recursive: true });
  former.close();

  const begun = process.cpuUsage();
  const { runtime } = await setupRuntime({ home: after, backend: new PuppetBackend().backend });
  const { user, system } = process.cpuUsage(begun);
  const { ready, waiting, leases } = runtime.readiness();
  expect(ready).toBe(true);
  expect(waiting.live + waiting.dormant + leases).toBe(10_000);
  expect((user + system) / 1_000).toBeLessThan(readyMs);
});

function fileIn(home: string): string {
  mkdirSync(join(home, 'db'), { recursive: true });
  return homePaths(home).database;
}
