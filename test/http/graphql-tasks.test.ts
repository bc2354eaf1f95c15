import { expect, test } from 'vitest';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { succeeded } from '../support/running-server.ts';
import { until } from '../support/until.ts';
import { setupGraphql } from './graphql-client.ts';

const submit = `mutation($input: TaskInput!) {
  submitTask(input: $input) { success taskId message code task { id status priority content result createdBy } }
}`;

test('a submitted task is on disk when it is answered, with what was asked for', async () => {
  const puppet = new PuppetBackend();
  const { ask, runtime } = await setupGraphql({ backend: puppet.backend });
  const input = { type: 'CODE', prompt: 'p', priority: 7, options: { temperature: 0.5, own: { a: [1] } } };
  const { data } = await ask(submit, { input });
  const { success, taskId, task } = data.submitTask;
  expect(success).toBe(true);
  expect(task).toMatchObject({ id: taskId, priority: 7, createdBy: 'graphql', result: null });
  expect(task.content).toMatchObject({ type: 'code_generation', prompt: 'p', options: input.options });
  expect(runtime.task(taskId).type).toBe('code_generation');
});

test('a sync task is answered with its output, and says so when it failed', async () => {
  const { ask } = await setupGraphql({
    backend: async (job) =>
      job.prompt === 'good'
        ? succeeded('done')
        : {
            kind: 'failed',
            failure: { code: 'backend.rejected', message: 'not so', isTransient: false } as never,
          },
  });
  const good = await ask(submit, { input: { type: 'GENERAL', prompt: 'good', sync: true } });
  expect(good.data.submitTask).toMatchObject({
    success: true,
    task: { status: 'COMPLETED', result: { success: true, output: 'done' } },
  });
  const bad = await ask(submit, { input: { type: 'GENERAL', prompt: 'bad', sync: true } });
  expect(bad.data.submitTask).toMatchObject({ success: false, task: { status: 'FAILED' } });
});

test.each([
  [{ type: 'GENERAL', prompt: ' ' }, 'prompt'],
  [{ type: 'GENERAL', prompt: 'p', priority: 11 }, 'priority'],
  [{ type: 'GENERAL', prompt: 'p', options: { timeout: -1 } }, 'options.timeout'],
  [{ type: 'GENERAL', prompt: 'p', options: 'fast' }, 'options'],
])('what the REST interface refuses is refused here, and the field is named: %j', async (input, field) => {
  const { ask } = await setupGraphql();
  const { data } = await ask(submit, { input });
  expect(data.submitTask).toMatchObject({
    success: false,
    taskId: null,
    code: 'INVALID_REQUEST',
    message: expect.stringContaining(field),
  });
});

test('tasks are filtered by all that is asked for, newest first, and paged', async () => {
  const { ask, runtime } = await setupGraphql({ backend: new PuppetBackend().backend });
  await runtime.pause();
  for (const [prompt, priority] of [
    ['a', 2],
    ['b', 5],
    ['c', 8],
    ['d', 5],
  ])
    await ask(submit, { input: { type: 'GENERAL', prompt, priority } });
  const list =
    'query($filter: TaskFilter, $limit: Int, $offset: Int) { tasks(filter: $filter, limit: $limit, offset: $offset) { content } }';
  const prompts = async (variables: object) => {
    const { data } = await ask(list, variables);
    return data.tasks.map(({ content }: { content: { prompt: string } }) => content.prompt);
  };
  expect(await prompts({})).toEqual(['d', 'c', 'b', 'a']);
  expect(await prompts({ filter: { minPriority: 5, maxPriority: 7 } })).toEqual(['d', 'b']);
  expect(await prompts({ limit: 2, offset: 1 })).toEqual(['c', 'b']);
  expect(await prompts({ filter: { createdBy: 'graphql', status: 'PENDING' } })).toHaveLength(4);
  expect(await prompts({ filter: { createdBy: 'rest' } })).toEqual([]);
  expect(await prompts({ filter: { assignedTo: 'worker_1' } })).toEqual([]);
  expect((await ask('{ pendingTasks { content } }')).data.pendingTasks[0].content.prompt).toBe('c');
});

test('a list that is too long is refused with the name of the argument', async () => {
  const { ask } = await setupGraphql();
  const { errors } = await ask('{ tasks(limit: 1001) { id } }');
  expect(errors[0]).toMatchObject({
    message: expect.stringContaining('limit'),
    extensions: { code: 'INVALID_REQUEST' },
  });
});

test('an unknown task is null, and cancelling it says why not', async () => {
  const { ask } = await setupGraphql();
  expect((await ask('{ task(id: "nonsense") { id } }')).data.task).toBeNull();
  const unknown = 'task_20260101_000000_000000_abc';
  expect((await ask(`{ task(id: "${unknown}") { id } }`)).data.task).toBeNull();
  const { data } = await ask(`mutation { cancelTask(id: "${unknown}") { success code taskId task { id } } }`);
  expect(data.cancelTask).toEqual({ success: false, code: 'TASK_NOT_FOUND', taskId: unknown, task: null });
});

test('a task is cancelled once, and tried again as a task of its own', async () => {
  const { ask, runtime } = await setupGraphql();
  await runtime.pause();
  const { data } = await ask(submit, { input: { type: 'GENERAL', prompt: 'p' } });
  const id: string = data.submitTask.taskId;
  const act = (name: string) =>
    ask(`mutation { ${name}(id: "${id}") { success code taskId task { id status } } }`);
  expect((await act('retryTask')).data.retryTask).toMatchObject({ success: false, code: 'INVALID_REQUEST' });
  expect((await act('cancelTask')).data.cancelTask).toMatchObject({
    success: true,
    task: { status: 'CANCELLED' },
  });
  expect((await act('cancelTask')).data.cancelTask).toMatchObject({
    success: false,
    code: 'CONFLICT',
    task: { id, status: 'CANCELLED' },
  });
  const { retryTask } = (await act('retryTask')).data;
  expect(retryTask).toMatchObject({ success: true, task: { status: 'PENDING' } });
  expect(retryTask.taskId).not.toBe(id);
});

test('a task that has not ended is given another priority, and one that has keeps its own', async () => {
  const { ask, runtime } = await setupGraphql();
  await runtime.pause();
  const { data } = await ask(submit, { input: { type: 'GENERAL', prompt: 'p', priority: 3 } });
  const id: string = data.submitTask.taskId;
  const move = async (priority: number) =>
    (
      await ask(
        `mutation { updateTaskPriority(id: "${id}", priority: ${priority}) { success code task { priority } } }`,
      )
    ).data.updateTaskPriority;
  expect(await move(9)).toEqual({ success: true, code: null, task: { priority: 9 } });
  expect(await move(11)).toMatchObject({ success: false, code: 'INVALID_REQUEST', task: { priority: 9 } });
  await ask(`mutation { cancelTask(id: "${id}") { success } }`);
  expect(await move(2)).toMatchObject({ success: false, code: 'CONFLICT', task: { priority: 9 } });
});

test('completed tasks are cleared by their age, and the others stay', async () => {
  const { ask } = await setupGraphql();
  const { data } = await ask(submit, { input: { type: 'GENERAL', prompt: 'p', sync: true } });
  const id: string = data.submitTask.taskId;
  expect((await ask('mutation { clearCompletedTasks }')).data.clearCompletedTasks).toBe(0);
  expect((await ask('mutation { clearCompletedTasks(olderThanHours: -1) }')).errors).toHaveLength(1);
  // Of this very millisecond nothing is older than now.
  const clear = 'mutation { clearCompletedTasks(olderThanHours: 0) }';
  await until(async () => expect((await ask(clear)).data.clearCompletedTasks).toBe(1));
  expect((await ask(`{ task(id: "${id}") { id } }`)).data.task).toBeNull();
  expect((await ask('mutation { cleanupDeadWorkers }')).data.cleanupDeadWorkers).toBe(0);
});

test('a task tells its events, its attempts with their reasons, and what is expected of it', async () => {
  const { ask } = await setupGraphql();
  const { data } = await ask(submit, { input: { type: 'GENERAL', prompt: 'p', sync: true } });
  const fields = 'events { seq type } attempts { number workerId status reason } prediction';
  const { data: told } = await ask(`{ task(id: "${data.submitTask.taskId}") { ${fields} } }`);
  expect(told.task.events.map(({ type }: { type: string }) => type)).toEqual([
    'task.accepted',
    'task.assigned',
    'task.completed',
  ]);
  expect(told.task.attempts).toMatchObject([{ number: 1, workerId: 'worker_1', status: 'completed' }]);
  expect(told.task.attempts[0].reason).toHaveProperty('candidates');
  expect(told.task.prediction).toBeNull();
});

test('the numbers are those of the database', async () => {
  const { ask } = await setupGraphql();
  await ask(submit, { input: { type: 'GENERAL', prompt: 'p', sync: true } });
  const { data } = await ask(
    '{ health systemStatus { status version taskStats { pending completed total } workerStats { totalWorkers successRate } } }',
  );
  expect(data.health).toBe('healthy');
  expect(data.systemStatus).toMatchObject({
    status: 'operational',
    taskStats: { pending: 0, completed: 1, total: 1 },
    workerStats: { totalWorkers: 1, successRate: 100 },
  });
});

test('what nobody foresaw is told to the log alone', async () => {
  const { ask, runtime, logged } = await setupGraphql();
  Object.defineProperty(runtime, 'list', { value: () => Promise.reject(new Error('secret path /x/y')) });
  const { errors } = await ask('{ taskStatistics { total } }');
  expect(errors[0]).toMatchObject({
    message: 'something went wrong here; the server log says what',
    extensions: { code: 'SERVER_ERROR' },
  });
  expect(JSON.stringify(errors)).not.toContain('secret');
  expect(logged.join()).toContain('secret path');
});
