import { describe, expect, test } from 'vitest';
import { workerId } from '../../src/machines/identifiers.ts';
import { inspectionLimits } from '../../src/machines/inspection-limits.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { spec, succeeded } from '../support/running-server.ts';
import { until } from '../support/until.ts';
import { setupWatching } from '../support/watching.ts';

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
const inspect = { command: 'subscribe', channel: 'inspect' };

async function setupInspecting() {
  const puppet = new PuppetBackend();
  const watching = await setupWatching({
    backend: puppet.backend,
    workers: [{ workerId: workerId('w1'), maxConcurrentTasks: 1 }],
  });
  return { ...watching, puppet };
}

describe('one actor', () => {
  test('is shown, then each of its transitions, then its ending', async () => {
    const { runtime, enter, puppet } = await setupInspecting();
    const { taskIds } = await runtime.delegate([spec({ prompt: 'a secret' })]);
    const [actor] = taskIds;
    const { settle } = await puppet.job(1);
    const watching = await enter();
    const subscribed = await watching.ask({ ...inspect, actor }, 'subscribed');
    expect(subscribed).toEqual({ type: 'subscribed', timestamp: time, channel: 'inspect', actor });
    const shown = await watching.next('inspect_snapshot');
    expect(shown).toMatchObject({ actor, machine: 'task', value: { leased: 'running' }, skipped: 0 });
    expect(shown.states).toEqual([{ state: 'leased.running', since: time }]);
    expect(JSON.stringify(shown)).not.toContain('a secret');
    settle(succeeded('done'));
    expect(await watching.next('inspect_transition')).toMatchObject({
      actor,
      event: { type: 'task.settle', outcome: { kind: 'succeeded' } },
      from: { leased: 'running' },
      to: 'completed',
      at: time,
      after_seq: expect.any(Number),
    });
    expect(await watching.next('inspect_ended')).toMatchObject({ actor, status: 'done', value: 'completed' });
    expect(runtime.inspection.observed).toBe(0);
  });

  test('is observed once however many watch it, and no more when the last one has gone', async () => {
    const { runtime, enter } = await setupInspecting();
    const watchers = [await enter(), await enter(), await enter()];
    for (const each of watchers) await each.ask({ ...inspect, actor: 'worker:w1' }, 'inspect_snapshot');
    expect(runtime.inspection.observed).toBe(1);
    await runtime.order('w1', 'rest', 'a test');
    for (const each of watchers) {
      const { actor, to } = await each.next('inspect_transition');
      expect([actor, to.admission]).toEqual(['worker:w1', 'standby']);
    }
    const [first, second, third] = watchers;
    await first?.ask({ ...inspect, command: 'unsubscribe', actor: 'worker:w1' }, 'unsubscribed');
    second?.ws.close();
    third?.ws.terminate();
    await until(() => expect(runtime.inspection.observed).toBe(0));
  });

  test('that is not there is an error, and nothing is left of the wish', async () => {
    const { runtime, enter } = await setupInspecting();
    const watching = await enter();
    const actor = 'task_20260101_000000_000001';
    expect(await watching.ask({ ...inspect, actor }, 'error')).toMatchObject({ code: 'TASK_NOT_FOUND' });
    expect(await watching.ask({ ...inspect, actor: 'x' }, 'error')).toMatchObject({
      code: 'INVALID_REQUEST',
    });
    expect(runtime.inspection.observed).toBe(0);
  });

  test('more than so many of one connection are refused; one that ends makes room', async () => {
    const { runtime, enter, puppet } = await setupInspecting();
    const most = inspectionLimits.actorsPerWatcherMax;
    const { taskIds } = await runtime.delegate(Array.from({ length: most + 1 }, () => spec()));
    const { settle } = await puppet.job(1);
    const watching = await enter();
    for (const actor of taskIds.slice(0, most)) await watching.ask({ ...inspect, actor }, 'inspect_snapshot');
    await watching.ask({ ...inspect, actor: taskIds[0] }, 'inspect_snapshot');
    const last = { ...inspect, actor: taskIds[most] };
    expect(await watching.ask(last, 'error')).toMatchObject({ code: 'RATE_LIMITED' });
    expect(runtime.inspection.observed).toBe(most);
    settle(succeeded('done'));
    await watching.next('inspect_ended');
    expect(await watching.ask(last, 'inspect_snapshot')).toMatchObject({ actor: taskIds[most] });
  });
});

describe('all actors together', () => {
  test('are shown whole first, then what changes', async () => {
    const { runtime, enter, puppet } = await setupInspecting();
    const watching = await enter();
    const full = await watching.ask(inspect, 'inspect_overview');
    expect(full).toMatchObject({ kind: 'full', timestamp: time, machines: { pool: { live: 1 } } });
    expect(Object.keys(full.machines).sort()).toEqual(['endpoint', 'execution', 'pool', 'task', 'worker']);
    await runtime.delegate([spec()]);
    await puppet.job(1);
    const seen = new Map<string, number>();
    while (seen.get('leased.running') !== 1) {
      const { kind, machines } = await watching.next('inspect_overview');
      expect(kind).toBe('difference');
      for (const { state, count } of machines.task?.states ?? []) seen.set(state, count);
    }
    expect(seen.has('completed')).toBe(false);
  });
});

describe('questions', () => {
  test('for the actors in a state are answered page by page', async () => {
    const { runtime, enter, puppet } = await setupInspecting();
    const { taskIds } = await runtime.delegate([spec(), spec(), spec()]);
    await puppet.job(1);
    const watching = await enter();
    const question = { command: 'inspect_actors', machine: 'task', state: 'queued', limit: 1 };
    const first = await watching.ask(question, 'inspect_actors');
    expect(first).toMatchObject({ count: 2, actors: [{ actor: taskIds[1], since: time }] });
    const second = await watching.ask({ ...question, after: first.next }, 'inspect_actors');
    expect(second).toMatchObject({ actors: [{ actor: taskIds[2] }], next: null });
    expect(await watching.ask({ ...question, state: 'nowhere' }, 'error')).toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('leased.running'),
    });
  });

  test('for who owns whom are answered with all but the tasks, which are counted', async () => {
    const { runtime, enter, puppet } = await setupInspecting();
    const { taskIds } = await runtime.delegate([spec(), spec()]);
    await puppet.job(1);
    const tree = await (await enter()).ask({ command: 'inspect_tree' }, 'inspect_tree');
    expect(tree).toMatchObject({
      actor: 'pool',
      states: ['running.accepting'],
      worker_count: 1,
      endpoint_count: 1,
      tasks: { queued: 1, 'leased.running': 1 },
    });
    expect(tree.workers).toEqual([
      {
        actor: 'worker:w1',
        states: ['liveness.watched.alive', 'admission.active'],
        crashes: 0,
        executions: [{ actor: 'execution:1', task: taskIds[0] }],
      },
    ]);
  });

  test('that do not fit the channel say what to leave out', async () => {
    const { enter } = await setupInspecting();
    const watching = await enter();
    const refusal = async (command: object) => (await watching.ask(command, 'error')).message;
    expect(await refusal({ ...inspect, since: 1 })).toContain('leave since and batch out');
    expect(await refusal({ ...inspect, channel: 'task', actor: 'pool' })).toContain('"inspect" only');
  });
});
