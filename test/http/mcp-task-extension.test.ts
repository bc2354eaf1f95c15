import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { detailedTask } from '../../src/http/mcp/task-extension-wire.ts';
import { parseTaskId, type TaskId } from '../../src/machines/identifiers.ts';
import { mcpTaskLimits } from '../../src/machines/mcp-task-limits.ts';
import { failed } from '../../src/machines/outcome.ts';
import { setupMcp, textOf } from '../support/mcp-client.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { succeeded } from '../support/running-server.ts';
import { until } from '../support/until.ts';
import { Workshop } from '../support/workshop.ts';
import { taskClient, tasksExtension } from './mcp-task-client.ts';

const oneSlot = [{ maxConcurrentTasks: 1 }];
const unknownId = 'task_20200101_000000_000000_abc';

async function setupTasks() {
  const puppet = new PuppetBackend();
  const world = await setupMcp({ backend: puppet.backend, workers: oneSlot });
  return { ...world, ...taskClient(world), puppet };
}

describe('a client that declares the extension', () => {
  test('gets a task at once, which is on disk by then, under the id that it has with us', async () => {
    const { delegate, runtime } = await setupTasks();
    const { result } = await delegate({ prompt: 'write a haiku', sync: true });
    expect(result).toMatchObject({ resultType: 'task', status: 'working', ttlMs: null });
    const id = parseTaskId(String(result?.['taskId'])) as TaskId;
    expect(runtime.task(id)).toMatchObject({ prompt: 'write a haiku', metadata: { created_by: 'mcp' } });
    for (const time of ['createdAt', 'lastUpdatedAt'])
      expect(String(result?.[time])).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(Object.keys(result ?? {})).not.toEqual(expect.arrayContaining(['content']));
  });

  test('is told that it waits, and then who runs it', async () => {
    const { delegate, ask, puppet } = await setupTasks();
    await delegate({ prompt: 'first' });
    await puppet.job(1);
    await delegate({ prompt: 'second' });
    const { result } = await delegate({ prompt: 'third' });
    expect(result?.['statusMessage']).toMatch(/^waits for a worker/);
    puppet.started[0]?.settle(succeeded('done'));
    (await puppet.job(2)).settle(succeeded('done'));
    await puppet.job(3);
    const { result: running } = await ask('tasks/get', { taskId: result?.['taskId'] });
    expect(running).toMatchObject({ resultType: 'complete', status: 'working' });
    expect(running?.['statusMessage']).toMatch(/^runs on worker_1/);
  });

  test('finds the result of a task that has ended, as the call would have brought it', async () => {
    const { delegate, ask, puppet, connect } = await setupTasks();
    const { result } = await delegate({ prompt: 'capital of Japan?' });
    const taskId = String(result?.['taskId']);
    (await puppet.job(1)).settle(succeeded('東京'));
    const ended = await endedTask(ask, taskId);
    expect(ended).toMatchObject({ resultType: 'complete', status: 'completed' });
    expect(textOf(ended['result'] as never)).toBe('東京');
    const client = await connect('2026-07-28');
    const later = await client.callTool({ name: 'koubou_wait_task', arguments: { task_id: taskId } });
    expect(ended['result']).toMatchObject({ structuredContent: later.structuredContent });
  });

  test('finds a task that failed completed, with an error as its result', async () => {
    const { delegate, ask, puppet } = await setupTasks();
    const { result } = await delegate({ prompt: 'p' });
    (await puppet.job(1)).settle(failed('input.too_long', 'the prompt is too long'));
    const ended = await endedTask(ask, String(result?.['taskId']));
    expect(ended).toMatchObject({ status: 'completed', result: { isError: true } });
    expect(ended['statusMessage']).toBe('the prompt is too long');
    expect(ended).not.toHaveProperty('error');
  });

  test('cancels a task, and may say so again when it has ended', async () => {
    const { delegate, ask, puppet } = await setupTasks();
    const { result } = await delegate({ prompt: 'p' });
    const taskId = String(result?.['taskId']);
    await puppet.job(1);
    for (const _ of ['first', 'again']) {
      const { result: acknowledged } = await ask('tasks/cancel', { taskId });
      expect(acknowledged).toEqual({ resultType: 'complete', _meta: expect.anything() });
    }
    const ended = await endedTask(ask, taskId);
    expect(ended).toMatchObject({ status: 'cancelled' });
    expect(ended).not.toHaveProperty('result');
  });

  test('updates a task that asks for nothing, without effect', async () => {
    const { delegate, ask } = await setupTasks();
    const { result } = await delegate({ prompt: 'p' });
    const inputResponses = { anything: { action: 'accept', content: {} } };
    const updated = await ask('tasks/update', { taskId: result?.['taskId'], inputResponses });
    expect(updated.result).toEqual({ resultType: 'complete', _meta: expect.anything() });
  });

  test.each([unknownId, 'nonsense', '../x'])('asks in vain for the task %s', async (taskId) => {
    const { ask } = await setupTasks();
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      const { error } = await ask(method, { taskId });
      expect(error).toMatchObject({
        code: -32_602,
        message: expect.stringMatching(/^there is no (?:such )?task/),
      });
    }
  });

  test('is refused by the tool what the tool refuses to all', async () => {
    const { delegate } = await setupTasks();
    const { result } = await delegate({ prompt: 'p', priority: 11 });
    expect(result).toMatchObject({ resultType: 'complete', isError: true });
    expect(textOf(result as never)).toMatch(/^INVALID_REQUEST: priority/);
  });

  test('makes one task of a call that it repeats under a key', async () => {
    const { delegate } = await setupTasks();
    const asked = { prompt: 'p', idempotency_key: 'once' };
    const [one, other] = [await delegate(asked), await delegate(asked)];
    expect(other.result?.['taskId']).toBe(one.result?.['taskId']);
  });

  test('gets answers, not tasks, from the other tools', async () => {
    const { ask } = await setupTasks();
    const { result } = await ask('tools/call', { name: 'koubou_list_tasks', arguments: {} });
    expect(result).toMatchObject({ resultType: 'complete', structuredContent: { tasks: [] } });
  });
});

describe('a client that does not declare the extension', () => {
  test('is told to, when it asks about tasks', async () => {
    const world = await setupMcp();
    const { ask } = taskClient(world, false);
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      const { status, error } = await ask(method, { taskId: unknownId });
      expect(status).toBe(400);
      expect(error?.code).toBe(-32_021);
      expect(error?.data).toEqual({ requiredCapabilities: { extensions: { [tasksExtension]: {} } } });
    }
  });

  test('gets no task from the tool', async () => {
    const world = await setupMcp();
    const { result } = await taskClient(world, false).delegate({ prompt: 'p', sync: true });
    expect(result).toMatchObject({ resultType: 'complete', structuredContent: { output: 'done' } });
    expect(result).not.toHaveProperty('taskId');
  });

  test.each(['2025-11-25', '2026-07-28'] as const)('of %s sees that the server speaks it', async (era) => {
    const { connect } = await setupMcp();
    const client = await connect(era);
    expect(client.getServerCapabilities()?.extensions).toEqual({ [tasksExtension]: {} });
  });

  test('of the era with initialize does not find the methods at all', async () => {
    const { connect } = await setupMcp();
    const client = await connect('2025-11-25');
    const asked = client.request({ method: 'tasks/get', params: { taskId: unknownId } }, z.looseObject({}));
    await expect(asked).rejects.toMatchObject({ code: -32_601 });
  });
});

describe('when to ask again', () => {
  test('is half of what is left, within bounds', async () => {
    const workshop = await new Workshop().open();
    await workshop.learn(3);
    const ids: TaskId[] = [];
    for (let count = 0; count < 6; count++) ids.push(await workshop.delegateOne());
    const waits = ids.map((id) => {
      const task = workshop.runtime.task(id);
      const halfMs = ((task.prediction?.in_seconds.finish_p50 ?? 0) * 1_000) / 2;
      return { halfMs, pollMs: detailedTask(task).pollIntervalMs as number };
    });
    expect(waits[0]?.pollMs).toBeCloseTo(waits[0]?.halfMs ?? 0, -2);
    // The last waits for some 60 s, behind four that wait, too.
    const last = detailedTask(workshop.runtime.task(ids.at(-1) as TaskId));
    expect(last.statusMessage).toMatch(
      /^waits for a worker, at place 5 of the queue; expected to finish in \d+ s/,
    );
    expect(waits.at(-1)?.halfMs).toBeGreaterThan(mcpTaskLimits.pollMsMax);
    expect(waits.at(-1)?.pollMs).toBe(mcpTaskLimits.pollMsMax);
  });

  test('is soon where nothing is known, and the end is told by the clock where it is', async () => {
    const workshop = await new Workshop().open();
    const id = await workshop.delegateOne();
    expect(detailedTask(workshop.runtime.task(id)).pollIntervalMs).toBe(mcpTaskLimits.pollMsMin);
    await workshop.learn(3);
    const task = workshop.runtime.task(await workshop.delegateOne());
    expect(detailedTask(task).statusMessage).toContain(
      `half of such tasks by ${task.prediction?.finish?.p50}`,
    );
  });
});

type Ask = ReturnType<typeof taskClient>['ask'];

async function endedTask(ask: Ask, taskId: string): Promise<Record<string, unknown>> {
  let task: Record<string, unknown> = {};
  await until(async () => {
    task = (await ask('tasks/get', { taskId })).result ?? {};
    expect(task['status']).not.toBe('working');
  });
  return task;
}
