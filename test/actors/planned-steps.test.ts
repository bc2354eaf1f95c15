import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AnyStateMachine,
  assign,
  cancel,
  createActor,
  createMachine,
  emit,
  not,
  raise,
  sendTo,
  setup,
} from 'xstate';
import { withPlannedSteps } from '../../src/actors/planned-steps.ts';
import { taskMachine } from '../../src/machines/task-machine.ts';
import { bothWays, type Takers } from '../support/both-ways.ts';
import { ChartCoverage } from '../support/path-coverage.ts';
import { play } from '../support/path-pool.ts';
import { poolScenarios } from '../support/path-pool-scenarios.ts';
import { replayAll } from '../support/path-replay.ts';
import { edgePaths } from '../support/path-walk.ts';
import { anyTaskWalk } from '../support/task-walks.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

function takers(): Takers {
  return { planned: new Set(), byXState: new Set() };
}

describe('our charts, by plan and by XState', () => {
  test('a task does the same on every path, and all of its life is planned', async () => {
    const took = takers();
    const machine = bothWays(taskMachine, took);
    const coverage = new ChartCoverage(taskMachine);
    await replayAll(anyTaskWalk, edgePaths(anyTaskWalk), () => ({ coverage, machine }));
    expect([...took.byXState].filter((name) => !name.endsWith('xstate.stop'))).toEqual([]);
    expect([...took.planned].filter((name) => name.includes(' task.')).length).toBeGreaterThan(20);
    expect(took.planned).toContain('task "backingOff" xstate.after.waitMs.task.backingOff');
  });

  test('a pool, its workers and its breakers do the same in each scenario', async () => {
    const took = takers();
    for (const [name, scenario] of Object.entries(poolScenarios)) {
      const options = {
        ...scenario.options,
        runBy: <M extends AnyStateMachine>(machine: M) => bothWays(machine, took),
      };
      await play(name, { ...scenario, options });
    }
    const accepting = 'pool {"running":"accepting"}';
    // What each task brings is planned; what happens once a turn, or hardly ever, need not be.
    for (const type of ['pool.admit', 'pool.committed', 'pool.activate', 'worker.settled', 'task.ready']) {
      expect(took.planned).toContain(`${accepting} ${type}`);
    }
    expect(took.byXState).toContain(`${accepting} pool.turn`);
    expect([...took.planned].some((name) => name.startsWith('endpoint '))).toBe(true);
  });
});

const crash = () => {
  throw new Error('told to crash');
};
const basis = setup({
  types: {
    context: {} as { n: number; last: string },
    input: {} as number,
    emitted: {} as { type: 'said'; word: string; n: number },
  },
  guards: {
    isMany: ({ context }) => context.n > 1_000,
    isEven: ({ context }) => context.n % 2 === 0,
    isSomeOf: ({ context }, { by }: { by: number }) => context.n % by === 0,
    breaks: crash,
  },
  actions: {
    count: assign({ n: ({ context }) => context.n + 1, last: 'counted' }),
    say: emit(({ context }, { word }: { word: string }) => ({ type: 'said', word, n: context.n })),
    crash,
    answer: sendTo(
      ({ self }) => self,
      ({ context }) => ({ type: 'posted', n: context.n }),
    ),
    raiseNote: raise({ type: 'note' }),
    callOff: cancel('nothing'),
  },
});
const parts = basis.extend({
  actions: { queue: basis.enqueueActions(({ enqueue }) => enqueue.assign({ last: 'queued' })) },
});
const say = (word: string) => ({ type: 'say', params: { word } }) as const;

/** Every kind of step, simple and not. */
const zoo = parts.createMachine({
  id: 'zoo',
  context: ({ input }) => ({ n: input, last: '' }),
  initial: 'hall',
  exit: say('closed'),
  on: {
    note: { actions: ['count', say('noted')] },
    round: { target: '.hall', reenter: true, actions: say('round') },
    home: { target: '.hall' },
    crash: { actions: ['count', 'crash'] },
  },
  states: {
    hall: {
      tags: 'inside',
      entry: 'count',
      exit: say('left the hall'),
      on: {
        enter: { target: 'cage', actions: say('in') },
        deep: '#zoo.cage.inner.left',
        both: 'aviary',
        hop: 'gate',
        wait: 'bench',
        raise: { actions: 'raiseNote' },
        queue: { actions: 'queue' },
        self: { target: 'hall', reenter: true },
        stay: { target: 'hall' },
        fall: [
          { guard: 'isMany', target: 'end' },
          { guard: { type: 'isSomeOf', params: { by: 2 } }, target: 'bench', actions: 'count' },
          { actions: say('did not fall') },
        ],
        shy: { guard: not('isEven'), actions: 'count' },
        broken: { guard: 'breaks', actions: 'count' },
        post: { actions: 'answer' },
        leave: 'end',
      },
    },
    cage: {
      entry: say('caged'),
      exit: [say('freed'), 'count'],
      initial: { target: 'outer', actions: say('the way into the cage') },
      on: {
        hop: '.outer',
        into: { target: 'cage', reenter: true },
        back: 'hall',
        quiet: { target: 'cage' },
      },
      states: {
        outer: { tags: ['inside', 'dark'], exit: 'count', on: { next: 'inner' } },
        inner: {
          entry: say('inner'),
          initial: { target: 'left', actions: say('further in') },
          on: { up: '#zoo.cage', out: { target: '.right' }, again: { target: '.left', reenter: true } },
          states: {
            left: { on: { next: 'right', done: 'over' }, exit: say('not left') },
            right: { entry: 'count', on: { next: 'left', self: { target: 'right', reenter: true } } },
            over: { type: 'final' },
          },
          onDone: { target: 'outer', actions: say('over') },
        },
      },
    },
    aviary: {
      type: 'parallel',
      on: { back: 'hall' },
      states: {
        one: { initial: 'a', states: { a: { on: { next: 'b', note: 'b' } }, b: {} } },
        two: { initial: 'c', states: { c: { on: { next: 'd' } }, d: { on: { note: 'c' } } } },
      },
    },
    gate: {
      always: [{ guard: { type: 'isSomeOf', params: { by: 3 } }, target: 'cage' }, { target: 'bench' }],
    },
    bench: {
      after: { 1000: { target: 'hall', actions: say('rested') }, 2000: 'end' },
      on: {
        'feed.*': { actions: 'count' },
        next: 'hall',
        self: { target: 'bench', reenter: true },
        stop: { actions: 'callOff' },
      },
    },
    end: { type: 'final', entry: say('the end') },
  },
});

const types = [
  ...['note', 'round', 'home', 'feed.fish', 'enter', 'deep', 'both', 'hop', 'wait', 'raise', 'queue', 'self'],
  ...['stay', 'fall', 'shy', 'post', 'leave', 'into', 'back', 'quiet', 'next', 'up', 'out'],
  ...['again', 'done', 'stop', 'nobody knows this', 'time'],
];
const rarely = ['crash', 'broken'];

describe('a chart with every kind of step', () => {
  test('does the same both ways, whatever happens to it', async () => {
    const took = takers();
    const machine = bothWays(zoo, took);
    const event = fc.oneof({ weight: 60, arbitrary: fc.constantFrom(...types) }, fc.constantFrom(...rarely));
    await fc.assert(
      fc.asyncProperty(fc.nat(5), fc.array(event, { minLength: 5, maxLength: 30 }), async (input, events) => {
        const clock = new VirtualClock();
        const faults: unknown[] = [];
        const actor = createActor(machine, { input, clock });
        actor.subscribe({ error: (error) => void faults.push(error) });
        actor.start();
        for (const type of events) {
          if (type === 'time') await clock.advance(1_000);
          else actor.send({ type });
        }
        actor.stop();
        // What both ways say of a difference reaches the actor as a fault.
        expect(faults.map(String).filter((text) => !text.includes('told to crash'))).toEqual([]);
      }),
      { numRuns: 400 },
    );
    const taken = (set: ReadonlySet<string>, state: string) =>
      types.concat(rarely).filter((type) => set.has(`zoo ${state} ${type}`));
    const common = ['note', 'home', 'nobody knows this'];
    expect(taken(took.planned, '"hall"')).toEqual(
      expect.arrayContaining([
        ...common,
        'enter',
        'deep',
        'wait',
        'self',
        'stay',
        'fall',
        'post',
        'leave',
        'crash',
      ]),
    );
    const beyond = ['round', 'both', 'hop', 'raise', 'queue', 'shy'];
    expect(taken(took.byXState, '"hall"')).toEqual(expect.arrayContaining(beyond));
    expect(taken(took.planned, '"hall"').filter((type) => beyond.includes(type))).toEqual([]);
    expect(taken(took.planned, '{"cage":{"inner":"left"}}')).toEqual(
      expect.arrayContaining([...common, 'hop', 'into', 'back', 'quiet', 'next', 'up', 'out', 'again']),
    );
    expect(taken(took.byXState, '{"cage":{"inner":"left"}}')).toContain('done');
    // A pattern among the events of a state leaves all of it to XState, as does a region beside another.
    expect(
      taken(took.planned, '"bench"').concat(taken(took.planned, '{"aviary":{"one":"a","two":"c"}}')),
    ).toEqual([]);
  });
});

describe('a planned step', () => {
  const cases = [
    ['that would spawn', 'spawn', 'a planned step cannot spawn: use an action that does'],
    ['whose delay is none', 'late', 'a planned step raises nothing at once: give it a delay in ms'],
  ] as const;
  const machine = withPlannedSteps(
    createMachine({
      context: { n: 0 },
      on: {
        spawn: { actions: assign(({ spawn }) => ({ n: Number(spawn('nobody')) })) },
        late: { actions: raise({ type: 'never' }, { delay: () => undefined as never }) },
      },
    }),
  );

  test.each(cases)('%s says what to do instead', (_what, type, message) => {
    const actor = createActor(machine);
    const faults: unknown[] = [];
    actor.subscribe({ error: (error) => void faults.push(error) });
    actor.start().send({ type });
    expect(faults.map(String)).toEqual([`TypeError: ${message}`]);
  });
});
