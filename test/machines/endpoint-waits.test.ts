import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EndpointCommand } from '../../src/machines/endpoint-machine.ts';
import { limits } from '../../src/machines/limits.ts';
import { type Outcome, retry } from '../../src/machines/outcome.ts';
import { released, success } from '../support/pool-samples.ts';
import {
  breakerPolicy,
  failure,
  firstWaitMs,
  sendAway,
  setupAt,
  setupEndpoint,
  shownIn,
  unknown,
} from '../support/setup-endpoint.ts';

const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the wait of an open breaker', () => {
  test('ends to the millisecond', async () => {
    const { clock, state } = await setupAt('open.resting');
    await clock.advance(firstWaitMs - 1);
    expect(state()).toBe('open.resting');
    await clock.advance(1);
    expect(state()).toBe('halfOpen.ready');
    expect(clock.pending).toBe(0);
  });

  test('is not changed by failures of attempts that were under way', async () => {
    const bench = await setupAt('open.resting');
    await bench.clock.advance(firstWaitMs - 1);
    bench.settle(failure, 7, 0.9);
    expect(bench.told()).toEqual(['open']);
    await bench.clock.advance(1);
    expect(bench.state()).toBe('halfOpen.ready');
  });

  test('doubles with each trial that fails, within its jitter and up to its ceiling', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 120_000 }),
        fc.integer({ min: 1, max: 64 }),
        fc.array(draws, { minLength: 1, maxLength: 12 }),
        async (openMs, factor, drawn) => {
          const openMsMax = openMs * factor;
          const bench = setupEndpoint({ failuresMax: 1, openMs, openMsMax });
          for (const [trialsFailed, draw] of drawn.entries()) {
            bench.settle(failure, trialsFailed, draw);
            const ceiling = Math.min(openMs * 2 ** trialsFailed, openMsMax);
            const waitMs = bench.reports.at(-1)?.openMs ?? Number.NaN;
            expect(waitMs).toBeGreaterThanOrEqual(Math.floor(ceiling / 2));
            expect(waitMs).toBeLessThanOrEqual(ceiling);
            await bench.clock.advance(waitMs - 1);
            expect(bench.state()).toBe('open.resting');
            await bench.clock.advance(1);
            expect(bench.state()).toBe('halfOpen.ready');
            bench.trial(trialsFailed + 1);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test('never grows beyond a timer of Node', async () => {
    const bench = setupEndpoint({ failuresMax: 1, openMs: 2 ** 40, openMsMax: 2 ** 40 });
    bench.settle(failure);
    expect(bench.reports.at(-1)?.openMs).toBe(limits.timerMsMax);
    await bench.clock.advance(limits.timerMsMax);
    bench.trial(1);
    await bench.clock.advance(limits.timerMsMax - 1);
    expect(bench.state()).toBe('halfOpen.trying');
    await bench.clock.advance(1);
    expect(bench.state()).toBe('halfOpen.ready');
  });

  test('goes by the new configuration from the next one on', async () => {
    const bench = await setupAt('open.resting');
    bench.send({ type: 'endpoint.configure', policy: { failuresMax: 1, openMs: 2_000, openMsMax: 10_000 } });
    await bench.clock.advance(firstWaitMs - 1);
    expect(bench.state()).toBe('open.resting');
    await bench.clock.advance(1);
    bench.trial(1);
    bench.settle(success, 1);
    bench.settle(failure);
    expect(bench.reports.at(-1)).toMatchObject({ breaker: 'open', openMs: 1_000 });
  });
});

describe('a server that names the time to come back', () => {
  test('is left alone for exactly that long, at its first word', async () => {
    const { settle, clock, state, reports } = setupEndpoint();
    settle(sendAway(90_000), 7, 0.7);
    expect(reports).toMatchObject([{ breaker: 'open', openMs: 90_000 }]);
    await clock.advance(89_999);
    expect(state()).toBe('open.sentAway');
    await clock.advance(1);
    expect(state()).toBe('halfOpen.ready');
  });

  test('is believed, and not the curve, at the failure that is one too many', () => {
    const { settle, state, reports } = setupEndpoint();
    for (const outcome of [failure, failure, sendAway(500)]) settle(outcome);
    expect(state()).toBe('open.sentAway');
    expect(reports).toMatchObject([{ breaker: 'open', openMs: 500 }]);
  });

  test('is heard even where it asks for more than the breaker would wait by itself', async () => {
    const { settle, clock, state } = setupEndpoint({ openMsMax: 60_000 });
    settle(sendAway(3_600_000));
    await clock.advance(3_599_999);
    expect(state()).toBe('open.sentAway');
  });

  test('extends a wait by a longer one, which begins anew', async () => {
    const { settle, clock, state } = await setupAt('open.resting');
    await clock.advance(10_000);
    settle(sendAway(20_000));
    await clock.advance(19_999);
    expect(state()).toBe('open.sentAway');
    await clock.advance(1);
    expect(state()).toBe('halfOpen.ready');
  });

  test('never shortens a wait', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(89_999), fc.integer({ min: 1, max: 90_000 }), async (passedMs, askedMs) => {
        const { settle, clock, state } = setupEndpoint();
        settle(sendAway(90_000));
        await clock.advance(passedMs);
        settle(sendAway(askedMs));
        await clock.advance(89_999 - passedMs);
        expect(state()).toBe('open.sentAway');
      }),
    );
  });

  test('is not called earlier because of an answer to what it had already taken', async () => {
    const { settle, clock, state, told } = await setupAt('open.sentAway');
    settle(success);
    await clock.advance(firstWaitMs - 1);
    expect(state()).toBe('open.sentAway');
    await clock.advance(1);
    expect(told()).toEqual(['open', 'halfOpen']);
  });

  test('does not move the curve of its other failures', async () => {
    const bench = await setupAt('halfOpen.trying');
    bench.settle(failure, 1);
    expect(bench.reports.at(-1)?.openMs).toBe(2 * firstWaitMs);
    await bench.clock.advance(2 * firstWaitMs);
    bench.trial(2);
    bench.settle(sendAway(500), 2);
    expect(bench.reports.at(-1)?.openMs).toBe(500);
    await bench.clock.advance(500);
    bench.trial(3);
    bench.settle(failure, 3);
    expect(bench.reports.at(-1)?.openMs).toBe(4 * firstWaitMs);
  });
});

describe('a trial', () => {
  test('is one at a time', async () => {
    const { settle, trial, state, told } = await setupAt('halfOpen.trying');
    trial(2);
    settle(failure, 2);
    expect(state()).toBe('halfOpen.trying');
    expect(told()).toEqual(['open', 'halfOpen', 'trying']);
  });

  test('that ends without a verdict makes room for the next', async () => {
    const { settle, trial, state } = await setupAt('halfOpen.trying');
    settle(retry('execution.crashed', 'our own code threw'), 1);
    expect(state()).toBe('halfOpen.ready');
    trial(2);
    settle(success, 2);
    expect(state()).toBe('closed');
  });

  test('that was given up still counts when it ends late', async () => {
    const { settle, state } = await setupAt('halfOpen.trying');
    settle(released, 1);
    settle(failure, 1);
    expect(state()).toBe('open.resting');
  });

  test('that does not end makes room for the next after the longest wait', async () => {
    const { clock, trial, settle, state } = await setupAt('halfOpen.trying');
    await clock.advance(breakerPolicy.openMsMax - 1);
    expect(state()).toBe('halfOpen.trying');
    await clock.advance(1);
    expect(state()).toBe('halfOpen.ready');
    trial(2);
    settle(failure, 1);
    expect(state()).toBe('halfOpen.trying');
  });
});

const outcome = fc.oneof(
  fc.constantFrom<Outcome>(success, unknown, released, { kind: 'cancelled' }),
  { weight: 2, arbitrary: fc.constant<Outcome>(failure) },
  fc.nat(3_600_000).map(sendAway),
);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constant('settle' as const), outcome, fc.nat(3), draws) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('trial' as const), fc.nat(3)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('pass' as const), fc.nat(400_000)) },
  { weight: 1, arbitrary: fc.constant(['reset'] as const) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant('configure' as const),
      fc.record({
        failuresMax: fc.integer({ min: 1, max: 6 }),
        openMs: fc.integer({ min: 1, max: 60_000 }),
        openMsMax: fc.integer({ min: 60_000, max: 600_000 }),
      }),
    ),
  },
);

describe('an endpoint under any events', () => {
  test('is closed by the first trial that is answered, within a wait and a trial, even if endings were lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (script) => {
        const bench = setupEndpoint();
        for (const [kind, ...rest] of script) {
          if (kind === 'settle') bench.settle(...(rest as [Outcome, number, number]));
          else if (kind === 'trial') bench.trial(...(rest as [number]));
          else if (kind === 'pass') await bench.clock.advance(...(rest as [number]));
          else bench.send(commandOf(kind, rest));
          // The pool knows how it stands by the last report alone.
          expect(bench.told().at(-1) ?? 'closed').toBe(shownIn(bench.state()));
          expect(bench.clock.pending).toBe(/open|trying/.test(bench.state()) ? 1 : 0);
        }
        // From now on the server works, and the pool hands out a trial where it is told that it may.
        const { policy } = bench.actor.getSnapshot().context;
        await bench.clock.advance(Math.max(3_600_000, policy.openMsMax));
        if (bench.told().at(-1) === 'halfOpen') {
          bench.trial(1_000);
          bench.settle(success, 1_000);
        }
        expect(bench.told().at(-1) ?? 'closed').toBe('closed');
        expect(bench.state()).toBe('closed');
        expect(bench.actor.getSnapshot().context).toMatchObject({ trialsFailed: 0, waitMs: 0 });
      }),
      { numRuns: 300 },
    );
  });
});

function commandOf(kind: 'reset' | 'configure', rest: readonly unknown[]): EndpointCommand {
  return kind === 'reset'
    ? { type: 'endpoint.reset' }
    : ({ type: 'endpoint.configure', policy: rest[0] } as EndpointCommand);
}
