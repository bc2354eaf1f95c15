import { expect, test } from 'vitest';
import { reloadSchema } from '../../src/http/operating-schemas.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { succeeded } from '../support/running-server.ts';
import { setupReloadable, workersNamed } from './reloadable-rest.ts';

test('a reload without a change says so', async () => {
  const { post } = await setupReloadable({});
  const response = await post('/pool/reload');
  expect(response.status).toBe(200);
  const report = await response.json();
  expect(report).toEqual({ version: 1, changes: [], needs_restart: [] });
  expect(reloadSchema.safeParse(report).success).toBe(true);
});

test('a task type that a reload brings is accepted from then on, and stands in the document', async () => {
  const { app, write, post, delegate } = await setupReloadable({});
  const documented = async () => JSON.stringify(await (await app.request('/openapi.json')).json());
  expect((await delegate('poetry')).status).toBe(400);
  expect(await documented()).not.toContain('poetry');
  write({ koubou: 'task_types: [poetry]\n' });
  const report = await (await post('/pool/reload')).json();
  expect(report).toMatchObject({ version: 2, changes: [expect.stringContaining('task_types')] });
  expect((await delegate('poetry')).status).toBe(202);
  expect(await documented()).toContain('poetry');
});

test('a task type that a reload takes away is refused from then on', async () => {
  const { write, post, delegate } = await setupReloadable({ koubou: 'task_types: [poetry]\n' });
  expect((await delegate('poetry')).status).toBe(202);
  write({ koubou: 'task_types: []\n' });
  await post('/pool/reload');
  const refused = await delegate('poetry');
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('must be one of')]);
});

test('how long a sync request waits follows a reload', async () => {
  const puppet = new PuppetBackend();
  const { app, write, post } = await setupReloadable({}, puppet.backend);
  write({ koubou: 'server:\n  sync_wait_seconds: 0.01\n' });
  await post('/pool/reload');
  const body = JSON.stringify({ prompt: 'p', sync: true });
  expect((await app.request('/task/delegate', { method: 'POST', body })).status).toBe(202);
  (await puppet.job(1)).settle(succeeded(''));
});

test('files with mistakes are refused as a whole: each with its line and what was meant, and no path', async () => {
  const { app, home, write, post, delegate } = await setupReloadable({});
  write({
    koubou: 'task_types: [poetry]\nserver:\n  sync_wait_secnods: 10\n',
    workers: `${workersNamed('anna', 'bert')}      max_concurent_tasks: 2\n`,
  });
  const response = await post('/pool/reload');
  const text = await response.text();
  const { error } = JSON.parse(text);
  expect([response.status, error.code]).toEqual([400, 'INVALID_REQUEST']);
  expect(error.message).toMatch(/koubou\.yaml:3:3 .*sync_wait_seconds/);
  expect(error.message).toMatch(/workers\.yaml:7:7 .*max_concurrent_tasks/);
  expect(error.message).toMatch(/nothing was changed/i);
  expect(text).not.toContain(home);
  expect((await delegate('poetry')).status).toBe(400);
  expect(await (await app.request('/workers')).json()).toMatchObject({ workers: [{ worker_id: 'anna' }] });
  expect(await (await app.request('/pool')).json()).toMatchObject({ config_version: 1 });
});

test('another token takes a restart: the one of the start stays good', async () => {
  const server = await setupReloadable({});
  const { app, env, post } = server;
  env['KOUBOU_API_TOKEN'] = 'secret-of-tomorrow';
  const response = await post('/pool/reload');
  const text = await response.text();
  expect(JSON.parse(text).needs_restart).toEqual([expect.stringContaining('KOUBOU_API_TOKEN')]);
  expect(text).not.toContain('secret-of-tomorrow');
  expect((await app.request('/tasks')).status).toBe(200);
});

test('a worker that has left the files and still works takes no orders', async () => {
  const puppet = new PuppetBackend();
  const { write, post, delegate } = await setupReloadable({}, puppet.backend);
  expect((await delegate('general')).status).toBe(202);
  const held = await puppet.job(1);
  write({ workers: workersNamed('bert') });
  await post('/pool/reload');
  const refused = await post('/workers/anna/drain');
  expect([refused.status, await refused.json()]).toEqual([
    409,
    { error: expect.objectContaining({ code: 'CONFLICT', message: expect.stringContaining('anna') }) },
  ]);
  held.settle(succeeded(''));
});
