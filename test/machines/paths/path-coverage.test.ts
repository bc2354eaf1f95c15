import { describe, expect, test } from 'vitest';
import { type AnyStateMachine, setup } from 'xstate';
import { ChartCoverage, type CoverageOptions } from '../../support/path-coverage.ts';
import { replayAll } from '../../support/path-replay.ts';
import { edgePaths, type Walk } from '../../support/path-walk.ts';

type Push = { readonly type: 'push'; readonly force: number } | { readonly type: 'kick' };

const parts = setup({
  types: { events: {} as Push },
  guards: { isHard: (_, params: { force: number }) => params.force > 1 },
  actions: { fall: () => undefined },
  delays: { closingMs: 1_000 },
});
const config = {
  id: 'door',
  initial: 'shut',
  states: {
    shut: {
      on: {
        push: {
          guard: { type: 'isHard', params: ({ event }: { event: { force: number } }) => event },
          target: 'open',
        },
        kick: { target: 'broken', actions: 'fall' },
      },
    },
    open: { after: { closingMs: 'shut' } },
    broken: { type: 'final' },
  },
} as const;
const door = parts.createMachine(config);
const soft = { type: 'push', force: 1 };
const hard = { type: 'push', force: 2 };
const kick = { type: 'kick' };

/** Walks over a chart with these events, and replays all of it. */
async function coverageOf(
  machine: AnyStateMachine,
  events: Walk['events'],
  options: CoverageOptions = {},
): Promise<ChartCoverage> {
  const coverage = new ChartCoverage(machine, options);
  const live = coverage.watch(machine.provide({}));
  const walk = { machine, events };
  await replayAll(walk, edgePaths(walk), () => ({ coverage, machine: live }));
  return coverage;
}

async function missingIn(...args: Parameters<typeof coverageOf>): Promise<readonly string[]> {
  return (await coverageOf(...args)).missing();
}

describe('the coverage of a chart', () => {
  test('is whole when all of it was at work', async () => {
    const coverage = await coverageOf(door, () => [soft, hard, kick]);
    expect(coverage.missing()).toEqual([]);
    expect(coverage.summary()).toBe(
      '4/4 states, 3/3 transitions, 1/1 guards, 1/1 places of guards, 1/1 delays',
    );
  });

  test('lacks a state that nothing leads to', async () => {
    const attic = { ...config, states: { ...config.states, ajar: {} } } as const;
    expect(await missingIn(parts.createMachine(attic), () => [soft, hard, kick])).toEqual([
      'state door.ajar was never entered',
    ]);
  });

  test('lacks a way that was not taken, and the state behind it', async () => {
    expect(await missingIn(door, () => [soft, hard])).toEqual([
      'state door.broken was never entered',
      'door.shut on kick was never taken',
    ]);
  });

  test('lacks a way that another one always takes first', async () => {
    const { shut, ...others } = config.states;
    const kicks = [{ target: 'broken' }, { target: 'open' }] as const;
    const states = { ...others, shut: { on: { ...shut.on, kick: kicks } } };
    expect(await missingIn(parts.createMachine({ ...config, states }), () => [soft, hard, kick])).toEqual([
      'door.shut on kick, way 2 was never taken',
    ]);
  });

  test('lacks a guard that always said yes', async () => {
    expect(await missingIn(door, () => [hard, kick])).toEqual([
      'guard isHard of door.shut on push was never false',
    ]);
  });

  test('lacks a guard that always said no, what it keeps away, and the delay that begins there', async () => {
    expect(await missingIn(door, () => [soft, kick])).toEqual([
      'state door.open was never entered',
      'door.shut on push was never taken',
      'guard isHard of door.shut on push was never true',
      'door.open on xstate.after.closingMs.door.open was never taken',
      'delay closingMs never passed',
    ]);
  });

  test('lacks a guard and a delay that stand in no chart', async () => {
    const idle = setup({ guards: { isNever: () => false }, delays: { neverMs: 1 } });
    expect(await missingIn(idle.createMachine({ id: 'idle' }), () => [kick])).toEqual([
      'guard isNever is asked nowhere',
      'delay neverMs never passed',
    ]);
  });

  test('has nothing to say of what is excused, and objects to an excuse that is none', async () => {
    const exceptions = {
      'door.shut on kick was never taken': 'nobody kicks it here',
      'state door.broken was never entered': 'nor breaks it',
      'state door.open was never entered': 'an excuse of former times',
    };
    expect(await missingIn(door, () => [soft, hard], { exceptions })).toEqual([
      'no exception any more: state door.open was never entered',
    ]);
  });

  test('counts a way whose action threw', async () => {
    const fall = () => {
      throw new Error('it fell out of its frame');
    };
    const { shut, ...others } = config.states;
    const on = { push: { ...shut.on.push, actions: 'fall' } } as const;
    const machine = parts.createMachine({ ...config, states: { ...others, shut: { on } } }).provide({
      actions: { fall },
    });
    const coverage = new ChartCoverage(machine);
    const live = coverage.watch(machine.provide({}));
    const walk = { machine, events: () => [soft, hard], throwing: ['fall'] };
    await replayAll(walk, edgePaths(walk), () => ({ coverage, machine: live }));
    expect(coverage.missing()).not.toContain('door.shut on push was never taken');
    expect(coverage.missing()).toContain('state door.open was never entered');
  });
});

describe('a replay', () => {
  const walk: Walk = { machine: door, events: () => [soft, hard, kick] };

  async function replayOn(machine: AnyStateMachine): Promise<void> {
    const coverage = new ChartCoverage(door);
    await replayAll(walk, edgePaths(walk), () => ({ coverage, machine }));
  }

  test('fails when what lives goes another way than was foreseen', async () => {
    await expect(replayOn(door.provide({ guards: { isHard: () => true } }))).rejects.toThrow(
      /left the path that was foreseen.*"force":1.*found \["open"/s,
    );
  });

  test('fails when a timer is not armed that was foreseen', async () => {
    const { open: _, ...others } = config.states;
    await expect(
      replayOn(parts.createMachine({ ...config, states: { ...others, open: {} } })),
    ).rejects.toThrow(/found \["open",null,\[\]\]/);
  });
});
