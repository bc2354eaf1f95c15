import { getShortestPaths } from '@xstate/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventFromLogic } from 'xstate';
import { createActor, fromCallback } from 'xstate';
import { limits } from '../../src/machines/limits.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import { retryDelayMs } from '../../src/machines/retry.ts';
import type { TaskCommand } from '../../src/machines/task-events.ts';
import { taskMachine } from '../../src/machines/task-machine.ts';
import { final, isGrammatical, released, success, taskIdOf, transient } from '../support/pool-samples.ts';
import { assign, setupTask } from '../support/setup-task.ts';

const outcomes: readonly Outcome[] = [success, transient, final, released, { kind: 'cancelled' }];
const retryPolicy = { retriesMax: 2, delayMsBase: 1_000, delayMsMax: 8_000 };

describe('the chart, walked', () => {
  const events = [
    { type: 'task.postpone', delayMs: 5 },
    assign(),
    { type: 'task.start' },
    { type: 'task.cancel' },
    ...outcomes.map((outcome) => ({ type: 'task.settle', outcome, draw: 0, elapsedMs: 0 }) as const),
    { type: 'xstate.after.waitMs.task.scheduled' },
    { type: 'xstate.after.waitMs.task.backingOff' },
  ] as unknown as EventFromLogic<typeof taskMachine>[];

  const paths = getShortestPaths(taskMachine, {
    events,
    input: {
      taskId: taskIdOf(1),
      pool: createActor(fromCallback(() => undefined)),
      leases: 0,
      failures: 0,
      retryPolicy,
      fallbackChain: [],
      fallbacks: 0,
    },
    serializeState: ({ value, context }) =>
      JSON.stringify([value, Math.min(context.leases, 4), context.failures, context.lease !== null]),
    stopWhen: ({ status, context }) => status !== 'active' || context.leases > 4,
  });

  test('reaches every state', () => {
    const reached = new Set(paths.map(({ state }) => JSON.stringify(state.value)));
    expect([...reached].sort()).toEqual(
      [
        '"backingOff"',
        '"cancelled"',
        '"completed"',
        '"failed"',
        '"queued"',
        '"scheduled"',
        '{"leased":"assigned"}',
        '{"leased":"running"}',
      ].sort(),
    );
  });

  test('has a lease where something runs, and nowhere before', () => {
    for (const { state } of paths) {
      if (state.matches('leased')) expect(state.context.lease).not.toBeNull();
      if (state.matches('queued') || state.matches('scheduled') || state.matches('backingOff')) {
        expect(state.context.lease).toBeNull();
      }
    }
  });

  test('can be ended from everywhere, in one step by a cancel', () => {
    const open = paths.filter(({ state }) => state.status === 'active');
    expect(open.length).toBeGreaterThan(10);
    for (const { state } of open) {
      expect(state.can({ type: 'task.cancel' })).toBe(true);
    }
  });
});

const command = fc.oneof(
  { weight: 4, arbitrary: fc.constant('assign' as const) },
  { weight: 2, arbitrary: fc.constant('start' as const) },
  { weight: 4, arbitrary: fc.constantFrom(...outcomes) },
  { weight: 1, arbitrary: fc.constant('postpone' as const) },
  { weight: 2, arbitrary: fc.constant('pass' as const) },
  { weight: 1, arbitrary: fc.constant('cancel' as const) },
);

describe('a task under any commands', () => {
  test('keeps the grammar, has one ending, counts its leases and stays within its curve', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { maxLength: 40 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.constantFrom(0, limits.leasesPerTaskMax - 3),
        fc.constantFrom([], ['gpt-oss:20b', 'm2', 'm3']),
        async (script, draw, leases, fallbackChain) => {
          const { facts, send, clock, actor, faults, pendingTimers } = setupTask({
            leases,
            fallbackChain,
          });
          let given = 0;
          for (const step of script) {
            const hasEnded = actor.getSnapshot().status === 'done';
            const count = facts.length;
            if (step === 'pass') await clock.advance(10_000);
            else send(commandOf(step, draw, () => (given += 1)));
            if (hasEnded) expect(facts.length).toBe(count);
          }
          expect(faults).toEqual([]);
          expect(isGrammatical(facts)).toBe(true);
          const assigned = facts.filter(({ type }) => type === 'task.assigned');
          expect(assigned.map((fact) => 'lease' in fact && fact.lease)).toEqual(
            assigned.map((_, at) => leases + at + 1),
          );
          expect(actor.getSnapshot().context.leases).toBe(leases + assigned.length);
          expect(leases + assigned.length).toBeLessThanOrEqual(limits.leasesPerTaskMax);
          let failures = 0;
          let fallbacks = 0;
          for (const fact of facts) {
            if (fact.type !== 'task.retried') continue;
            if (fact.delayMs > 0 || fact.fallbacks > fallbacks) failures += 1;
            expect(fact.failures).toBe(failures);
            expect(fact.fallbacks).toBeGreaterThanOrEqual(fallbacks);
            fallbacks = fact.fallbacks;
            expect(fact.delayMs).toBe(fact.delayMs > 0 ? retryDelayMs(retryPolicy, failures, draw, 0) : 0);
          }
          expect(failures).toBeLessThanOrEqual(retryPolicy.retriesMax + fallbackChain.length);
          if (actor.getSnapshot().status === 'done') expect(pendingTimers()).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});

function commandOf(
  step: Outcome | 'assign' | 'start' | 'postpone' | 'cancel',
  draw: number,
  nextLease: () => number,
): TaskCommand {
  if (typeof step === 'object') return { type: 'task.settle', outcome: step, draw, elapsedMs: 0 };
  switch (step) {
    case 'assign':
      return assign(nextLease());
    case 'start':
      return { type: 'task.start' };
    case 'postpone':
      return { type: 'task.postpone', delayMs: 3_000 };
    case 'cancel':
      return { type: 'task.cancel' };
  }
}
