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
