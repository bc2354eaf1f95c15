import { expect, test } from 'vitest';
import type { TaskId } from '../../src/machines/identifiers.ts';
import { limits } from '../../src/machines/limits.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { setupRuntime, spec, succeeded } from '../support/running-server.ts';

const unknown = 'task_20260101_000000_000000_zzzzzzzzzzzzz' as TaskId;

test('a task that is moved ahead comes first, after a restart too', async () => {
  const { runtime, home, close } = await setupRuntime();
  await runtime.pause();
  const { taskIds } = await runtime.delegate([
    spec({ prompt: 'a' }),
    spec({ prompt: 'b' }),
    spec({ prompt: 'c' }),
  ]);
  expect(await runtime.reprioritize(taskIds[2] as TaskId, 9)).toMatchObject({
    priority: 9,
    status: 'pending',
  });
  await close();
  const puppet = new PuppetBackend();
  const later = await setupRuntime({ home, workers: [{ maxConcurrentTasks: 1 }], backend: puppet.backend });
  await later.runtime.resume();
  const { job, settle } = await puppet.job(1);
  expect(job.prompt).toBe('c');
  settle(succeeded(''));
  expect((await puppet.job(2)).job.prompt).toBe('a');
});

test('what has ended, or was never there, has no other priority', async () => {
  const { runtime } = await setupRuntime();
  const { taskIds } = await runtime.delegate([spec()]);
  const id = taskIds[0] as TaskId;
  await runtime.wait(id, 5_000);
  await expect(runtime.reprioritize(id, 9)).rejects.toMatchObject({ code: 'task.ended' });
  await expect(runtime.reprioritize(unknown, 9)).rejects.toMatchObject({ code: 'task.unknown' });
});

test('so many tasks behind the window may be moved, and memory has an end', async () => {
  const { runtime } = await setupRuntime({
    change: (config) => ({ ...config, pool: { ...config.pool, admissionWindow: 10 } }),
  });
  await runtime.pause();
  const total = limits.movedTasksMax + 11;
  const specs = Array.from({ length: total }, () => spec());
  const taskIds: TaskId[] = [];
  for (let from = 0; from < total; from += 500) {
    taskIds.push(...(await runtime.delegate(specs.slice(from, from + 500))).taskIds);
  }
  const moves = await Promise.allSettled(taskIds.map((id) => runtime.reprioritize(id, 9)));
  const refused = moves.filter(({ status }) => status === 'rejected');
  expect(refused[0]).toMatchObject({ reason: { code: 'rate.limited', retryAfterMs: 60_000 } });
  expect(refused.length).toBeLessThanOrEqual(10);
});

test('seed 1230: one that was cancelled a moment ago is not brought to life again, before its row says so', async () => {
  const logged: string[] = [];
  const { runtime } = await setupRuntime({ logged });
  await runtime.pause();
  const { taskIds } = await runtime.delegate([spec()]);
  const id = taskIds[0] as TaskId;
  const facts: string[] = [];
  runtime.stream.subscribe(({ fact }) => facts.push(fact.type));
  const [first, moved, second] = await Promise.allSettled([
    runtime.cancel(id),
    runtime.reprioritize(id, 9),
    runtime.cancel(id),
  ]);
  expect(first).toMatchObject({ status: 'fulfilled' });
  expect(moved).toMatchObject({ reason: { code: 'task.ended' } });
  expect(second).toMatchObject({ status: 'fulfilled' });
  expect([facts, logged]).toEqual([['task.cancelled'], []]);
});
