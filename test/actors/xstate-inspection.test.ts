import { describe, expect, test } from 'vitest';
import { type AnyActor, type AnyActorLogic, createActor, createMachine } from 'xstate';
import { derivedLogic, indexTimers, nodesOf, spawnBeside } from '../../src/actors/xstate-internals.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const crashing = createMachine({
  on: {
    crash: {
      actions: () => {
        throw new Error('told to crash');
      },
    },
  },
});

function beside(parent: AnyActor, logic: AnyActorLogic, id: string): AnyActor {
  return spawnBeside(parent, logic, {
    id,
    src: 'child',
    input: undefined,
    onDone: () => undefined,
  }) as AnyActor;
}

describe('a look from within', () => {
  const machine = createMachine({
    initial: 'a',
    on: { note: { actions: () => undefined } },
    states: { a: { on: { next: 'b' } }, b: { after: { 500: 'c' } }, c: { type: 'final' } },
  });

  test('finds other nodes when, and only when, the states are others', () => {
    const seen: boolean[] = [];
    const watched = derivedLogic(machine, {
      transition: (before, event, scope) => {
        const after = machine.transition(before, event, scope);
        seen.push(nodesOf(after) !== nodesOf(before));
        return after;
      },
    });
    const actor = createActor(watched).start();
    for (const type of ['note', 'unknown', 'next', 'note']) actor.send({ type });
    expect([seen, actor.getSnapshot().value]).toEqual([[false, false, true, false], 'b']);
    actor.stop();
  });

  test('hears of each ending once, however it came, and of the timers until then', async () => {
    const clock = new VirtualClock();
    const ended: string[] = [];
    const parent: AnyActor = createActor(createMachine({ on: { '*': {} } }), { clock });
    parent.subscribe({ error: () => undefined });
    const timers = indexTimers(parent, clock, ({ id }) => void ended.push(id));
    parent.start();
    const [done, stopped, crashed] = [
      beside(parent, machine, 'done'),
      beside(parent, machine, 'stopped'),
      beside(parent, crashing, 'crashed'),
    ];
    done.send({ type: 'next' });
    expect(timers.of(done)).toEqual([expect.objectContaining({ dueMs: 500 })]);
    await clock.advance(500);
    expect([ended, timers.of(done)]).toEqual([['done'], []]);
    stopped.stop();
    stopped.stop();
    crashed.send({ type: 'crash' });
    expect(ended).toEqual(['done', 'stopped', 'crashed']);
  });
});
