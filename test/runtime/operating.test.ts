import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/settings.ts';
import { KoubouError } from '../../src/machines/errors.ts';
import type { TaskId } from '../../src/machines/identifiers.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { failed } from '../../src/machines/outcome.ts';
import type { Runtime } from '../../src/runtime.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { type SetUp, setupRuntime, spec, succeeded, temporaryFolder } from '../support/running-server.ts';
import { until } from '../support/until.ts';

async function delegate(runtime: Runtime, changes: Parameters<typeof spec>[0] = {}): Promise<TaskId> {
  const { taskIds } = await runtime.delegate([spec(changes)]);
  return taskIds[0] as TaskId;
}

function heard(runtime: Runtime): string[] {
  const types: string[] = [];
  runtime.stream.subscribe(({ fact }) => types.push(fact.type));
  return types;
}

/** A runtime whose files a test writes: what they say next, or the error that reading them gives. */
async function setupReload(setUp: SetUp = {}) {
  const files: { next: (config: Config) => Config } = { next: (config) => config };
  let current: Config | undefined;
  const bench = await setupRuntime({ ...setUp, reread: () => files.next(current as Config) });
  current = bench.config;
  return { ...bench, files };
}

async function alive(runtime: Runtime, id: string): Promise<void> {
  await until(() => expect(runtime.worker(id).liveness).toBe('alive'));
}

describe('a paused pool', () => {
  test('accepts and hands out nothing, also after a restart, until it is resumed', async () => {
    const home = temporaryFolder();
    const first = await setupRuntime({ home });
    await first.runtime.pause();
    const id = await delegate(first.runtime);
    expect(first.runtime.poolView()).toMatchObject({
      state: 'paused',
      waiting: [{ priority: 5, type: 'general', count: 1 }],
    });
    await first.close();
    const { runtime } = await setupRuntime({ home });
    await alive(runtime, 'worker_1');
    expect(runtime.poolView().state).toBe('paused');
    expect(runtime.task(id).status).toBe('pending');
    await runtime.resume();
    expect(await runtime.wait(id, 5_000)).toMatchObject({ status: 'completed' });
  });
});

describe('a worker that is drained', () => {
  test('ends what it runs, takes nothing more, also after a restart, until it is resumed', async () => {
    const home = temporaryFolder();
    const puppet = new PuppetBackend();
    const first = await setupRuntime({
      home,
      workers: [{ maxConcurrentTasks: 1 }],
      backend: puppet.backend,
    });
    const running = await delegate(first.runtime);
    const { settle } = await puppet.job(1);
    const waiting = await delegate(first.runtime, { prompt: 'another' });
    const facts = heard(first.runtime);
    expect(await first.runtime.order('worker_1', 'drain', 'a test')).toMatchObject({ admission: 'draining' });
    settle(succeeded('done'));
    await first.runtime.wait(running, 5_000);
    await until(() => expect(first.runtime.worker('worker_1').admission).toBe('drained'));
    expect(facts.filter((type) => type === 'worker.readmitted')).toHaveLength(2);
    await first.close();
    const { runtime } = await setupRuntime({ home });
    await alive(runtime, 'worker_1');
    expect(runtime.worker('worker_1').admission).toBe('drained');
    expect(runtime.task(waiting).status).toBe('pending');
    await runtime.order('worker_1', 'resume', 'a test');
    expect((await runtime.wait(waiting, 5_000)).status).toBe('completed');
  });

  test('is refused for a name that nobody has', async () => {
    const { runtime } = await setupRuntime();
    await expect(runtime.order('nobody', 'drain', 'a test')).rejects.toMatchObject({
      code: 'worker.unknown',
    });
  });
});

describe('a reload', () => {
  test('of files that are wrong changes nothing, and says what is wrong', async () => {
    const { runtime, files } = await setupReload();
    const before = runtime.config;
    files.next = () => {
      throw new KoubouError('config.invalid', 'workers.yaml:3: no such key');
    };
    await expect(runtime.reload()).rejects.toMatchObject({
      code: 'reload.refused',
      message: 'workers.yaml:3: no such key\nNothing was changed.',
    });
    expect(runtime.config).toBe(before);
    expect((await runtime.wait(await delegate(runtime), 5_000)).status).toBe('completed');
  });

  test('of files that say the same changes nothing, and is no fact', async () => {
    const { runtime } = await setupReload();
    const facts = heard(runtime);
    expect(await runtime.reload()).toEqual({ version: 1, changes: [], needs_restart: [] });
    expect(facts).toEqual([]);
  });

  test('brings a new worker to work and lets a removed one end its task first', async () => {
    const puppet = new PuppetBackend();
    const { runtime, files } = await setupReload({ backend: puppet.backend });
    const old = await delegate(runtime);
    const { settle } = await puppet.job(1);
    const facts = heard(runtime);
    files.next = (config) => ({
      ...config,
      workers: config.workers.map((worker) => ({ ...worker, workerId: workerId('newcomer') })),
    });
    const report = await runtime.reload();
    expect(report).toMatchObject({ version: 2, needs_restart: [] });
    expect(report.changes).toEqual(['workers.worker_1: removed', 'workers.newcomer: added']);
    const fresh = await delegate(runtime, { prompt: 'fresh' });
    expect((await puppet.job(2)).job.prompt).toBe('fresh');
    expect(runtime.task(fresh).worker_id).toBe('newcomer');
    settle(succeeded('the old one'));
    expect(await runtime.wait(old, 5_000)).toMatchObject({ status: 'completed', worker_id: 'worker_1' });
    await until(() => expect(runtime.workers().map(({ worker_id }) => worker_id)).toEqual(['newcomer']));
    expect(facts).toContain('pool.reconfigured');
    expect(facts).toContain('worker.enrolled');
    expect(facts).toContain('worker.retired');
  });

  test('is what the next decision is made under, and the reason names its version', async () => {
    const { runtime, files } = await setupReload();
    const before = await delegate(runtime);
    await runtime.wait(before, 5_000);
    files.next = (config) => ({ ...config, routing: { ...config.routing, strategy: 'least_loaded' } });
    await runtime.reload();
    const after = await delegate(runtime, { prompt: 'later' });
    await runtime.wait(after, 5_000);
    const versions = [before, after].map((id) => runtime.attempts(id)[0]?.reason);
    expect(versions).toMatchObject([
      { config_version: 1 },
      { config_version: 2, rule: 'strategy least_loaded' },
    ]);
  });

  test('says what takes a restart, and leaves that as it was', async () => {
    const { runtime, files } = await setupReload();
    files.next = (config) => ({
      ...config,
      host: '0.0.0.0',
      server: { ...config.server, syncWaitMs: 7_000 },
    });
    const report = await runtime.reload();
    expect(report.needs_restart).toHaveLength(1);
    expect(runtime.config.host).toBe('127.0.0.1');
    expect(runtime.config.server.syncWaitMs).toBe(7_000);
  });

  test('gives more slots at once', async () => {
    const puppet = new PuppetBackend();
    const { runtime, files } = await setupReload({
      workers: [{ maxConcurrentTasks: 1 }],
      backend: puppet.backend,
    });
    await delegate(runtime);
    await delegate(runtime);
    await puppet.job(1);
    files.next = (config) => ({
      ...config,
      workers: config.workers.map((worker) => ({ ...worker, maxConcurrentTasks: 2 })),
    });
    await runtime.reload();
    await puppet.job(2);
    expect(runtime.worker('worker_1')).toMatchObject({ leases: 2, max_concurrent_tasks: 2 });
  });
});

describe('dead letters', () => {
  const broken = failed('model.unknown', 'no such model');

  async function setupDead(count: number) {
    const verdicts: ('fail' | 'work')[] = ['fail'];
    const bench = await setupRuntime({
      backend: async () => (verdicts[0] === 'fail' ? broken : succeeded('at last')),
    });
    const specs = Array.from({ length: count }, (_, n) => spec({ prompt: `task ${n}` }));
    const { taskIds } = await bench.runtime.delegate(specs);
    for (const id of taskIds) await bench.runtime.wait(id, 5_000);
    verdicts[0] = 'work';
    return { ...bench, taskIds };
  }
  const how = { limit: 100, dryRun: false, createdBy: 'a test' };

  test('are tried again as tasks of their own, each once however often and at once it is asked for', async () => {
    const { runtime, taskIds } = await setupDead(3);
    const filter = { status: 'failed' } as const;
    const [first, second] = await Promise.all([
      runtime.operations.retryMany(filter, how),
      runtime.operations.retryMany(filter, how),
    ]);
    expect(first.tasks.map(({ retry_of }) => retry_of)).toEqual(taskIds);
    expect(second).toEqual({ found: 0, is_whole: true, tasks: [], sample: [] });
    for (const { task_id } of first.tasks) {
      expect((await runtime.wait(task_id as TaskId, 5_000)).result?.output).toBe('at last');
    }
    expect(runtime.task(taskIds[0] as TaskId).status).toBe('failed');
  });

  test('are only counted and shown in a dry run', async () => {
    const { runtime, taskIds } = await setupDead(2);
    const report = await runtime.operations.retryMany(
      { status: 'failed', errorCode: 'model.*' },
      { ...how, dryRun: true },
    );
    expect(report).toEqual({
      found: 2,
      is_whole: true,
      tasks: [],
      sample: taskIds.map((id) => ({ task_id: id, error: 'no such model' })),
    });
    expect(
      (await runtime.list({ kind: 'page', status: null, limit: 10, offset: 0, before: null })).total,
    ).toBe(2);
  });

  test('are taken up to the limit, the oldest first', async () => {
    const { runtime, taskIds } = await setupDead(3);
    const report = await runtime.operations.retryMany({ status: 'failed' }, { ...how, limit: 2 });
    expect(report.found).toBe(3);
    expect(report.tasks.map(({ retry_of }) => retry_of)).toEqual(taskIds.slice(0, 2));
  });
});
