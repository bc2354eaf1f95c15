import { describe, expect, test } from 'vitest';
import { requestKinds } from '../../src/machines/model-request.ts';
import type { Demand, WorkerView } from '../../src/machines/placement.ts';
import { routeClassOf } from '../../src/machines/route-class.ts';
import { type RoutingInput, route } from '../../src/machines/routing.ts';
import type { RoutingPolicy } from '../../src/machines/routing-policy.ts';
import {
  anyWorker,
  byRule,
  choose,
  makeDemand,
  makeEndpoint,
  makeHost,
  makeInput,
  makeRouting,
  makeView,
  placed,
  remoteFirst,
  usualModel,
} from '../support/placement-samples.ts';

const full = { used: 2 };
const lost = { liveness: 'lost' } as const;
const has = (...models: string[]) => ({ endpoint: makeEndpoint({ models }) });
const loaded = (...models: string[]) => ({ endpoint: makeEndpoint({ loaded: models }) });

describe('the model of a task', () => {
  test('decides: a warm worker, then one where it has room, then one where it displaces another', () => {
    const warm = makeView('c', loaded('gpt-oss:20b'));
    const roomy = makeView('b', { ...loaded('another'), host: makeHost({ room: true }) });
    const swapping = makeView('a', loaded('another'));
    expect(choose([swapping, roomy, warm])).toBe('c');
    expect(choose([swapping, roomy])).toBe('b');
    expect(choose([swapping])).toBe('a');
    expect(placed(route(makeDemand(), [swapping], anyWorker)).warmth).toBe('swap');
  });

  test('is rather computed beside another task of it than in the place of another model', () => {
    const warm = makeView('b', { used: 1, ...loaded(usualModel) });
    expect(choose([makeView('a', loaded('another')), warm])).toBe('b');
    expect(choose([makeView('a'), warm])).toBe('a');
  });

  test('is the same with and without the tag that stands for none', () => {
    const views = [makeView('a', has('another')), makeView('b', has('mistral:latest'))];
    expect(choose(views, anyWorker, { model: 'mistral' })).toBe('b');
    const warm = [makeView('a'), makeView('b', loaded('mistral'))];
    expect(choose(warm, anyWorker, { suggestedModel: 'mistral:latest' })).toBe('b');
  });

  test('is the one that the worker is bound to, unless the task names another', () => {
    const bound = makeView('a', { model: 'phi4:14b' });
    const modelFor = (demand: Partial<Demand>) =>
      placed(route(makeDemand(demand), [bound], anyWorker)).reason.model;
    expect(modelFor({})).toBe('phi4:14b');
    expect(modelFor({ model: 'mistral' })).toBe('mistral');
    expect(modelFor({ model: 'mistral', fallbackModel: 'gemma3:4b' })).toBe('gemma3:4b');
  });

  test('is not asked of a server that lacks it, where another may have it', () => {
    const lacking = makeView('a', has('another'));
    expect(choose([lacking, makeView('b', { ...full, ...has(usualModel) })])).toBe('waits');
    expect(choose([lacking, makeView('b', { ...lost, ...has(usualModel) })])).toBe('waits');
    expect(choose([lacking, makeView('b')])).toBe('b');
  });

  test('is not asked of a server that lacks it while others have not said what they have', () => {
    const lacking = makeView('a', has('another'));
    expect(choose([lacking, makeView('b', { liveness: 'probing' })])).toBe('waits');
    expect(choose([lacking, makeView('b', lost)])).toBe('a');
  });

  test('is asked of a server that lacks it when all do, so that it can say so itself', () => {
    expect(choose([makeView('a', has('another')), makeView('b', has())])).toBe('a');
  });

  test('does not keep a task waiting since a worker has it that its rule does not name', () => {
    const views = [makeView('local', has('another')), makeView('remote', has(usualModel))];
    expect(choose(views, byRule({ preferredWorkers: ['local'] }))).toBe('local');
    const standIn = byRule({ preferredWorkers: ['remote_1'], fallbackToLocal: true });
    expect(choose([makeView('remote_1', lost), makeView('remote_2', has(usualModel))], standIn)).toBe(
      'waits',
    );
    expect(choose([makeView('remote_1', lost), ...views], standIn)).toBe('local');
  });
});

describe('a conversation, a completion and an embedding', () => {
  const plain = makeView('a', { requestKinds: ['text'] });

  test.each([
    'chat',
    'completion',
    'embedding',
  ] as const)('go to those who take them, and wait for them: %s', (requestKind) => {
    expect(
      choose([plain, makeView('b', { ...full, requestKinds: ['text', requestKind] })], anyWorker, {
        requestKind,
      }),
    ).toBe('waits');
    expect(
      choose([plain, makeView('b', { requestKinds: ['text', requestKind] })], anyWorker, { requestKind }),
    ).toBe('b');
  });

  test('are beyond a worker that does not take them, and the decision says so', () => {
    const { reason } = placed(route(makeDemand({ requestKind: 'chat' }), [plain, makeView('b')], anyWorker));
    expect(reason.candidates).toMatchObject([{ worker_id: 'a', refusal: 'incapable' }, { worker_id: 'b' }]);
  });

  test('a plain prompt goes to anybody, and none of them shares its class', () => {
    expect(choose([plain], anyWorker)).toBe('a');
    expect(choose([makeView('a', { requestKinds: ['embedding'] })], anyWorker)).toBe('a');
    const classes = requestKinds.map((requestKind) => routeClassOf(makeDemand({ requestKind })));
    expect(new Set(classes).size).toBe(requestKinds.length);
  });
});

describe('the context of a worker', () => {
  const long = { promptTokens: 5_000, answerTokens: 100 };

  test.each<[string, Partial<WorkerView>, Partial<RoutingInput>, Partial<Demand>]>([
    ['max_tokens of the worker', { tokensMax: 4_096 }, {}, {}],
    ['the context of the model', { endpoint: makeEndpoint({ contextTokens: 4_096 }) }, {}, {}],
    ['num_ctx of the model file', {}, { numCtxOf: () => 4_096 }, {}],
    ['num_ctx of the task', {}, { numCtxOf: () => 65_536 }, { numCtx: 4_096 }],
  ])('is bounded by %s: a longer prompt is not sent there', (_what, view, parts, demand) => {
    const input = { ...anyWorker, ...parts };
    expect(choose([makeView('a', view)], input, demand)).toBe('a');
    expect(choose([makeView('a', view)], input, { ...long, ...demand })).toBe('unfit');
  });

  test('is large enough to the token', () => {
    const views = [makeView('a', { tokensMax: 5_100 })];
    expect(choose(views, anyWorker, long)).toBe('a');
    expect(choose(views, anyWorker, { ...long, promptTokens: 5_001 })).toBe('unfit');
  });

  test('is no obstacle where nothing is known of it, or of the prompt', () => {
    expect(choose([makeView('a')], anyWorker, long)).toBe('a');
    const unknown = { promptTokens: null, answerTokens: 100 };
    expect(choose([makeView('a', { tokensMax: 1 })], anyWorker, unknown)).toBe('a');
  });

  test('sends a long prompt to those who have room for it, and lets it wait for them', () => {
    const small = makeView('a', { tokensMax: 4_096 });
    expect(choose([small, makeView('b', { used: 1 })], anyWorker, long)).toBe('b');
    expect(choose([small, makeView('b', lost)], anyWorker, long)).toBe('waits');
  });

  test('that is too small everywhere ends the task with the numbers', () => {
    const views = [
      makeView('a', { tokensMax: 4_096, model: 'phi4:14b' }),
      makeView('b', { tokensMax: 2_048, ...lost }),
      makeView('c', { capabilities: ['translation'] }),
    ];
    expect(route(makeDemand(long), views, anyWorker)).toEqual({
      kind: 'unfit',
      neededTokens: 5_100,
      windows: [
        { worker: 'a', model: 'phi4:14b', tokens: 4_096 },
        { worker: 'b', model: usualModel, tokens: 2_048 },
      ],
    });
  });

  test('of a worker that the rule does not name helps nobody; of one that may stand in, it does', () => {
    const views = [makeView('local', { tokensMax: 4_096 }), makeView('remote')];
    expect(choose(views, byRule({ preferredWorkers: ['local'] }), long)).toBe('unfit');
    const far = [makeView('local'), makeView('remote', { tokensMax: 4_096 })];
    expect(choose(far, byRule({ preferredWorkers: ['remote'] }), long)).toBe('unfit');
    expect(choose(far, remoteFirst, long)).toBe('local');
    expect(choose([makeView('local', full), ...far.slice(1)], remoteFirst, long)).toBe('waits');
  });

  test('ends no task while the rule names nobody who is there, or who takes its type', () => {
    const small = { tokensMax: 10 };
    expect(choose([], anyWorker, long)).toBe('waits');
    expect(choose([makeView('a', { ...small, capabilities: ['translation'] })], anyWorker, long)).toBe(
      'waits',
    );
  });
});

describe('a machine that is kept for others', () => {
  const keptFromCold = { isKept: (_host: unknown, isWarm: boolean) => !isWarm };
  const warm = makeView('a', loaded(usualModel));

  test('is asked whether the task would find its model loaded there', () => {
    expect(route(makeDemand(), [warm], anyWorker, keptFromCold).kind).toBe('placed');
    expect(route(makeDemand(), [makeView('a')], anyWorker, keptFromCold).kind).toBe('waits');
    expect(route(makeDemand(), [warm], anyWorker, { isKept: () => true }).kind).toBe('waits');
  });
});

describe('a preferred worker in reserve', () => {
  const views = [makeView('remote', { admission: 'standby' }), makeView('local')];

  test.each([
    ['is waited for, where the number is left open', {}, 'waits'],
    ['is waited for, while fewer are active than may be', { isFullyStaffed: false }, 'waits'],
    [
      'is not to be had while as many are active as may be: a local one stands in',
      { isFullyStaffed: true },
      'local',
    ],
  ] as const)('%s', (_what, staffing, expected) => {
    expect(choose(views, { ...remoteFirst, ...staffing })).toBe(expected);
  });
});

test('an expected duration is part of a decision only where durations decide', () => {
  const expectedBy = (strategy: RoutingPolicy['strategy']) => {
    const input = makeInput(makeRouting({ strategy }), { expectedMs: () => 30_000 });
    return placed(route(makeDemand(), [makeView('a')], input)).reason.candidates[0]?.expected_ms;
  };
  expect(expectedBy('fastest')).toBe(30_000);
  expect([expectedBy('priority_based'), expectedBy('least_loaded')]).toEqual([undefined, undefined]);
});
