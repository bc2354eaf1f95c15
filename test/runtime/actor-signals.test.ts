import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/settings.ts';
import type { KoubouError } from '../../src/machines/errors.ts';
import type { CommittedFact } from '../../src/machines/facts.ts';
import { type TaskId, workerId } from '../../src/machines/identifiers.ts';
import { retry } from '../../src/machines/outcome.ts';
import { FailingStore } from '../support/failing-store.ts';
import { type SetUp, succeeded, temporaryFolder } from '../support/running-server.ts';
import { Workshop } from '../support/workshop.ts';

const one = { workers: [{ workerId: workerId('w1'), maxConcurrentTasks: 1 }] };
const backsOff = 'xstate.after.waitMs.task.backingOff';
const isScheduled = 'xstate.after.waitMs.task.scheduled';

interface Bench {
  readonly workshop: Workshop;
  /** What was told since the last look. */
  readonly told: () => readonly string[];
  readonly facts: readonly CommittedFact[];
  readonly send: (
    actor: string,
    event: string,
    fields?: Readonly<Record<string, number>>,
  ) => Promise<unknown>;
  readonly refused: (actor: string, event: string, confirm?: string) => Promise<KoubouError>;
  readonly statesOf: (actor: string) => readonly string[];
}

async function setup(home = temporaryFolder(), setUp: SetUp = {}): Promise<Bench> {
  const workshop = await new Workshop().open({ ...one, home, ...setUp });
  const facts: CommittedFact[] = [];
  workshop.runtime.stream.subscribe((committed) => void facts.push(committed));
  let seen = 0;
  const signal = (actor: string, event: string, fields = {}, confirm = actor) =>
    workshop.drive(workshop.runtime.operations.signal({ actor, event, fields, confirm, by: 'laptop' }));
  return {
    workshop,
    facts,
    told: () => {
      const news = facts.slice(seen).map(({ fact }) => fact.type);
      seen = facts.length;
      return news;
    },
    send: (actor, event, fields) => signal(actor, event, fields),
    refused: (actor, event, confirm) =>
      signal(actor, event, {}, confirm).then(
        () => Promise.reject(new Error('it was not refused')),
        (error: KoubouError) => error,
      ),
    statesOf: (actor) => workshop.runtime.inspection.actor(actor).states.map(({ state }) => state),
  };
}

/** A task waits for a minute or two until it is tried again. */
function slowly({ models, ...config }: Config): Config {
  return { ...config, models: { ...models, server: { ...models.server, retryDelayMs: 120_000 } } };
}

/** A task that waits for its second attempt. */
async function backingOff({ workshop }: Bench): Promise<TaskId> {
  workshop.outcome = () => retry('backend.error', 'broken');
  const id = await workshop.delegateOne();
  await workshop.clock.advance(11_000);
  workshop.outcome = () => succeeded('done');
  expect(workshop.runtime.inspection.actor(id).states[0]?.state).toBe('backingOff');
  return id;
}

describe('a signal', () => {
  test('is a fact of its own, before what comes of it, with who sent what to whom', async () => {
    const bench = await setup();
    const { clock } = bench.workshop;
    const beganMs = clock.monotonic();
    const sent = await bench.send('worker:w1', 'worker.drain');
    expect(clock.monotonic() - beganMs, 'it waits for one commit and for nothing else').toBeLessThan(1);
    expect(bench.facts.map(({ fact }) => fact.type)).toEqual([
      'actor.signalled',
      'worker.readmitted',
      'worker.readmitted',
    ]);
    expect(bench.facts[0]?.fact).toEqual({
      type: 'actor.signalled',
      actor: 'worker:w1',
      machine: 'worker',
      event: 'worker.drain',
      fields: {},
      by: 'laptop',
      wakes: null,
    });
    expect(sent).toMatchObject({
      actor: 'worker:w1',
      event: 'worker.drain',
      by: 'laptop',
      seq: bench.facts[0]?.seq,
    });
    expect(bench.facts[1]?.fact).toMatchObject({ detail: 'asked for by laptop' });
    expect(
      bench.workshop.runtime.history(0, 100).find(({ type }) => type === 'actor.signalled')?.data,
    ).toEqual({
      actor: 'worker:w1',
      machine: 'worker',
      signal: 'worker.drain',
      fields: {},
      by: 'laptop',
      worker_id: 'w1',
    });
  });

  test('that is not confirmed by the name of its actor does nothing', async () => {
    const bench = await setup();
    for (const confirm of ['', 'yes', 'worker:w2', 'worker:w1 ']) {
      const { code, message } = await bench.refused('worker:w1', 'worker.drain', confirm);
      expect([code, message]).toEqual(['request.invalid', expect.stringContaining('write worker:w1')]);
    }
    expect(bench.told()).toEqual([]);
    expect(bench.statesOf('worker:w1')).toContain('admission.active');
  });

  test('that its actor would not take now is refused with what it would take', async () => {
    const bench = await setup();
    const { code, message, details } = await bench.refused('worker:w1', 'worker.resume');
    expect(code).toBe('actor.conflict');
    expect(message).toContain('worker.drain');
    expect(details).toEqual({
      would_take: ['worker.drain', 'worker.rest', 'worker.probe', 'heartbeat.missed'],
    });
    expect(bench.told()).toEqual([]);
  });

  test('that carries a lease or a result, or that nobody knows, is refused with the reason', async () => {
    const bench = await setup();
    const id = await bench.workshop.delegateOne();
    await bench.workshop.clock.advance(1);
    bench.told();
    expect((await bench.refused(id, 'task.settle')).message).toContain('it carries a result');
    expect((await bench.refused('pool', 'pool.committed')).message).toContain('it stands for a lease');
    expect((await bench.refused('pool', 'pool.drain')).message).toContain('koubou stop');
    expect((await bench.refused('execution:1', 'execution.stop')).message).toContain('cancel its task');
    expect((await bench.refused('execution:1', 'task.cancel')).message).toContain(
      'nothing can be sent to it',
    );
    expect((await bench.refused('pool', 'xstate.error.actor.w1')).message).toContain('none has');
    expect((await bench.refused('pool', 'constructor')).message).toContain('takes no constructor');
    const { code, message } = await bench.refused('pool', 'worker.drain');
    expect([code, message]).toEqual(['request.invalid', expect.stringContaining('pool.pause, pool.resume')]);
    expect(bench.told()).toEqual([]);
  });

  test('to nobody is refused as a look at nobody is', async () => {
    const bench = await setup();
    expect((await bench.refused('worker:none', 'worker.drain')).code).toBe('worker.unknown');
    expect((await bench.refused('somebody', 'pool.pause')).code).toBe('request.invalid');
  });
});

describe('a wait that is ended early', () => {
  test('of a task that backs off hands it out at once, and says so', async () => {
    const bench = await setup(temporaryFolder(), { change: slowly });
    const id = await backingOff(bench);
    bench.told();
    await bench.send(id, backsOff);
    await bench.workshop.clock.advance(1);
    expect(bench.told()).toEqual(['actor.signalled', 'task.assigned']);
    await bench.workshop.clock.advance(11_000);
    expect(bench.workshop.runtime.task(id)).toMatchObject({ status: 'completed' });
    await bench.workshop.clock.advance(120_000);
    expect(bench.told()).toEqual(['task.completed']);
  });

  test('stays ended over a crash right behind the answer', async () => {
    const home = temporaryFolder();
    const bench = await setup(home);
    const { workshop } = bench;
    await workshop.delegateOne();
    const id = await workshop.delegateOne({ runAtMs: workshop.clock.now() + 50_000 });
    expect(bench.statesOf(id)).toEqual(['scheduled']);
    await bench.send(id, isScheduled);
    expect(bench.statesOf(id)).toEqual(['queued']);
    // What a crash leaves: the files as they are at this moment.
    const after = temporaryFolder();
    cpSync(join(home, 'db'), join(after, 'db'), { recursive: true });
    const again = await new Workshop().open({ ...one, home: after });
    const { runtime } = again;
    expect(runtime.history(0, 100).map(({ type }) => type)).toContain('actor.signalled');
    await again.clock.advance(25_000);
    expect(runtime.task(id)).toMatchObject({ status: 'completed' });
  });

  test('is one of an actor: a task that waits as a row for a far time has none', async () => {
    const bench = await setup();
    const id = await bench.workshop.delegateOne({ runAtMs: bench.workshop.clock.now() + 30 * 86_400_000 });
    expect(await bench.refused(id, isScheduled)).toMatchObject({
      code: 'task.unknown',
      message: expect.stringContaining('waits as a row'),
    });
  });

  test('of a server that rests lets one task try it', async () => {
    const bench = await setup();
    const { workshop } = bench;
    workshop.outcome = () => retry('backend.busy', 'later', 3_600_000);
    await workshop.delegateOne();
    await workshop.clock.advance(11_000);
    const [server] = workshop.runtime.inspection.tree().endpoints;
    const name = server?.actor ?? '';
    expect(server?.states).toEqual(['open.sentAway']);
    await bench.send(name, 'xstate.after.waitMs.endpoint.open');
    expect(bench.statesOf(name)).toEqual(['halfOpen.ready']);
    await bench.send(name, 'endpoint.reset');
    expect(bench.statesOf(name)).toEqual(['closed']);
    expect(workshop.runtime.worker('w1').breaker).toBe('closed');
  });
});

describe('what operators can do elsewhere', () => {
  test('does the same as there: rows, facts and the books of the pool are as they would be', async () => {
    const bench = await setup();
    const { workshop } = bench;
    const { runtime } = workshop;
    await bench.send('pool', 'pool.pause');
    expect(runtime.readiness().pool).toBe('paused');
    const [first, second] = await workshop.delegate(2);
    await bench.send(second as TaskId, 'task.reprioritize', { priority: 9 });
    expect(runtime.task(second as TaskId)).toMatchObject({ priority: 9 });
    await bench.send(first as TaskId, 'task.cancel');
    expect(runtime.task(first as TaskId)).toMatchObject({ status: 'cancelled' });
    bench.told();
    await bench.send('pool', 'pool.resume');
    await workshop.clock.advance(1);
    expect(bench.told()).toEqual(['actor.signalled', 'pool.resumed', 'task.assigned']);
    expect(runtime.poolView()).toMatchObject({ state: 'running', leases: { used: 1 }, waiting: [] });
    await bench.send(second as TaskId, 'task.cancel');
    expect(runtime.poolView().leases.used).toBe(0);
    expect((await bench.refused(second as TaskId, 'task.cancel')).code).toBe('task.unknown');
  });

  test('has its bounds: a worker that leaves is asked for nothing, and nothing is on record', async () => {
    const files: { now?: Config } = {};
    const bench = await setup(temporaryFolder(), { reread: () => files.now as Config });
    const { workshop } = bench;
    await workshop.delegateOne();
    await workshop.clock.advance(1);
    files.now = { ...workshop.runtime.config, workers: workshop.runtime.config.workers.slice(1) };
    await workshop.drive(workshop.runtime.reload());
    bench.told();
    expect((await bench.refused('worker:w1', 'worker.rest')).code).toBe('worker.conflict');
    expect(bench.told()).toEqual([]);
  });

  test('waits for the disk: while that fails nothing is sent', async () => {
    const home = temporaryFolder();
    const disk = new FailingStore(home);
    const bench = await setup(home, { store: disk.store });
    disk.code = 'SQLITE_FULL';
    await bench.workshop.delegateOne().catch(() => undefined);
    const { code } = await bench.refused('worker:w1', 'worker.drain');
    expect(code).toBe('storage.unavailable');
    expect(bench.statesOf('worker:w1')).toContain('admission.active');
    disk.code = null;
    await bench.workshop.clock.advance(5_000);
    await bench.send('worker:w1', 'worker.drain');
    expect(bench.told()).toEqual([
      'journal.resumed',
      'actor.signalled',
      'worker.readmitted',
      'worker.readmitted',
    ]);
  });
});

test('beats that an operator calls missed lose a worker in the end, and its work goes back', async () => {
  const bench = await setup();
  const id = await bench.workshop.delegateOne();
  await bench.workshop.clock.advance(1);
  const { missesMax, silenceMsMax } = { missesMax: 3, silenceMsMax: 86_400_000 };
  for (let misses = 0; misses < missesMax; misses += 1) {
    await bench.send('worker:w1', 'heartbeat.missed', { silentMs: silenceMsMax });
  }
  expect(bench.statesOf('worker:w1')).toContain('liveness.watched.lost');
  expect(bench.workshop.runtime.task(id).status).toBe('pending');
  expect(bench.facts.find(({ fact }) => fact.type === 'worker.changed')?.fact).toMatchObject({
    to: 'suspect',
    detail: 'asked for by laptop',
  });
  bench.told();
  await bench.send('worker:w1', 'worker.probe');
  await bench.workshop.clock.advance(1);
  expect(bench.told()).toEqual(['actor.signalled', 'worker.changed', 'task.assigned']);
});
