import { describe, expect, test } from 'vitest';
import { createActor, setup } from 'xstate';
import type { Backend, Job, JobIo } from '../../src/actors/execution.ts';
import { type ExecutionPorts, executionActor } from '../../src/actors/execution-actor.ts';
import { assignmentId } from '../../src/machines/identifiers.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import type { ExecutionCommand } from '../../src/machines/worker-events.ts';
import type { ExecutionReport } from '../../src/machines/worker-reports.ts';
import { makeJob } from '../support/backend-jobs.ts';
import { onDisposal } from '../support/disposal.ts';
import { makeSpec, success, taskIdOf } from '../support/pool-samples.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const deadlineMs = 120_000;

/** One attempt at a backend that the test holds in its hands. */
function setupExecution(parts: Partial<ExecutionPorts> = {}) {
  const clock = new VirtualClock();
  const reports: ExecutionReport[] = [];
  const texts: string[] = [];
  const faults: unknown[] = [];
  const draws: unknown[] = [];
  const crashes: unknown[] = [];
  let end:
    | { io: JobIo; job: Job; resolve: (outcome: Outcome) => void; reject: (error: unknown) => void }
    | undefined;
  const backend: Backend = (job, io) =>
    new Promise((resolve, reject) => {
      end = { io, job, resolve, reject };
    });
  const execution = executionActor({
    clock,
    random: {
      draw: (purpose, key) => {
        draws.push([purpose, key]);
        return 0.25;
      },
      suffix: () => '',
    },
    backendOf: () => backend,
    jobOf: (_worker, { taskId, assignmentId: assignment, model }) =>
      makeJob({ taskId, assignmentId: assignment, model, deadlineMs }),
    onText: (taskId, assignment, text) => void texts.push(`${taskId.slice(-1)}/${assignment}: ${text}`),
    onFault: (error) => void faults.push(error),
    report: (_worker, report) => void reports.push(report),
    ...parts,
  });
  const machine = setup({ actors: { execution } }).createMachine({
    invoke: {
      src: 'execution',
      id: 'execution',
      input: ({ self }) => ({ workerId: makeSpec('local_001').workerId, slot: 2, worker: self }),
      onError: { actions: ({ event }) => void crashes.push(event.error) },
    },
    on: {
      leave: '.left',
    },
    initial: 'here',
    states: { here: {}, left: {} },
  });
  const actor = createActor(machine, { clock }).start();
  onDisposal(() => actor.stop());
  const running = () => {
    if (end === undefined) throw new Error('the backend was not asked');
    return end;
  };
  const tell = (command: ExecutionCommand) => actor.getSnapshot().children['execution']?.send(command);
  const run = (lease: number) =>
    tell({
      type: 'execution.run',
      run: { taskId: taskIdOf(lease), assignmentId: assignmentId(lease), model: 'tiny' },
    });
  const stop = () => tell({ type: 'execution.stop' });
  run(7);
  return { actor, clock, reports, texts, faults, draws, crashes, running, run, stop };
}

const outcomes = (reports: readonly ExecutionReport[]) => reports.map(({ outcome }) => outcome);

describe('an execution', () => {
  test('hands the job to its backend and reports how it ended, under its lease', async () => {
    const { clock, reports, running, draws } = setupExecution();
    expect(running().job).toMatchObject({ taskId: taskIdOf(7), assignmentId: 7 });
    running().resolve(success);
    await clock.settle();
    expect(reports).toEqual([
      {
        slot: 2,
        taskId: taskIdOf(7),
        assignmentId: 7,
        outcome: success,
        draw: 0.25,
        elapsedMs: 0,
      },
    ]);
    expect(draws).toEqual([['backoff', 7]]);
    expect(clock.pending).toBe(0);
  });

  test('passes text on as it comes, under its lease', async () => {
    const { running, texts } = setupExecution();
    running().io.onText('Once ');
    running().io.onText('upon');
    expect(texts).toEqual(['7/7: Once ', '7/7: upon']);
  });

  test('is cancelled without a word to any backend when its row is no longer held', () => {
    const { reports, running } = setupExecution({ jobOf: () => undefined });
    expect(outcomes(reports)).toEqual([{ kind: 'cancelled' }]);
    expect(running).toThrow('was not asked');
  });

  test('that is told to stop says so at once, and aborts its backend', async () => {
    const { clock, reports, running, stop, texts } = setupExecution();
    stop();
    expect(outcomes(reports)).toEqual([{ kind: 'cancelled' }]);
    expect(running().io.signal.aborted).toBe(true);
    running().io.onText('too late');
    running().resolve(success);
    await clock.advance(deadlineMs);
    expect(reports).toHaveLength(1);
    expect([texts, clock.pending]).toEqual([[], 0]);
  });

  test('whose backend has ended aborts nothing any more', async () => {
    const { actor, clock, running, stop } = setupExecution();
    running().resolve(success);
    await clock.settle();
    stop();
    actor.stop();
    expect(running().io.signal.aborted).toBe(false);
  });

  test('makes one attempt after the other, each reported under its own lease', async () => {
    const { clock, reports, running, run } = setupExecution();
    running().resolve(success);
    await clock.settle();
    run(8);
    running().resolve(success);
    await clock.settle();
    expect(reports.map(({ assignmentId: lease, slot }) => [lease, slot])).toEqual([
      [7, 2],
      [8, 2],
    ]);
  });

  test('whose worker is gone aborts its backend', () => {
    const { actor, clock, running } = setupExecution();
    actor.stop();
    expect(running().io.signal.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });
});

describe('the deadline of an attempt', () => {
  test('ends a backend that said nothing: worth another attempt', async () => {
    const { clock, reports, running } = setupExecution();
    await clock.advance(deadlineMs - 1);
    expect(reports).toEqual([]);
    await clock.advance(1);
    expect(outcomes(reports)).toMatchObject([
      { kind: 'retry', failure: { code: 'backend.no_answer', message: 'no answer within 120 s' } },
    ]);
    expect(running().io.signal.aborted).toBe(true);
  });

  test('ends a backend that is still talking: it would talk as long again', async () => {
    const { clock, reports, running } = setupExecution();
    running().io.onText('and then');
    await clock.advance(deadlineMs);
    expect(outcomes(reports)).toMatchObject([{ kind: 'failed', failure: { code: 'execution.timeout' } }]);
    expect(reports[0]?.outcome).toMatchObject({
      failure: { message: expect.stringContaining('raise options.timeout') },
    });
  });

  test('does not wait for a backend that ignores its signal', async () => {
    const { clock, reports, running } = setupExecution();
    await clock.advance(deadlineMs);
    running().resolve(success);
    await clock.advance(deadlineMs);
    expect(reports).toHaveLength(1);
  });
});

describe('a backend that crashes', () => {
  test('is worth another attempt, and is on record for the log', async () => {
    const { clock, reports, running, faults } = setupExecution();
    const bug = new TypeError('a bug');
    running().reject(bug);
    await clock.settle();
    expect(outcomes(reports)).toMatchObject([{ kind: 'retry', failure: { code: 'execution.crashed' } }]);
    expect(faults).toEqual([bug]);
    expect(clock.pending).toBe(0);
  });

  test('after its attempt has ended is on record, and changes nothing', async () => {
    const { clock, reports, running, stop, faults } = setupExecution();
    stop();
    running().reject(new TypeError('a bug'));
    await clock.settle();
    expect([reports.length, faults.length]).toEqual([1, 1]);
  });

  test.each([
    [
      'the backend',
      {
        backendOf: () => () => {
          throw new TypeError('a bug');
        },
      },
    ],
    [
      'the way to its backend',
      {
        backendOf: () => {
          throw new TypeError('a bug');
        },
      },
    ],
  ] as const)('at once (%s) leaves no timer behind', async (_what, ports) => {
    const { clock, crashes, reports } = setupExecution(ports);
    await clock.advance(0);
    expect(crashes.length + reports.length).toBe(1);
    expect(clock.pending).toBe(0);
  });
});
