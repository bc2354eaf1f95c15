import { expect, test } from 'vitest';
import { cancelReportSchema, queueSchema, taskPageSchema } from '../../src/http/task-list-schemas.ts';
import { searchLimits } from '../../src/machines/search-limits.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { type RestClient, setupRest } from '../support/rest-client.ts';

/** One runs, and four wait. */
async function setupQueue(): Promise<RestClient & { puppet: PuppetBackend }> {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ workers: [{ maxConcurrentTasks: 1 }], backend: puppet.backend });
  await rest.post('/task/delegate', { prompt: 'running' });
  await puppet.job(1);
  await rest.post('/tasks/delegate', {
    tasks: [
      { prompt: 'Haiku one', priority: 9 },
      { prompt: 'haiku two', type: 'translation', priority: 5 },
      { prompt: 'an essay', type: 'translation', priority: 5 },
      { prompt: '100%_sure', priority: 1 },
    ],
  });
  return { ...rest, puppet };
}

const promptsOf = (body: { tasks: readonly { prompt: string }[] }) => body.tasks.map(({ prompt }) => prompt);

test.each([
  ['text=haiku', ['haiku two', 'Haiku one']],
  ['text=%25_', ['100%_sure']],
  ['type=translation&status=pending', ['an essay', 'haiku two']],
  ['worker=worker_1', ['running']],
  ['priority_min=6', ['Haiku one']],
  ['priority_max=1', ['100%_sure']],
  ['sort=oldest&limit=2', ['running', 'Haiku one']],
  ['sort=priority&limit=3', ['Haiku one', 'running', 'haiku two']],
  ['accepted_until=2020-01-01T00:00:00Z', []],
])('a list is narrowed down and sorted by %s', async (query, expected) => {
  const { get } = await setupQueue();
  const { status, body } = await get(`/tasks?${query}`);
  expect([status, promptsOf(body)]).toEqual([200, expected]);
  expect(taskPageSchema.parse(body)).toEqual(body);
});

test('a search goes on by its cursor, and a cursor of another order is refused', async () => {
  const { get } = await setupQueue();
  const first = await get('/tasks?sort=priority&limit=2');
  const rest = await get(`/tasks?sort=priority&limit=9&cursor=${first.body.next_cursor}`);
  expect([promptsOf(rest.body), rest.body.next_cursor]).toEqual([
    ['haiku two', 'an essay', '100%_sure'],
    null,
  ]);
  const refused = await get(`/tasks?sort=newest&cursor=${first.body.next_cursor}`);
  expect([refused.status, refused.body.error.message]).toEqual([
    400,
    expect.stringContaining('another order'),
  ]);
  expect((await get('/tasks?text=x&offset=3')).status).toBe(400);
  const tooLong = 'x'.repeat(searchLimits.textCharsMax + 1);
  expect((await get(`/tasks?text=${tooLong}`)).status).toBe(400);
  expect((await get(`/tasks?text=${tooLong.slice(1)}`)).status).toBe(200);
});

test('a brief list leaves out what is long', async () => {
  const { get } = await setupQueue();
  for (const path of ['/tasks?brief=true&limit=1', '/tasks?brief=true&limit=1&text=sure']) {
    const [row] = (await get(path)).body.tasks;
    expect(row).toMatchObject({ summary: '100%_sure', status: 'pending', worker_id: null });
    expect(['prompt', 'content', 'result'].filter((name) => name in row)).toEqual([]);
  }
  expect((await get('/tasks?brief=maybe')).status).toBe(400);
});

test('a dry run counts what would be cancelled, and cancels nothing', async () => {
  const { post, get } = await setupQueue();
  const { status, body } = await post('/tasks/cancel', { dry_run: true });
  expect([status, body.found, body.is_whole, body.sample.length, body.cancelled]).toEqual([
    200,
    5,
    true,
    5,
    [],
  ]);
  expect(cancelReportSchema.parse(body)).toEqual(body);
  expect((await get('/tasks?status=cancelled')).body.total).toBe(0);
});

test('tasks that wait or run are cancelled by the many, so many at a time', async () => {
  const { post, get } = await setupQueue();
  const first = await post('/tasks/cancel', { type: 'translation', limit: 1 });
  expect([first.body.found, first.body.cancelled.length]).toEqual([2, 1]);
  expect(promptsOf((await get('/tasks?status=cancelled')).body)).toEqual(['haiku two']);
  const all = await post('/tasks/cancel', { all: true, limit: 1_000 });
  expect([all.body.found, all.body.cancelled.length, all.body.ended_before]).toEqual([4, 4, 0]);
  expect((await get('/tasks?status=cancelled')).body.total).toBe(5);
});

test.each([
  [{}, 'narrow it down'],
  [{ status: 'pending' }, 'narrow it down'],
  [{ status: 'completed', all: true }, 'status'],
  [{ tpye: 'translation', all: true }, 'tpye'],
])('%j cancels nothing, and says why', async (sent, message) => {
  const { post, get } = await setupQueue();
  const { status, body } = await post('/tasks/cancel', sent);
  expect([status, body.error.message]).toEqual([400, expect.stringContaining(message)]);
  expect((await get('/tasks?status=cancelled')).body.total).toBe(0);
});

test('the queue tells of each priority how many wait, since when, and which came last', async () => {
  const { get } = await setupQueue();
  const { body } = await get('/queue');
  expect(queueSchema.parse(body)).toEqual(body);
  expect(body.tiers).toMatchObject([
    { priority: 9, waiting: 1 },
    { priority: 5, waiting: 2 },
    { priority: 1, waiting: 1 },
  ]);
  const five = body.tiers[1];
  expect((await get(`/task/${five.oldest_task_id}`)).body).toMatchObject({
    prompt: 'haiku two',
    created_at: five.oldest_at,
  });
  expect((await get(`/task/${five.newest_task_id}`)).body.prompt).toBe('an essay');
});
