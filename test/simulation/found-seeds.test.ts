import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config/settings.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { setupRuntime, spec, temporaryFolder } from '../support/running-server.ts';
import { until } from '../support/until.ts';

test('seed 4: a worker that left the configuration and came back works after the next start, too', async () => {
  const home = temporaryFolder();
  const workers = [{}, {}];
  let files: Config | undefined;
  const first = await setupRuntime({ home, workers, reread: () => files as Config });
  files = { ...first.config, workers: first.config.workers.slice(0, 1) };
  await first.runtime.reload();
  await until(() => expect(first.runtime.workers()).toHaveLength(1));
  files = first.config;
  await first.runtime.reload();
  await until(() => expect(first.runtime.worker('worker_2').admission).toBe('active'));
  await first.close();
  const again = await setupRuntime({ home, workers });
  expect(again.runtime.worker('worker_2').admission).toBe('active');
});

test('seed 4: a paused pool that is resumed begins with who waits longest, not with who came last', async () => {
  const home = temporaryFolder();
  const first = await setupRuntime({ home });
  await first.runtime.pause();
  await first.runtime.delegate([spec({ prompt: 'came first', priority: 7 })]);
  await first.close();
  const puppet = new PuppetBackend();
  const workers = [{ maxConcurrentTasks: 1 }];
  const { runtime } = await setupRuntime({ home, workers, backend: puppet.backend });
  await until(() => expect(runtime.worker('worker_1').liveness).toBe('alive'));
  await runtime.delegate([spec({ prompt: 'came last', priority: 6 })]);
  await runtime.resume();
  await puppet.job(1);
  expect(puppet.prompts).toEqual(['came first']);
});

test('seed 90: a worker that left the configuration while it ran works again when a later start finds it named', async () => {
  const home = temporaryFolder();
  const workers = [{}, {}];
  let files: Config | undefined;
  const first = await setupRuntime({ home, workers, reread: () => files as Config });
  files = { ...first.config, workers: first.config.workers.slice(0, 1) };
  await first.runtime.reload();
  await until(() => expect(first.runtime.workers()).toHaveLength(1));
  await first.close();
  const second = await setupRuntime({ home, workers: [{}] });
  await second.close();
  const third = await setupRuntime({ home, workers });
  expect(third.runtime.worker('worker_2').admission).toBe('active');
});

test('a worker that had left the configuration when the process was killed, and is back in it, takes work at once', async () => {
  const home = temporaryFolder();
  const puppet = new PuppetBackend();
  const workers = [{ maxConcurrentTasks: 1 }, { maxConcurrentTasks: 1 }];
  let files: Config | undefined;
  const first = await setupRuntime({
    home,
    workers,
    backend: puppet.backend,
    reread: () => files as Config,
  });
  await until(() => expect(first.runtime.readiness().workers.alive).toBe(2));
  await first.runtime.delegate([spec(), spec({ prompt: 'another' })]);
  await puppet.job(2);
  files = { ...first.config, workers: first.config.workers.slice(0, 1) };
  await first.runtime.reload();
  expect(first.runtime.worker('worker_2').admission).toBe('draining');
  // What a kill leaves: the files as they are at this moment.
  const after = temporaryFolder();
  cpSync(join(home, 'db'), join(after, 'db'), { recursive: true });
  const again = await setupRuntime({ home: after, workers });
  expect(again.runtime.worker('worker_2').admission).toBe('active');
});

test('a worker that an operator has sent home is at home after a kill as well, even if it was leaving', async () => {
  const home = temporaryFolder();
  const puppet = new PuppetBackend();
  const workers = [{}, { maxConcurrentTasks: 1 }];
  let files: Config | undefined;
  const first = await setupRuntime({ home, workers, backend: puppet.backend, reread: () => files as Config });
  await until(() => expect(first.runtime.readiness().workers.alive).toBe(2));
  await first.runtime.delegate([spec(), spec({ prompt: 'another' }), spec({ prompt: 'a third' })]);
  await puppet.job(2);
  await first.runtime.order('worker_2', 'drain', 'somebody');
  files = { ...first.config, workers: first.config.workers.slice(0, 1) };
  await first.runtime.reload();
  const after = temporaryFolder();
  cpSync(join(home, 'db'), join(after, 'db'), { recursive: true });
  const again = await setupRuntime({ home: after, workers });
  expect(again.runtime.worker('worker_2').admission).toBe('drained');
});
