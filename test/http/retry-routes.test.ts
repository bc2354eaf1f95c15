import { expect, test } from 'vitest';
import { retryReportSchema } from '../../src/http/operating-schemas.ts';
import { type FailureCode, failed } from '../../src/machines/outcome.ts';
import { type RestClient, setupRest } from '../support/rest-client.ts';
import { succeeded } from '../support/running-server.ts';

const dead = {
  busy: { prompt: 'backend.busy', priority: 9, type: 'analysis', created_by: 'anna' },
  cut: { prompt: 'backend.cut', priority: 5, type: 'code', created_by: 'bert' },
  long: { prompt: 'input.too_long', priority: 1, type: 'general', created_by: 'anna' },
} as const;

/** Three tasks that have failed, each with its prompt as the code; what is tried again is answered. */
async function setupDeadLetters(): Promise<RestClient & { ids: Record<keyof typeof dead, string> }> {
  const tried = new Set<string>();
  const rest = await setupRest({
    backend: async ({ prompt }) => {
      if (tried.has(prompt)) return succeeded('at last');
      tried.add(prompt);
      return failed(prompt as FailureCode, `failed with ${prompt}`);
    },
  });
  const ids = { busy: '', cut: '', long: '' };
  for (const name of ['busy', 'cut', 'long'] as const) {
    ids[name] = (await rest.post('/task/delegate', { ...dead[name], sync: true })).body.task_id;
  }
  return { ...rest, ids };
}

interface Report {
  readonly tasks: readonly { readonly task_id: string; readonly retry_of: string }[];
  readonly sample: readonly { readonly task_id: string }[];
}
const retried = ({ tasks }: Report) => tasks.map(({ retry_of }) => retry_of);

test('what has failed is tried again as tasks of their own, in the order of acceptance, once', async () => {
  const rest = await setupDeadLetters();
  const { busy, cut, long } = rest.ids;
  const { status, body } = await rest.post('/tasks/retry', { all: true });
  expect([status, body.found, retried(body)]).toEqual([202, 3, [busy, cut, long]]);
  expect(retryReportSchema.parse(body)).toEqual(body);
  for (const { task_id } of body.tasks) {
    expect((await rest.runtime.wait(task_id, 5_000)).result?.output).toBe('at last');
  }
  expect((await rest.post('/tasks/retry', { all: true })).body).toEqual({
    found: 0,
    is_whole: true,
    tasks: [],
    sample: [],
  });
});

test('a dry run tells what would be tried again, and tries nothing', async () => {
  const rest = await setupDeadLetters();
  const { status, body } = await rest.post('/tasks/retry', { dry_run: true });
  expect([status, body.found, body.tasks]).toEqual([200, 3, []]);
  expect(body.sample).toEqual([
    { task_id: rest.ids.busy, error: 'failed with backend.busy' },
    { task_id: rest.ids.cut, error: 'failed with backend.cut' },
    { task_id: rest.ids.long, error: 'failed with input.too_long' },
  ]);
  expect((await rest.get('/tasks')).body.total).toBe(3);
});

test.each([
  [{ type: 'analysis' }, ['busy']],
  [{ type: 'code' }, ['cut']],
  [{ type: 'code_generation' }, ['cut']],
  [{ worker: 'worker_1' }, ['busy', 'cut', 'long']],
  [{ worker: 'worker_2' }, []],
  [{ error_code: 'backend.busy' }, ['busy']],
  [{ error_code: 'backend.*' }, ['busy', 'cut']],
  [{ priority_min: 5 }, ['busy', 'cut']],
  [{ priority_max: 5 }, ['cut', 'long']],
  [{ priority_min: 5, priority_max: 5 }, ['cut']],
  [{ since: '2020-01-01T00:00:00Z' }, ['busy', 'cut', 'long']],
  [{ since: '2999-01-01T00:00:00+09:00' }, []],
  [{ until: '2020-01-01T00:00:00Z' }, []],
  [{ created_by: 'anna' }, ['busy', 'long']],
  [{ created_by: 'anna', error_code: 'backend.*' }, ['busy']],
  [{ status: 'cancelled', all: true }, []],
  [{ type: null, priority_max: 1, limit: null, dry_run: null, all: null }, ['long']],
] as const)('%j means what it says', async (filter, names) => {
  const rest = await setupDeadLetters();
  const { status, body } = await rest.post('/tasks/retry', filter);
  expect(status).toBe(202);
  expect(retried(body)).toEqual(names.map((name) => rest.ids[name]));
});

test('a limit takes those first that were accepted first, and the next call the rest', async () => {
  const rest = await setupDeadLetters();
  const { body } = await rest.post('/tasks/retry', { all: true, limit: 2 });
  expect([body.found, retried(body)]).toEqual([3, [rest.ids.busy, rest.ids.cut]]);
  expect(retried((await rest.post('/tasks/retry', { all: true, limit: 2 })).body)).toEqual([rest.ids.long]);
});

test('cancelled tasks are tried again when that is asked for', async () => {
  const rest = await setupRest();
  await rest.runtime.pause();
  const { body: task } = await rest.post('/task/delegate', { prompt: 'p' });
  await rest.delete(`/task/${task.task_id}`);
  expect(retried((await rest.post('/tasks/retry', { type: 'general' })).body)).toEqual([]);
  const { body } = await rest.post('/tasks/retry', { status: 'cancelled', type: 'general' });
  expect(retried(body)).toEqual([task.task_id]);
  expect((await rest.get(`/task/${body.tasks[0].task_id}`)).body.metadata.created_by).toBe('rest');
});

test.each([
  [{}],
  [{ status: 'failed' }],
  [{ limit: 5 }],
  [{ all: false }],
  [{ type: null }],
  [{ wroker: 'worker_1' }],
])('no accident tries everything again: %j is refused, and says what to send', async (body) => {
  const rest = await setupDeadLetters();
  const refused = await rest.post('/tasks/retry', body);
  expect(refused.status).toBe(400);
  expect(refused.body.error.message).toContain('dry_run');
  expect(refused.body.error.message).toContain('"all": true');
  expect((await rest.get('/tasks')).body.total).toBe(3);
});

test.each([
  ['status', { status: 'completed', all: true }],
  ['type', { type: '' }],
  ['type', { type: 'a\0b' }],
  ['worker', { worker: 1 }],
  ['error_code', { error_code: '*' }],
  ['error_code', { error_code: 'backend.%' }],
  ['priority_min', { priority_min: 0 }],
  ['priority_max', { priority_max: 11 }],
  ['priority_min', { priority_min: 8, priority_max: 3 }],
  ['since', { since: '2h' }],
  ['since', { since: '2026-02-30T00:00:00Z' }],
  ['since', { since: '2026-02-02T00:00:00Z', until: '2026-02-01T00:00:00Z' }],
  ['until', { until: '2026-02-01T00:00:00' }],
  ['limit', { all: true, limit: 0 }],
  ['limit', { all: true, limit: 1_001 }],
  ['dry_run', { dry_run: 'yes' }],
  ['all', { all: 'yes' }],
])('a request with a wrong %s is refused by its name: %j', async (field, body) => {
  const rest = await setupRest();
  const { status, body: answer } = await rest.post('/tasks/retry', body);
  expect([status, answer.error.code]).toEqual([400, 'INVALID_REQUEST']);
  expect(answer.error.message).toMatch(new RegExp(`^${field}: `));
});

test('an unknown field is ignored by a dry run, but not in silence; without one nothing is tried again', async () => {
  const rest = await setupRest();
  const { body } = await rest.post('/tasks/retry', { dry_run: true, wroker: 'worker_1' });
  expect(body.warnings).toEqual([expect.stringContaining('did you mean "worker"')]);
  const refused = await rest.post('/tasks/retry', { type: 'general', wroker: 'worker_1' });
  expect([refused.status, refused.body.error.code]).toEqual([400, 'INVALID_REQUEST']);
  expect(refused.body.error.message).toContain('did you mean "worker"');
});

test('a limit of a thousand is the largest, and is taken', async () => {
  const rest = await setupRest();
  expect((await rest.post('/tasks/retry', { all: true, limit: 1_000 })).status).toBe(202);
});
