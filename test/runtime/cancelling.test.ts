import { expect, test } from 'vitest';
import type { TaskId } from '../../src/machines/identifiers.ts';
import type { Runtime } from '../../src/runtime.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { setupRuntime, spec, succeeded } from '../support/running-server.ts';

async function delegateOne(runtime: Runtime, runAtMs: number | null = null): Promise<TaskId> {
  const { taskIds } = await runtime.delegate([spec({ runAtMs })]);
  return taskIds[0] as TaskId;
}

test('cancelling a running task stops its generation, and what it says later changes nothing', async () => {
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({ backend: puppet.backend });
  const id = await delegateOne(runtime);
  const { io, settle } = await puppet.job(1);
  expect(await runtime.cancel(id)).toMatchObject({ status: 'cancelled' });
  expect(io.signal.aborted).toBe(true);
  settle(succeeded('too late'));
  expect(await runtime.wait(id, 100)).toMatchObject({ status: 'cancelled', result: { output: '' } });
});

test('cancelling a waiting task keeps it from ever being begun', async () => {
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({ workers: [{ maxConcurrentTasks: 1 }], backend: puppet.backend });
  await delegateOne(runtime);
  const waiting = await delegateOne(runtime);
  const last = await delegateOne(runtime);
  await runtime.cancel(waiting);
  (await puppet.job(1)).settle(succeeded(''));
  (await puppet.job(2)).settle(succeeded(''));
  await runtime.wait(last, 5_000);
  expect(puppet.started).toHaveLength(2);
});

test('a task that waits as a row behind the window can be cancelled', async () => {
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({
    workers: [{ maxConcurrentTasks: 1 }],
    backend: puppet.backend,
    change: (config) => ({ ...config, pool: { ...config.pool, admissionWindow: 10 } }),
  });
  const { taskIds } = await runtime.delegate(Array.from({ length: 10 }, () => spec()));
  const [dormant, next] = [taskIds[5] as TaskId, taskIds[9] as TaskId];
  expect(runtime.readiness().waiting.dormant).toBeGreaterThan(0);
  await runtime.cancel(dormant);
  expect(runtime.task(dormant).status).toBe('cancelled');
  for (let n = 1; n <= 9; n += 1) (await puppet.job(n)).settle(succeeded(''));
  expect((await runtime.wait(next, 5_000)).status).toBe('completed');
  expect(puppet.started).toHaveLength(9);
});

test('a scheduled task can be cancelled before its time, near or far', async () => {
  const { runtime } = await setupRuntime();
  const near = await delegateOne(runtime, Date.now() + 30_000);
  const far = await delegateOne(runtime, Date.now() + 30 * 24 * 3_600_000);
  for (const id of [near, far]) expect(await runtime.cancel(id)).toMatchObject({ status: 'cancelled' });
});

test('an ended task is not cancelled: its ending stands', async () => {
  const { runtime } = await setupRuntime();
  const id = await delegateOne(runtime);
  await runtime.wait(id, 5_000);
  await expect(runtime.cancel(id)).rejects.toMatchObject({ code: 'task.ended' });
  expect(runtime.task(id).status).toBe('completed');
});

test('cancelling twice at once is one ending', async () => {
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({ backend: puppet.backend });
  const endings: string[] = [];
  const id = await delegateOne(runtime);
  runtime.stream.subscribe(({ fact }) => {
    if (fact.type === 'task.cancelled') endings.push(fact.taskId);
  });
  await puppet.job(1);
  await Promise.allSettled([runtime.cancel(id), runtime.cancel(id)]);
  expect(endings).toEqual([id]);
});

test('an ended task is tried again as a task of its own', async () => {
  const { runtime } = await setupRuntime();
  const id = await delegateOne(runtime);
  await runtime.wait(id, 5_000);
  const again = await runtime.retry(id, 'test');
  expect(again.task_id).not.toBe(id);
  expect(again.metadata).toMatchObject({ retry_of: id });
  expect(again.prompt).toBe(runtime.task(id).prompt);
});
