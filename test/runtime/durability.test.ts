import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { homePaths } from '../../src/db/home.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import type { TaskId } from '../../src/machines/identifiers.ts';
import { limits } from '../../src/machines/limits.ts';
import { FailingStore } from '../support/failing-store.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { setupRest } from '../support/rest-client.ts';
import { setupRuntime, spec, succeeded, temporaryFolder } from '../support/running-server.ts';
import { until } from '../support/until.ts';

test.each([
  'SQLITE_FULL',
  'SQLITE_IOERR_WRITE',
  'SQLITE_READONLY',
])('while the disk fails (%s) a delegation is answered 503, leaves nothing behind, and works again afterwards', async (code) => {
  const home = temporaryFolder();
  const disk = new FailingStore(home);
  const puppet = new PuppetBackend();
  const rest = await setupRest({ home, store: disk.store, backend: puppet.backend });
  disk.code = code;
  const refused = await rest.post('/task/delegate', { prompt: 'lost' });
  expect([refused.status, refused.body.error.code]).toEqual([503, 'SERVER_ERROR']);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await rest.get('/readyz')).status).toBe(503);
  expect(rest.runtime.readiness().waiting).toEqual({ live: 0, dormant: 0 });
  disk.code = null;
  await until(() => expect(rest.runtime.readiness().ready).toBe(true));
  expect((await rest.post('/task/delegate', { prompt: 'kept' })).status).toBe(202);
  (await puppet.job(1)).settle(succeeded(''));
  expect(puppet.prompts).toEqual(['kept']);
  expect((await rest.get('/tasks')).body.total).toBe(1);
});

test('what ends while the disk fails is told and stored when it works again, and only then', async () => {
  const home = temporaryFolder();
  const disk = new FailingStore(home);
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({ home, store: disk.store, backend: puppet.backend });
  const { taskIds } = await runtime.delegate([spec()]);
  const id = taskIds[0] as TaskId;
  const held = await puppet.job(1);
  const told: string[] = [];
  runtime.stream.subscribe(({ fact }) => told.push(fact.type));
  disk.code = 'SQLITE_FULL';
  const before = disk.commits;
  held.settle(succeeded('the answer'));
  await until(() => expect(disk.commits).toBeGreaterThan(before + 1));
  expect([told, runtime.task(id).status]).toEqual([[], 'in_progress']);
  disk.code = null;
  expect(await runtime.wait(id, 5_000)).toMatchObject({
    status: 'completed',
    result: { output: 'the answer' },
  });
  expect(told).toEqual(['task.completed', 'journal.resumed']);
});

test('a server that nobody asks for anything notices by itself that the disk works again', async () => {
  const home = temporaryFolder();
  const disk = new FailingStore(home);
  const { runtime } = await setupRuntime({ home, store: disk.store });
  disk.code = 'SQLITE_FULL';
  await expect(runtime.delegate([spec()])).rejects.toMatchObject({ code: 'storage.unavailable' });
  const before = disk.commits;
  await until(() => expect(disk.commits).toBeGreaterThan(before + 2));
  expect(runtime.readiness().ready).toBe(false);
  disk.code = null;
  await until(() => expect(runtime.readiness().ready).toBe(true));
});

test('a busy database delays a delegation, and does not refuse it', async () => {
  const home = temporaryFolder();
  const disk = new FailingStore(home);
  const { runtime } = await setupRuntime({ home, store: disk.store });
  disk.code = 'SQLITE_BUSY';
  const before = disk.commits;
  const delegated = runtime.delegate([spec()]);
  await until(() => expect(disk.commits).toBeGreaterThan(before));
  disk.code = null;
  const { taskIds } = await delegated;
  expect(await runtime.wait(taskIds[0] as TaskId, 5_000)).toMatchObject({ status: 'completed' });
});

test('seed 64: rows that are not on disk yet are waited for without looking for them again and again', async () => {
  const home = temporaryFolder();
  const disk = new FailingStore(home);
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({
    home,
    store: disk.store,
    backend: puppet.backend,
    workers: [{ maxConcurrentTasks: 1 }],
    change: (config) => ({ ...config, pool: { ...config.pool, admissionWindow: 20 } }),
  });
  await runtime.delegate([spec()]);
  const held = await puppet.job(1);
  disk.code = 'SQLITE_BUSY';
  const delegated = runtime.delegate([spec({ prompt: 'lives' }), spec({ prompt: 'waits as a row' })]);
  held.settle(succeeded(''));
  const before = disk.commits;
  await until(() => expect(disk.commits).toBeGreaterThan(before + 3));
  expect(disk.reads).toBeLessThan(10);
  disk.code = null;
  await delegated;
  (await puppet.job(2)).settle(succeeded(''));
  (await puppet.job(3)).settle(succeeded(''));
  expect(puppet.prompts.slice(1)).toEqual(['lives', 'waits as a row']);
});

test('a row that was changed by hand stands: its actor is forgotten, and its slot is free', async () => {
  const logged: string[] = [];
  const puppet = new PuppetBackend();
  const { runtime, home } = await setupRuntime({
    logged,
    backend: puppet.backend,
    workers: [{ maxConcurrentTasks: 1 }],
  });
  const { taskIds } = await runtime.delegate([spec(), spec({ prompt: 'next' })]);
  const held = await puppet.job(1);
  const shell = openStore(homePaths(home).database, 'normal', Date.now());
  const byHand = { type: 'task.cancelled', from: 'running', taskId: taskIds[0] as TaskId } as const;
  const row = shell.task(byHand.taskId);
  const lease = { assignmentId: row?.assignmentId as never, workerId: row?.workerId as never };
  await shell.commit([{ kind: 'fact', atMs: Date.now(), fact: { ...byHand, ...lease } }]);
  shell.close();
  held.settle(succeeded('too late'));
  (await puppet.job(2)).settle(succeeded(''));
  await runtime.wait(taskIds[1] as TaskId, 5_000);
  expect(runtime.task(byHand.taskId)).toMatchObject({ status: 'cancelled', result: { output: '' } });
  expect(logged).toContain('a row contradicts its actor; the row stands');
});

test('after a crash what ran is queued again under a new lease, at its old place; what had ended stands', async () => {
  const home = temporaryFolder();
  const puppet = new PuppetBackend();
  const workers = [{ maxConcurrentTasks: 1 }];
  const former = await setupRuntime({ home, backend: puppet.backend, workers });
  const prompts = ['ended', 'ran', 'waited'];
  const { taskIds } = await former.runtime.delegate(prompts.map((prompt) => spec({ prompt })));
  (await puppet.job(1)).settle(succeeded('kept'));
  await puppet.job(2);
  // What a crash leaves: the files as they are at this moment.
  const after = temporaryFolder();
  cpSync(join(home, 'db'), join(after, 'db'), { recursive: true });

  const again = new PuppetBackend();
  const { runtime } = await setupRuntime({ home: after, backend: again.backend, workers });
  const [ended, ran, waited] = taskIds as [TaskId, TaskId, TaskId];
  (await again.job(1)).settle(succeeded('second try'));
  (await again.job(2)).settle(succeeded('at last'));
  await runtime.wait(waited, 5_000);
  expect(again.prompts).toEqual(['ran', 'waited']);
  expect(runtime.task(ended)).toMatchObject({ status: 'completed', attempts: 1, result: { output: 'kept' } });
  expect(runtime.task(ran)).toMatchObject({
    status: 'completed',
    attempts: 2,
    failures: 0,
    assignment_id: 3,
  });
});

test('a task that was leased too often ends instead of being leased for ever', async () => {
  const { runtime } = await setupRuntime({
    backend: async () => ({ kind: 'released', failure: { code: 'worker.lost', message: 'gone' } }),
  });
  const { taskIds } = await runtime.delegate([spec()]);
  const task = await runtime.wait(taskIds[0] as TaskId, 10_000);
  expect(task).toMatchObject({ status: 'failed', attempts: limits.leasesPerTaskMax });
  expect(task.result?.error_code).toBe('leases.exhausted');
});

test('a drain hands out nothing more, waits for what runs, and leaves the rest for the next start', async () => {
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({
    backend: puppet.backend,
    workers: [{ maxConcurrentTasks: 1 }],
    change: (config) => ({ ...config, server: { ...config.server, drainGraceMs: 60_000 } }),
  });
  const { taskIds } = await runtime.delegate([spec(), spec()]);
  const held = await puppet.job(1);
  const drained = runtime.drain();
  held.settle(succeeded('in time'));
  await drained;
  expect(runtime.task(taskIds[0] as TaskId).status).toBe('completed');
  expect(runtime.task(taskIds[1] as TaskId).status).toBe('pending');
  expect(puppet.started).toHaveLength(1);
});

test('when the grace of a drain is over, what runs goes back to the queue, and who waits is answered', async () => {
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({ backend: puppet.backend });
  const { taskIds } = await runtime.delegate([spec()]);
  const id = taskIds[0] as TaskId;
  const { io } = await puppet.job(1);
  const waiting = runtime.wait(id, 60_000);
  await runtime.drain();
  expect(await waiting).toMatchObject({ status: 'pending', attempts: 1 });
  expect(io.signal.aborted).toBe(true);
});
