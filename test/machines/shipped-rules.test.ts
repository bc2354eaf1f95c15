import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import type { Refusal, WorkerView } from '../../src/machines/placement.ts';
import { type Decision, route } from '../../src/machines/routing.ts';
import {
  makeDemand,
  makeEndpoint,
  makeHost,
  makeInput,
  makeView,
  usualModel,
} from '../support/placement-samples.ts';

const shipped = loadConfig({ cwd: '/nowhere', env: { KOUBOU_CONFIG: `${process.cwd()}/config` } });

/**
 * What a state makes of a worker: it takes a task now; it is waited for; it cannot be had at present; it never can, as it
 * is configured. The last column is the word by which a decision for another worker names it.
 */
type Standing = 'takes' | 'busy' | 'away' | 'never';
type State = readonly [name: string, parts: Partial<WorkerView>, standing: Standing, refusal?: Refusal];

const having = (parts: Parameters<typeof makeEndpoint>[0] = {}) => ({
  endpoint: makeEndpoint({ models: [usualModel], ...parts }),
});

const states: readonly State[] = [
  ['idle', {}, 'takes'],
  ['half busy', { used: 1 }, 'takes'],
  ['finding out whether its server works', having({ breaker: 'halfOpen' }), 'takes'],
  ['full', { used: 2 }, 'busy', 'full'],
  ['on a full machine', { host: makeHost({ slotsMax: 3, used: 3 }) }, 'busy', 'host full'],
  ['on a machine without memory for it', { host: makeHost({ memory: false }) }, 'busy', 'host memory'],
  ['with a trial under way', having({ breaker: 'trying' }), 'busy', 'endpoint is failing'],
  ['on standby', { admission: 'standby', standby: true }, 'busy', 'standby'],
  ['suspect', { liveness: 'suspect' }, 'away', 'not alive'],
  ['not heard of yet', { liveness: 'probing' }, 'away', 'not alive'],
  ['lost', { liveness: 'lost' }, 'away', 'not alive'],
  ['draining', { admission: 'draining' }, 'away', 'draining'],
  ['drained', { admission: 'drained' }, 'away', 'draining'],
  ['quarantined', { admission: 'quarantined' }, 'away', 'quarantined'],
  ['at a server that fails', having({ breaker: 'open' }), 'away', 'endpoint is failing'],
  ['without the model', having({ models: [] }), 'away', 'lacks the model'],
  ['with too small a context', { tokensMax: 50 }, 'never', 'too small'],
];

const abilities: readonly (readonly [name: string, capabilities: readonly string[], can: boolean])[] = [
  ['takes all types', [], true],
  ['takes this type', ['translation', 'general'], true],
  ['takes another type', ['translation'], false],
];

interface Situation {
  readonly name: string;
  readonly view: WorkerView;
  readonly standing: Standing;
  readonly refusal: Refusal | undefined;
  /** Half busy, which tells two apart that take it. */
  readonly load: number;
}

function situationsOf(worker: 'local' | 'remote'): readonly Situation[] {
  return states.flatMap(([state, parts, standing, refusal]) =>
    abilities.map(([ability, capabilities, can]) => ({
      name: `${worker} is ${state}, ${ability}`,
      view: makeView(worker, { ...having(), ...parts, capabilities }),
      standing: can ? standing : 'never',
      refusal: can ? refusal : 'incapable',
      load: (parts.used ?? 0) / 2,
    })),
  );
}

/** The one state that depends on others: a model that nobody else has is asked for where it lacks. */
function besides(one: Situation, other: Situation | undefined): Situation {
  if (one.refusal !== 'lacks the model') return one;
  const hasIt = other !== undefined && other.standing !== 'never' && other.refusal !== 'lacks the model';
  return hasIt ? one : { ...one, standing: 'takes', refusal: undefined };
}

type Answer = 'local' | 'remote' | 'waits' | 'unfit';

interface Expected {
  readonly answer: Answer;
  /** The worker on standby that is named when it waits. */
  readonly reserve?: 'local' | 'remote' | undefined;
  /** Words for the two, where one of them is not the choice. */
  readonly refusals: { readonly local: Refusal | undefined; readonly remote: Refusal | undefined };
}

const word = ({ standing, refusal }: Situation): Refusal | undefined =>
  standing === 'takes' ? 'less suitable' : refusal;
const isStandby = ({ standing, refusal }: Situation) => standing === 'busy' && refusal === 'standby';

/** When nobody has it: some worker that may be asked fits it, or none does and one could do its type. */
function waiting(...asked: readonly Situation[]): Answer {
  const able = asked.filter(({ refusal }) => refusal !== 'incapable');
  return able.length > 0 && able.every(({ refusal }) => refusal === 'too small') ? 'unfit' : 'waits';
}

/** 8 to 10: local workers, and nobody else, however long it takes. */
function urgent(local: Situation): Expected {
  const alone = besides(local, undefined);
  return {
    answer: alone.standing === 'takes' ? 'local' : waiting(alone),
    reserve: isStandby(alone) ? 'local' : undefined,
    refusals: { local: word(alone), remote: 'not preferred' },
  };
}

/** 5 to 7: whoever has less to do. */
function everyday(local: Situation, remote: Situation): Expected {
  const [here, there] = [besides(local, remote), besides(remote, local)];
  const refusals = { local: word(here), remote: word(there) };
  const [hereTakes, thereTakes] = [here.standing === 'takes', there.standing === 'takes'];
  if (hereTakes && thereTakes) return { answer: there.load < here.load ? 'remote' : 'local', refusals };
  if (hereTakes) return { answer: 'local', refusals };
  if (thereTakes) return { answer: 'remote', refusals };
  const reserve = isStandby(here) ? 'local' : isStandby(there) ? 'remote' : undefined;
  return { answer: waiting(here, there), reserve, refusals };
}

/** 1 to 4: remote workers, also when they are busy; local ones when no remote one can be had. */
function patient(local: Situation, remote: Situation): Expected {
  const [here, there] = [besides(local, remote), besides(remote, local)];
  if (there.standing === 'takes' || there.standing === 'busy') {
    return {
      answer: there.standing === 'takes' ? 'remote' : waiting(here, there),
      reserve: isStandby(there) ? 'remote' : undefined,
      refusals: { local: 'not preferred', remote: there.refusal },
    };
  }
  return {
    answer: here.standing === 'takes' ? 'local' : waiting(here, there),
    reserve: isStandby(here) ? 'local' : undefined,
    refusals: { local: here.refusal, remote: there.refusal },
  };
}

function answerOf(decision: Decision): Answer {
  return decision.kind === 'placed' ? (decision.reason.choice as Answer) : decision.kind;
}

function wordsOf(decision: Decision): Record<string, Refusal | undefined> {
  const candidates = decision.kind === 'placed' ? decision.reason.candidates : [];
  return Object.fromEntries(candidates.map(({ worker_id, refusal }) => [worker_id, refusal]));
}

describe('the rules of the shipped workers.yaml', () => {
  const ranges = [
    { priorities: [8, 9, 10], rule: 'local workers alone', expected: urgent },
    { priorities: [5, 6, 7], rule: 'local and remote workers by load', expected: everyday },
    { priorities: [1, 2, 3, 4], rule: 'remote workers, local ones in their place', expected: patient },
  ];
  const cases = ranges.flatMap(({ priorities, ...range }) =>
    priorities.map((priority) => ({ priority, ...range })),
  );

  test.each(cases)('priority $priority: $rule, whatever state they are in', ({ priority, expected }) => {
    const input = makeInput(shipped.routing);
    const demand = makeDemand({ priority });
    const seen = new Set<Answer>();
    for (const local of situationsOf('local')) {
      for (const remote of situationsOf('remote')) {
        const where = `${local.name}; ${remote.name}`;
        const decision = route(demand, [remote.view, local.view], input);
        const { answer, reserve, refusals } = expected(local, remote);
        expect(answerOf(decision), where).toBe(answer);
        seen.add(answer);
        if (decision.kind === 'waits') expect(decision.reserve?.workerId, where).toBe(reserve);
        if (decision.kind !== 'placed') continue;
        expect(wordsOf(decision), where).toEqual({ ...refusals, [answer]: undefined });
      }
    }
    expect(seen.size).toBe(priority >= 8 ? 3 : 4);
  });

  test('keep the local worker for urgent tasks while a remote one may still come to a patient one', () => {
    const views = [makeView('local'), makeView('remote', { used: 2, performanceFactor: 0.1 })];
    expect(route(makeDemand({ priority: 3 }), views, makeInput(shipped.routing)).kind).toBe('waits');
  });

  test('keep urgent tasks from remote workers, even when local ones are gone', () => {
    for (const liveness of ['alive', 'lost'] as const) {
      const views = [makeView('local', { used: 2, liveness }), makeView('remote')];
      expect(route(makeDemand({ priority: 10 }), views, makeInput(shipped.routing)).kind).toBe('waits');
    }
  });

  test('come with an hour of aging, eight bypasses, and a second worker in reserve', () => {
    expect(shipped.routing).toMatchObject({ strategy: 'priority_based', agingMs: 3_600_000, bypassesMax: 8 });
    expect(shipped.workers.map(({ workerId, standby }) => [workerId, standby])).toEqual([
      ['local_001', false],
      ['local_002', true],
    ]);
  });
});
