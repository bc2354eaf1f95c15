import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config/settings.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import type { Store } from '../../src/db/store.ts';
import type { TaskId } from '../../src/machines/identifiers.ts';
import { limits } from '../../src/machines/limits.ts';
import { setupRest } from '../support/rest-client.ts';
import { spec, temporaryFolder } from '../support/running-server.ts';
import { setupWatching } from '../support/watching.ts';
import { setupLogApi } from './logs/setup-log-api.ts';

/** Of what happened, only the last events are kept. */
const forgetful = (config: Config): Config => ({
  ...config,
  retention: { maxAgeDays: 0, maxEndedTasks: 0, maxEvents: 2 },
});

test('a watcher that resumes before the floor is refused in plain words; it may begin at the floor', async () => {
  const { runtime, enter } = await setupWatching({ change: forgetful });
  const { taskIds } = await runtime.delegate([spec()]);
  const taskId = taskIds[0] as TaskId;
  await runtime.wait(taskId, 10_000);
  const watching = await enter();
  const { floor } = await runtime.housekeeping.retention.sweep();
  expect(floor).toBeGreaterThan(1);
  for (const since of [0, floor - 1]) {
    const refusal = await watching.ask({ command: 'subscribe', channel: 'task', since }, 'error');
    expect(refusal.message).toMatch(new RegExp(`^since: events up to ${floor} are no longer kept`));
  }
  const begun = await watching.ask({ command: 'subscribe', channel: 'task', since: floor }, 'subscribed');
  expect(begun.seq).toBe(floor);
  // A task that is kept tells all of its story, whatever the stream still holds.
  const other = await enter();
  other.say({ command: 'subscribe', channel: 'task', task_id: taskId, since: 0 });
  expect((await other.next('task_update')).status).toBe('pending');
});

test('a reader that falls behind the floor while it resumes is told so, and let go', async () => {
  const home = temporaryFolder();
  mkdirSync(join(home, 'db'));
  const real = openStore(join(home, 'db', 'koubou.db'), 'normal', Date.now());
  let cutFrom = Number.POSITIVE_INFINITY;
  const store: Store = new Proxy(real, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (name !== 'eventsSince') return typeof value === 'function' ? value.bind(target) : value;
      return (after: number, limit: number) => {
        const rows = real.eventsSince(after, limit);
        // Behind the first slice that it was given, the record is cut off.
        if (after >= cutFrom) real.upkeep.cutEvents(after + limit + 1, 10_000);
        return rows;
      };
    },
  });
  const { runtime, enter, logged } = await setupWatching({ home, store });
  await runtime.pause();
  await runtime.delegate(Array.from({ length: 2 * limits.resumeRowsMax }, () => spec()));
  const watching = await enter();
  cutFrom = 0;
  watching.say({ command: 'subscribe', channel: 'task', since: 0 });
  expect((await watching.next('error')).message).toMatch(/^since: events up to \d+ are no longer kept/);
  expect(await watching.closed).toBe(1013);
  expect(logged).toEqual([]);
});

test('the Log API refuses to resume before the floor with 410', async () => {
  const client = await setupLogApi({ change: forgetful });
  await client.done();
  const { floor } = await client.runtime.housekeeping.retention.sweep();
  const asked = (id: number) =>
    client.app.request('/api/logs/stream', { headers: { 'last-event-id': `${id}` } });
  const refused = await asked(floor - 1);
  expect([refused.status, await refused.json()]).toEqual([
    410,
    {
      status: 'error',
      message: expect.stringMatching(/^Last-Event-ID: events up to \d+ are no longer kept/),
    },
  ]);
  const resumed = await asked(floor);
  expect(resumed.status).toBe(200);
  await resumed.body?.cancel();
});

test('a task that was deleted is answered 404, with the reason that it may have', async () => {
  const { app, runtime } = await setupRest();
  const { taskIds } = await runtime.delegate([spec()]);
  await runtime.wait(taskIds[0] as TaskId, 10_000);
  await runtime.housekeeping.forgetCompleted(Date.now() + 1_000);
  const response = await app.request(`/task/${taskIds[0]}`);
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  expect([response.status, error.code]).toEqual([404, 'TASK_NOT_FOUND']);
  expect(error.message).toContain('may have been deleted');
});
