import { expect, test } from 'vitest';
import { workerId } from '../../../src/machines/identifiers.ts';
import { PuppetBackend } from '../../support/puppet-backend.ts';
import { spec, succeeded } from '../../support/running-server.ts';
import { setupLogApi } from './setup-log-api.ts';

test('runs are shown with their beginning and end, the last first', async () => {
  const client = await setupLogApi({ workers: [{ workerId: workerId('w1') }] });
  const first = await client.done({ priority: 3 });
  const second = await client.done({ taskType: 'translation' });
  const { status, body } = await client.get('/api/runs');
  expect([status, body.status, body.truncated]).toEqual([200, 'success', false]);
  expect(body.runs).toMatchObject([
    { task_id: second.task_id, worker_id: 'w1', type: 'translation', status: 'completed' },
    { task_id: first.task_id, worker_id: 'w1', priority: 3, status: 'completed' },
  ]);
  for (const { started_at, ended_at } of body.runs) {
    expect(Date.parse(ended_at)).toBeGreaterThanOrEqual(Date.parse(started_at));
  }
  expect(Date.parse(body.window.until) - Date.parse(body.window.since)).toBe(3_600_000);
});

test('a run that goes on has no end yet', async () => {
  const puppet = new PuppetBackend();
  const client = await setupLogApi({ backend: puppet.backend });
  await client.runtime.delegate([spec()]);
  const { settle } = await puppet.job(1);
  expect((await client.get('/api/runs')).body.runs).toMatchObject([{ status: 'active', ended_at: null }]);
  settle(succeeded('done'));
});

test('no more runs than asked for are read, and it says so', async () => {
  const client = await setupLogApi();
  for (let count = 0; count < 3; count += 1) await client.done();
  const { body } = await client.get('/api/runs?limit=2');
  expect([body.runs.length, body.truncated]).toEqual([2, true]);
  expect((await client.get('/api/runs?limit=3')).body.runs).toHaveLength(3);
  for (const query of ['minutes=0', 'minutes=x', 'limit=-1'])
    expect((await client.get(`/api/runs?${query}`)).status, query).toBe(400);
});
