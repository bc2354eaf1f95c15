import { describe, expect, test } from 'vitest';
import { type AnyActorLogic, createActor, fromCallback } from 'xstate';
import { assignmentId, type WorkerId } from '../../src/machines/identifiers.ts';
import { limits } from '../../src/machines/limits.ts';
import { type Outcome, retry } from '../../src/machines/outcome.ts';
import type { ExecutionCommand, ExecutionInput, HeartbeatCommand } from '../../src/machines/worker-events.ts';
import { workerMachine } from '../../src/machines/worker-machine.ts';
import type { SettledReport, WorkerReport } from '../../src/machines/worker-reports.ts';
import { onDisposal } from '../support/disposal.ts';
import { makeSpec, success, taskIdOf } from '../support/pool-samples.ts';
import { setupWorker, type WorkerBench } from '../support/setup-worker.ts';

const unreachable = retry('backend.unreachable', 'connection refused');

/** What an execution says when lease `id`, in its slot, has ended. */
const reportOf = (id: number, slot: number, outcome: Outcome) => ({
  slot,
  taskId: taskIdOf(id),
  assignmentId: assignmentId(id),
  outcome,
  draw: 0,
  elapsedMs: 0,
});

/** A worker whose executions note what they are told; some cannot even begin, and all of them break when told to stop. */
function setupBrittle({ slots = 1, stillborn = 0 } = {}) {
  const told: string[] = [];
  let left = stillborn;
  const execution = fromCallback<ExecutionCommand, ExecutionInput>(({ input: { slot }, receive }) => {
    if (left > 0) {
      left -= 1;
      throw new Error('the execution cannot begin');
    }
    receive(({ type }) => {
      told.push(`${slot}: ${type}`);
      if (type === 'execution.stop') throw new Error('the execution was told to crash');
    });
  });
  const heartbeat = fromCallback<HeartbeatCommand, { workerId: WorkerId }>(() => {});
  const settled: SettledReport[] = [];
  const pool = createActor(
    fromCallback<WorkerReport>(({ receive }) =>
      receive((report) => void (report.type === 'worker.settled' && settled.push(report))),
    ),
  ).start();
  const actor = createActor(workerMachine.provide({ actors: { execution, heartbeat } }), {
    input: { spec: makeSpec('a', { slots }), admission: 'active', pool },
  });
  const faults: unknown[] = [];
  actor.subscribe({ error: (error) => void faults.push(error) });
  actor.start();
  onDisposal(() => {
    actor.stop();
    pool.stop();
    if (faults.length > 0) throw new AggregateError(faults, 'the worker crashed');
  });
  const run = (...ids: readonly number[]) => {
    const leases = ids.map((id) => ({ taskId: taskIdOf(id), assignmentId: assignmentId(id), model: null }));
    actor.send({ type: 'worker.run', leases });
  };
  const executions = () => Object.keys(actor.getSnapshot().children).filter((id) => id !== 'heartbeat');
  const leases = () => actor.getSnapshot().context.slots.map((lease) => lease?.assignmentId ?? null);
  return { actor, told, settled, run, executions, leases };
}

describe('executions that end in one turn of the event loop', () => {
  test('are settled where their lease is held, and only there', () => {
    const bench = setupWorker({ slots: 3 });
    for (const lease of [1, 2, 3]) bench.run(lease);
    const reports = [reportOf(1, 0, success), reportOf(9, 1, success), reportOf(3, 2, success)];
    bench.actor.send({ type: 'execution.settled', reports });
    expect(bench.settled().map((report) => report.assignmentId)).toEqual([1, 3]);
    expect(bench.slots()).toEqual([null, 2, null]);
  });

  test('make the worker suspect when one of them could not reach it, and are settled all the same', () => {
    const bench = setupWorker({ slots: 2 });
    bench.beat();
    bench.run(1);
    bench.run(2);
    const reports = [reportOf(1, 0, success), reportOf(2, 1, unreachable)];
    bench.actor.send({ type: 'execution.settled', reports });
    expect(bench.life()).toEqual(['alive', 'suspect']);
    expect(bench.settled()).toHaveLength(2);
  });
});

describe('the execution of a slot', () => {
  test('makes one attempt after the other', () => {
    const bench = setupWorker({ slots: 2 });
    const executions = () => bench.actor.getSnapshot().children;
    bench.world.settle(bench.run(1), success);
    const first = executions()['slot-0'];
    bench.world.settle(bench.run(2), success);
    expect(executions()['slot-0']).toBe(first);
    expect(bench.actor.getSnapshot().context.manned).toBe(1);
  });

  test('is told to stop by name, also behind a slot that is free', () => {
    const { actor, told, run } = setupBrittle({ slots: 2 });
    run(1, 2);
    actor.send({ type: 'execution.settled', reports: [reportOf(1, 0, success)] });
    actor.send({ type: 'worker.stop', assignmentId: assignmentId(2) });
    expect(told).toEqual(['0: execution.run', '1: execution.run', '1: execution.stop']);
  });

  test('that crashes leaves a failure that says so, and another one in its place', () => {
    const { actor, settled, run, executions, told } = setupBrittle();
    run(1);
    actor.send({ type: 'worker.stop', assignmentId: assignmentId(1) });
    expect(settled).toMatchObject([
      { outcome: { kind: 'retry', failure: { message: expect.stringContaining('crashed') } } },
    ]);
    run(2);
    expect([executions(), told.at(-1)]).toEqual([['slot-0'], '0: execution.run']);
  });

  test('that crashes while nothing runs in it is replaced without a report', () => {
    const { settled, run, executions } = setupBrittle({ stillborn: 2 });
    run(1);
    expect(settled.map((report) => report.assignmentId)).toEqual([1]);
    expect(executions()).toEqual(['slot-0']);
  });

  test('that crashes after the configuration took its slot away is not replaced', () => {
    const { actor, settled, run, executions, leases } = setupBrittle({ slots: 3 });
    run(1, 2, 3);
    actor.send({ type: 'worker.configure', spec: makeSpec('a', { slots: 2 }) });
    actor.send({ type: 'worker.stop', assignmentId: assignmentId(3) });
    expect(settled.map((report) => report.assignmentId)).toEqual([3]);
    expect([leases(), executions()]).toEqual([
      [1, 2],
      ['slot-0', 'slot-1'],
    ]);
  });

  test('whose crash is heard when its slot is gone changes nothing', () => {
    const { actor, settled, run, executions, leases } = setupBrittle();
    run(1);
    actor.send({ type: 'xstate.error.actor.slot-4', actorId: 'slot-4', error: new Error('late') });
    expect([leases(), executions(), settled]).toEqual([[1], ['slot-0'], []]);
  });
});

test('a lease beyond the slots comes back with a failure that names the worker', () => {
  const bench = setupWorker({ slots: 1 });
  bench.run(1);
  bench.run(2);
  expect(bench.settled()).toMatchObject([
    { outcome: { failure: { message: expect.stringContaining('worker local_001') } } },
  ]);
});

describe('crashes of executions', () => {
  const mended = limits.crashesPerWindowMax;

  function crash(bench: WorkerBench, times: number): void {
    for (let crashes = 0; crashes < times; crashes += 1) {
      bench.world.crashNext = 1;
      bench.run(100 + bench.settled().length);
    }
  }

  test('are forgotten one by one, each at the end of its own window', async () => {
    const bench = setupWorker();
    crash(bench, 1);
    await bench.clock.advance(limits.crashWindowMs / 2);
    crash(bench, mended - 1);
    await bench.clock.advance(limits.crashWindowMs / 2);
    crash(bench, 1);
    expect(bench.faults).toEqual([]);
    crash(bench, 1);
    expect(bench.faults.splice(0)).toHaveLength(1);
  });

  test('that are too many end the worker, by a fault that says whose, how many and in what time', () => {
    const bench = setupWorker();
    crash(bench, mended + 1);
    const [fault] = bench.faults.splice(0);
    expect(String(fault)).toContain(`worker local_001 crashed ${mended + 1} times within 60 s`);
  });
});

test.each(['heartbeat', 'execution'] as const)('what a worker reaches for must be provided: %s', (name) => {
  const logic: AnyActorLogic = workerMachine.implementations.actors[name] as never;
  const errors: unknown[] = [];
  const actor = createActor(logic, { input: {} });
  actor.subscribe({ error: (error) => void errors.push(error) });
  actor.start();
  expect(String(errors[0])).toContain(`actor "${name}" is not provided`);
});
