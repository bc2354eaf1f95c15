import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { configSchema, dryRunReportSchema } from '../../src/http/dry-run-schemas.ts';
import { trialLimits } from '../../src/machines/trial-limits.ts';
import { writeConfig } from '../config/config-folder.ts';
import { setupRest } from '../support/rest-client.ts';
import { temporaryFolder } from '../support/running-server.ts';

const worker = (id: string, extra = '') => `
    - worker_id: ${id}
      worker_type: local
      server_host: http://127.0.0.1:1
      model: tiny:latest
      max_concurrent_tasks: 2${extra}`;
const file = (...workers: readonly string[]) => `workers:
  local_workers:${workers.join('')}
routing_policy:
  strategy: priority_based
  rules:
    - { priority_range: [1, 10], preferred_workers: [local], load_balancing: true, reason: all alike }
`;

/** A server whose files say this, and that can read them anew. */
async function setup(workers: string, env: Record<string, string> = {}) {
  const configDir = writeConfig({ workers });
  const home = temporaryFolder();
  const read = (workersText?: string) =>
    loadConfig({ configDir, cwd: home, env: { ...env, KOUBOU_HOME: home }, workersText });
  const rest = await setupRest({ home, change: () => read(), reread: read });
  const delegate = (priority: number, type = 'general') =>
    rest.post('/task/delegate', { prompt: 'p', priority, type, sync: true });
  const dryRun = (text: string) => rest.post('/config/dry-run', { workers_yaml: text });
  return { ...rest, delegate, dryRun, text: readFileSync(join(configDir, 'workers.yaml'), 'utf8') };
}

test('what is in force already would send no task elsewhere', async () => {
  const { delegate, dryRun, text } = await setup(file(worker('w1'), worker('w2')));
  for (const priority of [1, 5, 9]) await delegate(priority);
  const { status, body } = await dryRun(text);
  expect(status).toBe(200);
  expect(body).toMatchObject({ valid: true, changes: [], considered: 3, moved: 0, moves: [] });
  expect(body.workers).toEqual([{ worker_id: 'w1', before: 3, after: 3 }]);
  expect(dryRunReportSchema.parse(body)).toEqual(body);
});

test('tasks of a type that another worker takes would have gone there, each with its reason', async () => {
  const { delegate, dryRun } = await setup(file(worker('w1'), worker('w2')));
  await delegate(5, 'translation');
  await delegate(5, 'general');
  const { body } = await dryRun(file(worker('w1', '\n      capabilities: [general]'), worker('w2')));
  expect(body).toMatchObject({ valid: true, considered: 2, moved: 1 });
  expect(body.changes).toEqual([expect.stringContaining('workers.w1.capabilities')]);
  expect(body.moves).toMatchObject([
    {
      type: 'translation',
      had: { worker_id: 'w1', rule: 'all alike' },
      before: { worker_id: 'w1', outcome: 'placed' },
      after: { worker_id: 'w2', outcome: 'placed', refusals: { w1: 'incapable' } },
    },
  ]);
});

test('a worker that is gone leaves its tasks to others, or to nobody', async () => {
  const { delegate, dryRun } = await setup(file(worker('w1')));
  await delegate(5);
  const { body } = await dryRun(file(worker('w9', '\n      capabilities: [translation]')));
  expect(body.moves).toMatchObject([{ after: { worker_id: null, outcome: 'waits' } }]);
});

test('a file that would be refused is told line by line, and changes nothing', async () => {
  const { dryRun, get } = await setup(file(worker('w1')));
  const before = (await get('/config')).body;
  const { status, body } = await dryRun(file(worker('w1', '\n      max_token: 12')));
  expect(status).toBe(200);
  expect(body).toMatchObject({ valid: false, considered: 0, moves: [] });
  expect(body.problems).toMatchObject([
    { file: 'workers.yaml', line: 8, hint: expect.stringContaining('max_tokens') },
  ]);
  expect(body.problems[0].text).toMatch(/^workers\.yaml:8:7 /);
  expect((await get('/config')).body).toEqual(before);
});

test('a trial tells no variable that the file in force does not name in the open', async () => {
  const { dryRun } = await setup(file(worker('w1', `\n      capabilities: ["\${KIND}"]`)), {
    KIND: 'general',
    SOME_SECRET: 'hush',
    OTHER: 'quiet',
  });
  for (const name of ['SOME_SECRET', 'OTHER', 'KIND']) {
    const { body } = await dryRun(file(worker(`w-\${${name}}`)));
    expect(JSON.stringify(body)).not.toMatch(/hush|quiet/);
    expect(body.workers ?? []).toEqual([]);
    expect(JSON.stringify(body)).toContain(name === 'KIND' ? 'w-general' : 'w-hidden');
  }
});

test('a text that is too long, empty or missing is refused', async () => {
  const { post, dryRun } = await setup(file(worker('w1')));
  const wrong = [
    await dryRun(''),
    await post('/config/dry-run', {}),
    await post('/config/dry-run', { yaml: 'x' }),
  ];
  for (const { status, body } of wrong) expect([status, body.error.code]).toEqual([400, 'INVALID_REQUEST']);
  const limit = trialLimits.workersTextCharsMax;
  expect((await dryRun('#'.repeat(limit + 1))).status).toBe(400);
  expect((await dryRun('#'.repeat(limit))).body.valid).toBe(false);
});

test('at most so many moves are shown, and all are counted', async () => {
  const { runtime, dryRun } = await setup(file(worker('w1')));
  const spec = { prompt: 'p', taskType: 'general', priority: 5, files: [], outputFile: null, options: {} };
  const many = trialLimits.decisionsMax + 10;
  const { taskIds } = await runtime.delegate(
    Array.from({ length: many }, () => ({ ...spec, runAtMs: null, createdBy: 'test' })),
  );
  for (const id of taskIds) await runtime.wait(id, 20_000);
  const { body } = await dryRun(file(worker('w2')));
  expect([body.considered, body.moved]).toEqual([trialLimits.decisionsMax, trialLimits.decisionsMax]);
  expect(body.moves).toHaveLength(trialLimits.movesShown);
});

test('the configuration in force shows secrets as ***, and no folder of the machine', async () => {
  const secret = 'a-token-that-nobody-may-see-0123456789';
  const { get, home } = await setup(
    file(
      worker('w1', `\n      backend: openai\n      api_key: "sk-hush"`).replace(
        'http://127.0.0.1:1',
        'http://u:pw@127.0.0.1:1/v1',
      ),
    ),
    { WORKER_AUTH_TOKEN: secret },
  );
  const { body } = await get('/config');
  expect(configSchema.parse(body)).toEqual(body);
  const text = JSON.stringify(body);
  for (const hidden of [secret, 'sk-hush', 'u:pw', home, '/tmp/']) expect(text).not.toContain(hidden);
  expect(body.settings).toContainEqual({ path: 'workers.w1.api_key', value: '***' });
  expect(body.settings).toContainEqual({ path: 'WORKER_AUTH_TOKEN', value: '***' });
});
