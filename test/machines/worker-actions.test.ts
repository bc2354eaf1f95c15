import { describe, expect, test } from 'vitest';
import { assignmentId } from '../../src/machines/identifiers.ts';
import { type Sighting, unseen } from '../../src/machines/sighting.ts';
import { detailOf, executionsBeyond, isHeld, isSame } from '../../src/machines/worker-actions.ts';
import { makeSpec, success, taskIdOf } from '../support/pool-samples.ts';
import { setupWorker, type WorkerBench } from '../support/setup-worker.ts';

/** The executions that a worker has, by slot. */
function executions({ actor }: WorkerBench): readonly string[] {
  return Object.keys(actor.getSnapshot().children)
    .filter((id) => id.startsWith('slot-'))
    .sort();
}

const reportOf = (lease: number, slot: number) => ({
  slot,
  taskId: taskIdOf(lease),
  assignmentId: assignmentId(lease),
  outcome: success,
  draw: 0,
  elapsedMs: 0,
});

describe('a report', () => {
  test('is of the lease in its slot, or of none', () => {
    const slots = [{ taskId: taskIdOf(1), assignmentId: assignmentId(1) }, null];
    expect(isHeld(slots, reportOf(1, 0))).toBe(true);
    expect(isHeld(slots, reportOf(2, 0))).toBe(false);
    expect(isHeld(slots, reportOf(2, 1))).toBe(false);
    expect(isHeld(slots, reportOf(2, 2))).toBe(false);
  });

  test('that comes late, of a slot that was taken away, changes nothing', () => {
    const bench = setupWorker({ slots: 2 });
    bench.run(1);
    const second = bench.run(2);
    bench.actor.send({ type: 'worker.configure', spec: makeSpec('local_001', { slots: 1 }) });
    bench.world.settle(second, success);
    bench.actor.send({ type: 'execution.settled', reports: [reportOf(2, 1)] });
    expect(bench.settled()).toHaveLength(1);
    expect(bench.slots()).toEqual([1]);
    expect(bench.faults).toEqual([]);
  });
});

describe('executions of slots that are taken away', () => {
  test('are those from the first slot that is gone on, as far as any were started', () => {
    const { context } = setupWorker({ slots: 4 }).actor.getSnapshot();
    const left = (count: number) => Array.from({ length: count }, () => null);
    expect(executionsBeyond({ ...context, manned: 3 }, left(1))).toEqual(['slot-1', 'slot-2']);
    expect(executionsBeyond({ ...context, manned: 3 }, left(3))).toEqual([]);
    expect(executionsBeyond({ ...context, manned: 1 }, left(3))).toEqual([]);
  });

  test('end with them: at once when they are free, else after their run', () => {
    const bench = setupWorker({ slots: 4 });
    const [, second, , fourth] = [bench.run(1), bench.run(2), bench.run(3), bench.run(4)];
    bench.world.settle(fourth, success);
    expect(executions(bench)).toEqual(['slot-0', 'slot-1', 'slot-2', 'slot-3']);
    bench.actor.send({ type: 'worker.configure', spec: makeSpec('local_001', { slots: 1 }) });
    expect(executions(bench)).toEqual(['slot-0', 'slot-1', 'slot-2']);
    bench.world.settle(second, success);
    expect(executions(bench)).toEqual(['slot-0', 'slot-1', 'slot-2']);
    bench.world.settle(assignmentId(3), success);
    expect(executions(bench)).toEqual(['slot-0']);
  });
});

describe('the detail of an admission', () => {
  test('is what the order says', () => {
    expect(detailOf({ type: 'worker.drain', detail: 'an operator' })).toBe('an operator');
  });

  test('is empty where the event says nothing, or no text', () => {
    expect(detailOf({ type: 'execution.settled' })).toBe('');
    expect(detailOf({ type: 'execution.settled', detail: 5 })).toBe('');
  });

  test('is empty for a worker that starts, and for one whose last run has ended', () => {
    const bench = setupWorker();
    const lease = bench.run(1);
    bench.order('drain', 'an operator');
    bench.world.settle(lease, success);
    const told = bench.reports.flatMap((report) =>
      report.type === 'worker.admitted' ? [[report.admission, report.detail]] : [],
    );
    expect(told).toEqual([
      ['active', ''],
      ['draining', 'an operator'],
      ['drained', ''],
    ]);
  });
});

describe('a probe', () => {
  const model = { name: 'x', sizeBytes: 1_000, contextTokensMax: 8_192 };
  const other = { ...model, name: 'y', sizeBytes: 2_000 };
  const resident = { name: 'x', memoryBytes: 1_500, contextTokens: 4_096 };
  const models = (...seen: NonNullable<Sighting['models']>): Sighting => ({ models: seen, residents: null });
  const residents = (...seen: NonNullable<Sighting['residents']>): Sighting => ({
    models: null,
    residents: seen,
  });

  test.each<[string, Sighting, Sighting]>([
    ['nothing', unseen, { models: null, residents: null }],
    ['no models at all', models(), models()],
    ['the same models', models({ ...model }, { ...other }), models(model, other)],
    ['the same models in another order', models(model, other), models(other, model)],
    ['the same model in memory', residents({ ...resident }), residents(resident)],
  ])('saw what the one before it had seen: %s', (_what, a, b) => {
    expect(isSame(a, b)).toBe(true);
  });

  test.each<[string, Sighting, Sighting]>([
    ['whether the server tells its models', unseen, models(model)],
    ['whether the server tells what is in memory', unseen, residents()],
    ['one model more', models(model), models(model, other)],
    ['another model', models(model), models({ ...model, name: 'y' })],
    ['one of two models', models(model, other), models(model, { ...other, name: 'z' })],
    ['the size of a model', models(model), models({ ...model, sizeBytes: 1_001 })],
    ['the context of a model', models(model), models({ ...model, contextTokensMax: 131_072 })],
    ['that the size is told', models({ ...model, sizeBytes: null }), models(model)],
    ['the model in memory', residents(resident), residents({ ...resident, name: 'y' })],
    ['what a model takes in memory', residents(resident), residents({ ...resident, memoryBytes: 1_501 })],
    ['the context in memory', residents(resident), residents({ ...resident, contextTokens: 8_192 })],
    [
      'what is in memory alone',
      { models: [model], residents: [] },
      { models: [model], residents: [resident] },
    ],
  ])('saw something new, whichever of the two came first: %s', (_what, a, b) => {
    expect(isSame(a, b)).toBe(false);
    expect(isSame(b, a)).toBe(false);
  });
});
