import { describe, expect, test } from 'vitest';
import { readServerEvents } from '../../src/cli/sse-reader.ts';
import type { TaskId } from '../../src/machines/identifiers.ts';
import { mcpTaskLimits } from '../../src/machines/mcp-task-limits.ts';
import { onDisposal } from '../support/disposal.ts';
import { setupMcp } from '../support/mcp-client.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { spec, succeeded } from '../support/running-server.ts';
import { until } from '../support/until.ts';
import { requestOf, taskClient, tasksExtension } from './mcp-task-client.ts';

interface Told {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
}

const unknownId = 'task_20200101_000000_000000_abc';
const subscriptionKey = 'io.modelcontextprotocol/subscriptionId';

async function setupListening() {
  const puppet = new PuppetBackend();
  const world = await setupMcp({ backend: puppet.backend, workers: [{ maxConcurrentTasks: 1 }] });
  const { runtime, url } = world;
  const delegateOne = async () => (await runtime.delegate([spec()])).taskIds[0] as TaskId;
  /** What a subscription is told, as it comes. */
  const listen = async (notifications: Record<string, unknown>) => {
    const { body, headers } = requestOf('subscriptions/listen', { notifications });
    const accepted = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const closing = new AbortController();
    onDisposal(() => closing.abort());
    const response = await fetch(`${url}/mcp`, {
      method: 'POST',
      headers: { ...accepted, ...headers },
      body,
      signal: closing.signal,
    });
    const told: Told[] = [];
    const ended = (async () => {
      if (response.body === null) return;
      for await (const { data } of readServerEvents(response.body)) told.push(JSON.parse(data));
    })().catch(() => undefined);
    return { told, ended, close: () => closing.abort(), response };
  };
  return { ...world, ...taskClient(world), puppet, delegateOne, listen };
}

const tasksIn = (told: readonly Told[]) =>
  told.filter(({ method }) => method === 'notifications/tasks').map(({ params }) => params ?? {});

describe('subscriptions/listen with ids of tasks', () => {
  test('acknowledges first, tells each change as tasks/get would, and ends with the last task', async () => {
    const { listen, delegateOne, puppet, ask } = await setupListening();
    const id = await delegateOne();
    const { told, ended } = await listen({ taskIds: [id] });
    const job = await puppet.job(1);
    await until(() => expect(tasksIn(told).at(-1)?.['statusMessage']).toMatch(/^runs on worker_1/));
    job.settle(succeeded('done'));
    await ended;
    const [first] = told;
    expect(first).toMatchObject({
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: { taskIds: [id] }, _meta: { [subscriptionKey]: 7 } },
    });
    const last = tasksIn(told).at(-1) ?? {};
    const { result } = await ask('tasks/get', { taskId: id });
    expect(last).toMatchObject({ status: 'completed', _meta: { [subscriptionKey]: 7 } });
    expect({ ...last, _meta: 0, resultType: 0 }).toEqual({ ...result, _meta: 0, resultType: 0 });
    expect(tasksIn(told).filter(({ status }) => status === 'completed')).toHaveLength(1);
    expect(told.at(-1)).toMatchObject({ id: 7, result: { _meta: { [subscriptionKey]: 7 } } });
  });

  test('tells of a task that has ended already, once', async () => {
    const { listen, delegateOne, puppet, runtime } = await setupListening();
    const id = await delegateOne();
    (await puppet.job(1)).settle(succeeded('done'));
    await runtime.wait(id, 5_000);
    const { told, ended } = await listen({ taskIds: [id, id] });
    await ended;
    expect(tasksIn(told)).toEqual([expect.objectContaining({ taskId: id, status: 'completed' })]);
  });

  test('leaves out of its acknowledgement what it cannot watch', async () => {
    const { listen, delegateOne } = await setupListening();
    const id = await delegateOne();
    const { told } = await listen({ taskIds: [unknownId, 'nonsense', id] });
    await until(() => expect(told.length).toBeGreaterThan(1));
    expect(told[0]?.params).toMatchObject({ notifications: { taskIds: [id] } });
    const none = await listen({ taskIds: [unknownId] });
    await none.ended;
    expect(none.told[0]?.params).toMatchObject({ notifications: { taskIds: [] } });
    expect(tasksIn(none.told)).toEqual([]);
  });

  test('watches no more tasks than one subscription may', async () => {
    const { listen, runtime } = await setupListening();
    const { taskIds } = await runtime.delegate(
      Array.from({ length: mcpTaskLimits.watchedTasksMax + 1 }, () => spec()),
    );
    const { told } = await listen({ taskIds });
    await until(() => expect(told.length).toBeGreaterThan(0));
    expect(told[0]?.params).toMatchObject({
      notifications: { taskIds: taskIds.slice(0, mcpTaskLimits.watchedTasksMax) },
    });
  });

  test('stops watching when the client goes', async () => {
    const { listen, delegateOne, runtime } = await setupListening();
    const id = await delegateOne();
    const { told, close } = await listen({ taskIds: [id] });
    await until(() => expect(tasksIn(told).length).toBeGreaterThan(0));
    expect(runtime.stream.followers).toBe(1);
    close();
    await until(() => expect(runtime.stream.followers).toBe(0));
  });

  test('is refused to a client that does not declare the extension', async () => {
    const world = await setupListening();
    const { ask } = taskClient(world, false);
    const refused = await ask('subscriptions/listen', { notifications: { taskIds: [unknownId] } });
    expect(refused).toMatchObject({
      status: 400,
      error: { code: -32_021, data: { requiredCapabilities: { extensions: { [tasksExtension]: {} } } } },
    });
  });

  test.each([[{}], ['task'], [[1]]])('is refused when the ids are %j', async (taskIds) => {
    const { ask } = await setupListening();
    const { error } = await ask('subscriptions/listen', { notifications: { taskIds } });
    expect(error).toMatchObject({ code: -32_602, message: expect.stringContaining('taskIds') });
  });

  test('without ids is what the library makes of it', async () => {
    const { listen } = await setupListening();
    const { told, ended } = await listen({ toolsListChanged: true });
    await ended;
    expect(told[0]?.params).toMatchObject({ notifications: {} });
    expect(told[0]?.params?.['notifications']).not.toHaveProperty('taskIds');
  });
});
