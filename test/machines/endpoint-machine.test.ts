import { describe, expect, test } from 'vitest';
import { retry } from '../../src/machines/outcome.ts';
import { released, success } from '../support/pool-samples.ts';
import {
  breakerPolicy,
  type EndpointBench,
  fail,
  failure,
  firstWaitMs,
  sendAway,
  setupAt,
  setupEndpoint,
  shownIn,
  unknown,
  ways,
} from '../support/setup-endpoint.ts';

const events: Record<string, (bench: EndpointBench) => Promise<void> | void> = {
  'an answer': ({ settle }) => settle(success),
  'a failure that shows it works': ({ settle }) => settle(unknown),
  'a failure': ({ settle }) => settle(failure),
  'a short Retry-After': ({ settle }) => settle(sendAway(firstWaitMs)),
  'a longer Retry-After': ({ settle }) => settle(sendAway(firstWaitMs + 1)),
  'a lease given back': ({ settle }) => settle(released),
  'the answer to the trial': ({ settle }) => settle(success, 1),
  'the failure of the trial': ({ settle }) => settle(failure, 1),
  'the trial given back': ({ settle }) => settle(released, 1),
  'the trial cancelled': ({ settle }) => settle({ kind: 'cancelled' }, 1),
  'a trial': ({ trial }) => trial(2),
  'an hour': ({ clock }) => clock.advance(3_600_000),
  'a reset': ({ send }) => send({ type: 'endpoint.reset' }),
  'a new configuration': ({ send }) => send({ type: 'endpoint.configure', policy: breakerPolicy }),
};

const c = 'closed';
const r = 'open.resting';
const s = 'open.sentAway';
const h = 'halfOpen.ready';
const t = 'halfOpen.trying';
const table = {
  //                                  closed, resting, sentAway, ready, trying
  'an answer': [c, c, s, c, c],
  'a failure that shows it works': [c, c, s, c, c],
  'a failure': [c, r, s, h, t],
  'a short Retry-After': [s, r, s, s, s],
  'a longer Retry-After': [s, s, s, s, s],
  'a lease given back': [c, r, s, h, t],
  'the answer to the trial': [c, c, s, c, c],
  'the failure of the trial': [c, r, s, h, r],
  'the trial given back': [c, r, s, h, h],
  'the trial cancelled': [c, r, s, h, h],
  'a trial': [c, r, s, t, t],
  'an hour': [c, h, h, h, h],
  'a reset': [c, c, c, c, c],
  'a new configuration': [c, r, s, h, t],
} as const;

describe('the breaker of an endpoint', () => {
  const rows = Object.entries(table).flatMap(([event, targets]) =>
    targets.map((target, at) => [Object.keys(ways)[at] ?? '', event, target] as const),
  );

  test('has a row for each event and a column for each state', () => {
    expect(Object.keys(table)).toEqual(Object.keys(events));
    expect(rows).toHaveLength(Object.keys(events).length * Object.keys(ways).length);
  });

  test.each(rows)('%s, then %s: %s', async (state, event, target) => {
    const bench = await setupAt(state);
    const before = bench.reports.length;
    await events[event]?.(bench);
    expect(bench.state()).toBe(target);
    expect(bench.told().at(-1) ?? 'closed').toBe(shownIn(target));
    // No change, no report; a longer wait is a change.
    const hasChanged = state !== target || (state === s && event === 'a longer Retry-After');
    expect(bench.reports.length).toBe(before + Number(hasChanged));
  });
});

describe('failures in a row', () => {
  test('open it at the last one that is borne, and not before', () => {
    const bench = setupEndpoint({ failuresMax: 5 });
    for (let failures = 1; failures < 5; failures += 1) bench.settle(failure);
    expect(bench.state()).toBe('closed');
    bench.settle(failure);
    expect(bench.state()).toBe('open.resting');
  });

  test('are no row once there was an answer between them', () => {
    const { settle, state, told } = setupEndpoint();
    for (const outcome of [failure, failure, success, failure, failure, unknown, failure, failure])
      settle(outcome);
    expect(told()).toEqual([]);
    settle(failure);
    expect(state()).toBe('open.resting');
  });

  test('go on over endings that say nothing', () => {
    const { settle, state } = setupEndpoint();
    for (const outcome of [failure, released, failure, { kind: 'cancelled' } as const]) settle(outcome);
    expect(state()).toBe('closed');
    settle(failure);
    expect(state()).toBe('open.resting');
  });

  test('count those of a busy server that names no time', () => {
    const { settle, state } = setupEndpoint();
    for (const outcome of [sendAway(0), sendAway(0), sendAway(0)]) settle(outcome);
    expect(state()).toBe('open.resting');
  });

  test('begin again with the next closing', async () => {
    const bench = await setupAt('halfOpen.trying');
    bench.settle(success, 1);
    bench.settle(failure);
    bench.settle(failure);
    expect(bench.state()).toBe('closed');
    bench.settle(failure);
    expect(bench.state()).toBe('open.resting');
    // And the curve, too.
    expect(bench.reports.at(-1)?.openMs).toBe(firstWaitMs);
  });

  test('begin again with a reset, also of a closed one', () => {
    const bench = setupEndpoint();
    bench.settle(failure);
    bench.settle(failure);
    bench.send({ type: 'endpoint.reset' });
    bench.settle(failure);
    expect(bench.state()).toBe('closed');
    expect(bench.actor.getSnapshot().context.failuresByCode).toEqual({ 'backend.error': 1 });
  });
});

describe('the reports of an endpoint', () => {
  test('say what happened, how often, and when it is tried again', async () => {
    const bench = setupEndpoint();
    bench.settle(retry('backend.cut', 'The answer was cut off.'));
    fail(bench);
    bench.settle(failure, 98);
    await bench.clock.advance(firstWaitMs);
    bench.trial(1);
    bench.settle(retry('backend.unreachable', 'Connection refused.'), 1, 0.5);
    await bench.clock.advance(45_000);
    bench.trial(2);
    bench.settle(success, 2);
    bench.settle(sendAway(1_001));
    const endpoint = 'http://localhost:11434';
    const type = 'endpoint.noticed';
    const first = { 'backend.cut': 1, 'backend.error': 2 };
    const second = { 'backend.cut': 1, 'backend.error': 4 };
    const third = { ...second, 'backend.unreachable': 1 };
    const ready = { type, endpoint, breaker: 'halfOpen', detail: 'the next task is its trial', openMs: 0 };
    const trying = { ...ready, breaker: 'trying', detail: 'a task is under way as its trial' };
    expect(bench.reports).toEqual([
      {
        type,
        endpoint,
        breaker: 'open',
        detail: '3 failures in a row, the last one: The server answered 500; tried again in 15 s',
        openMs: 15_000,
        failuresByCode: first,
      },
      { ...ready, failuresByCode: second },
      { ...trying, failuresByCode: second },
      {
        type,
        endpoint,
        breaker: 'open',
        detail: 'the trial failed: Connection refused; tried again in 45 s',
        openMs: 45_000,
        failuresByCode: third,
      },
      { ...ready, failuresByCode: third },
      { ...trying, failuresByCode: third },
      { type, endpoint, breaker: 'closed', detail: 'it answered', openMs: 0, failuresByCode: third },
      {
        type,
        endpoint,
        breaker: 'open',
        detail: 'it asked to be left alone: Its queue is full; tried again in 2 s',
        openMs: 1_001,
        failuresByCode: { 'backend.busy': 1 },
      },
    ]);
  });

  test('speak of one failure where one is enough', () => {
    const bench = setupEndpoint({ failuresMax: 1 });
    bench.settle(failure);
    expect(bench.reports[0]?.detail).toBe('a failure: The server answered 500; tried again in 15 s');
  });

  test('keep the full stops within what a server said', () => {
    const bench = setupEndpoint({ failuresMax: 1 });
    bench.settle(retry('backend.error', 'gpu.0 is lost. Restart it.'));
    expect(bench.reports[0]?.detail).toBe('a failure: gpu.0 is lost. Restart it; tried again in 15 s');
  });

  test('name the operator', async () => {
    const bench = await setupAt('open.resting');
    bench.send({ type: 'endpoint.reset' });
    expect(bench.reports.at(-1)).toMatchObject({
      breaker: 'closed',
      detail: 'an operator closed it',
      openMs: 0,
    });
  });
});
