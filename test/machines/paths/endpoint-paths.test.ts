import { expect, test } from 'vitest';
import type { AnyEventObject, AnyMachineSnapshot } from 'xstate';
import {
  type EndpointCommand,
  type EndpointContext,
  type EndpointReport,
  endpointMachine,
} from '../../../src/machines/endpoint-machine.ts';
import { assignmentId } from '../../../src/machines/identifiers.ts';
import { type Outcome, retry } from '../../../src/machines/outcome.ts';
import { ChartCoverage } from '../../support/path-coverage.ts';
import { PromisedBreaker } from '../../support/path-promises.ts';
import { poolThatHears, type ReplayOptions, replayAll } from '../../support/path-replay.ts';
import { edgePaths, simplePaths, type Walk } from '../../support/path-walk.ts';
import { released, success, transient } from '../../support/pool-samples.ts';

/** Waits double once, and then no more: so there are few of them. */
const policy = { failuresMax: 2, openMs: 1_000, openMsMax: 2_000 };
const strict = { ...policy, failuresMax: 1 };
/** Longer than some waits, and than all of them. */
const asked = [retry('backend.busy', 'come back soon', 700), retry('backend.busy', 'come back later', 5_000)];

function settled(outcome: Outcome, lease: number, draw = 0): AnyEventObject {
  return { type: 'endpoint.settled', assignmentId: assignmentId(lease), outcome, draw };
}

/** What the pool was told on the path that is replayed now. */
const told: EndpointReport[] = [];
const pool = poolThatHears((report: EndpointReport) => void told.push(report));
const input = { endpoint: 'http://localhost:11434', policy, pool };

/** Lease 1 is the one that may be the trial; lease 2 was under way before. */
const all: Walk = {
  machine: endpointMachine,
  input,
  events: () => [
    ...[1, 2].flatMap((lease) => [
      settled(success, lease),
      settled(released, lease),
      settled(transient, lease),
      settled(transient, lease, 0.99),
      ...asked.map((outcome) => settled(outcome, lease)),
    ]),
    { type: 'endpoint.trial', assignmentId: assignmentId(1) },
    { type: 'endpoint.configure', policy },
    { type: 'endpoint.configure', policy: strict },
    { type: 'endpoint.reset' },
  ],
  keyOf,
};

/** A breaker whose waits are of one length, under one policy. */
const few: Walk = {
  ...all,
  events: () => [
    settled(success, 1),
    settled(released, 1),
    settled(transient, 1),
    ...asked.slice(1).map((outcome) => settled(outcome, 2)),
    { type: 'endpoint.trial', assignmentId: assignmentId(1) },
    { type: 'endpoint.reset' },
  ],
};

function keyOf(snapshot: AnyMachineSnapshot): unknown {
  const { failuresInRow, trialsFailed, trial, waitMs, policy: current } = snapshot.context as EndpointContext;
  const row = Math.min(failuresInRow, policy.failuresMax);
  return [row, Math.min(trialsFailed, 1), trial, waitMs, current.failuresMax];
}

/** Follows an actor by the tables of the docs; the pool is told of each change. */
function promised(): Partial<ReplayOptions> {
  const breaker = new PromisedBreaker(policy);
  told.length = 0;
  return {
    onStep: ({ actor, armed, clock }, { event, isTimer }) => {
      const before = breaker.state;
      const { value, context } = actor.getSnapshot();
      const { waitMs, failuresInRow } = context as EndpointContext;
      breaker.step(isTimer ? { type: 'timer' } : (event as unknown as EndpointCommand), waitMs);
      const { state, isSentAway, waitMsMax } = breaker;
      const inner = state === 'open' ? { open: isSentAway ? 'sentAway' : 'resting' } : { halfOpen: state };
      expect(value).toEqual(state === 'closed' ? 'closed' : inner);
      if (state === 'closed') expect(failuresInRow).toBe(breaker.failuresInRow);
      if (state === 'open') {
        expect(waitMs).toBeGreaterThanOrEqual(isSentAway ? waitMsMax : waitMsMax / 2);
        expect(waitMs).toBeLessThanOrEqual(waitMsMax);
      }
      if (state === 'open' && before !== 'open') expect(armed()[0]?.dueMs).toBe(clock.monotonic() + waitMs);
      const known = state === 'ready' ? 'halfOpen' : state;
      expect(told.at(-1)?.breaker ?? 'closed').toBe(known);
    },
  };
}

test('a breaker is where each path was foreseen to lead, and nothing of its chart is left out', async () => {
  const coverage = new ChartCoverage(endpointMachine);
  const machine = coverage.watch(endpointMachine.provide({}));
  const edges = edgePaths(all);
  const simple = simplePaths(few);
  expect([edges.length > 700, simple.length > 100]).toEqual([true, true]);
  await replayAll(all, edges, () => ({ coverage, machine, ...promised() }));
  await replayAll(few, simple, () => ({ coverage, machine, ...promised() }));
  expect(coverage.missing()).toEqual([]);
  expect(coverage.summary()).toBe(
    '8/8 states, 14/14 transitions, 6/6 guards, 8/8 places of guards, 2/2 delays',
  );
});
