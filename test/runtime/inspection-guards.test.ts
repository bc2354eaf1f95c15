import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnyActorRef, type AnyMachineSnapshot, createActor, setup } from 'xstate';
import { and, not, or } from 'xstate/guards';
import { nodesOf } from '../../src/actors/xstate-internals.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { actorOptions, type GuardStanding } from '../../src/runtime/inspection-guards.ts';
import { assign, setupTask } from '../support/setup-task.ts';
import { setupWorker } from '../support/setup-worker.ts';
import { Workshop } from '../support/workshop.ts';

interface Coin {
  readonly coins: number;
}
type CoinEvent = { readonly type: string; readonly amount: number };

/** Each way has an event of its own, named by what is expected of it. */
const machine = setup({
  types: { context: {} as Coin, events: {} as CoinEvent, input: {} as Coin },
  guards: {
    isRich: ({ context }) => context.coins > 5,
    isPaid: ({ event }) => event.amount > 0,
    hasAtLeast: ({ context }, params: { least: number }) => context.coins >= params.least,
    isBroken: () => {
      throw new Error('a guard of ours is broken');
    },
    isBrokenByTheEvent: ({ event }) => (event as unknown as { of: { what: boolean } }).of.what,
    isMeddlesome: ({ event }) => {
      Object.assign(event, { amount: 9 });
      return 'other' in event;
    },
    isNamed: ({ event }) => event.type === 'open named',
    isSpread: ({ event }) => ({ ...event }).amount > 0,
  },
}).createMachine({
  context: ({ input }) => input,
  on: {
    open: {},
    'open named': { guard: 'isNamed' },
    'closed string': { guard: 'isRich' },
    'open object': { guard: { type: 'hasAtLeast', params: { least: 3 } } },
    'closed object': { guard: { type: 'hasAtLeast', params: { least: 4 } } },
    'open function': { guard: { type: 'hasAtLeast', params: ({ context }) => ({ least: context.coins }) } },
    'depends function': { guard: { type: 'hasAtLeast', params: ({ event }) => ({ least: event.amount }) } },
    'depends read': { guard: 'isPaid' },
    'depends spread': { guard: 'isSpread' },
    'depends deep': { guard: 'isBrokenByTheEvent' },
    'depends in': { guard: 'isMeddlesome' },
    'unknown thrown': { guard: 'isBroken' },
    'open inline': { guard: ({ context }) => context.coins === 3 },
    'open not': { guard: not('isRich') },
    'closed and': { guard: and(['isRich', 'isPaid']) },
    'depends and': { guard: and([not('isRich'), 'isPaid']) },
    'open or': { guard: or([not('isRich'), 'isPaid']) },
    'closed first': [{ guard: 'isRich' }],
  },
});

function standings(actor: AnyActorRef): readonly (readonly [event: string, GuardStanding])[] {
  const snapshot = actor.getSnapshot() as AnyMachineSnapshot;
  return actorOptions(snapshot, nodesOf(snapshot)).map(({ event, standing }) => [event, standing]);
}

test('each guard is asked with what the actor knows; what it asks of the event cannot be told before', () => {
  const actor = createActor(machine, { input: { coins: 3 } }).start();
  const before = actor.getSnapshot();
  const found = standings(actor);
  expect(actor.getSnapshot()).toBe(before);
  expect(before.context).toEqual({ coins: 3 });
  expect(found).toHaveLength(18);
  for (const [event, standing] of found) expect(standing, event).toBe(event.split(' ')[0]);
});

describe('of several ways of one event', () => {
  const ladder = setup({
    types: { context: {} as Coin, events: {} as CoinEvent, input: {} as Coin },
    guards: {
      isRich: ({ context }) => context.coins > 5,
      isPaid: ({ event }) => event.amount > 0,
    },
  }).createMachine({
    type: 'parallel',
    context: ({ input }) => input,
    on: { ask: {} },
    states: {
      left: { on: { ask: [{ guard: 'isRich' }, {}] } },
      right: { on: { ask: [{ guard: 'isPaid' }, {}] } },
    },
  });

  test.each([
    [9, ['open', 'shadowed', 'depends', 'open', 'shadowed']],
    [1, ['closed', 'open', 'depends', 'open', 'shadowed']],
  ])('those behind an open one are never tried; states side by side have each their own (%i)', (coins, expected) => {
    const actor = createActor(ladder, { input: { coins } }).start();
    expect(standings(actor).map(([, standing]) => standing)).toEqual(expected);
  });
});

test('what a task makes of a result depends on the result; a cancellation is taken', () => {
  const { actor, send } = setupTask();
  send(assign(), { type: 'task.start' });
  const settle = standings(actor).filter(([event]) => event === 'task.settle');
  expect(settle.map(([, standing]) => standing)).toEqual([
    'depends',
    'depends',
    'depends',
    'depends',
    'open',
  ]);
  expect(standings(actor)).toContainEqual(['task.cancel', 'open']);
});

test('a worker that drains is kept from its end by what it runs', () => {
  const { actor, run, order } = setupWorker();
  run(1);
  order('drain');
  expect(standings(actor)).toContainEqual(['', 'closed']);
  expect(standings(actor)).toContainEqual(['xstate.error.actor.*', 'closed']);
});

test('asking changes nothing: state, context and timers of an actor are the same, and no fact comes of it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 40_000 }),
      fc.integer({ min: 1, max: 4 }),
      async (passMs, tasks) => {
        const workshop = await new Workshop().open({ workers: [{ workerId: workerId('w1') }] });
        await workshop.delegate(tasks);
        await workshop.clock.advance(passMs);
        const { inspection, stream } = workshop.runtime;
        const told: unknown[] = [];
        const unhear = stream.subscribe((fact) => void told.push(fact));
        const names = ['pool', 'worker:w1', ...inspection.tree().endpoints.map(({ actor }) => actor)];
        for (const name of names) {
          const first = inspection.actor(name);
          for (let looks = 0; looks < 3; looks += 1) expect(inspection.actor(name)).toEqual(first);
          expect(first.next.length).toBeGreaterThan(0);
          expect(first.next.map(({ standing }) => standing)).not.toContain('unknown');
        }
        expect(told).toEqual([]);
        unhear();
      },
    ),
    { numRuns: 5 },
  );
});
