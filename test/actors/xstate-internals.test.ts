import { describe, expect, test } from 'vitest';
import {
  type AnyActor,
  type AnyActorLogic,
  createActor,
  createMachine,
  fromCallback,
  sendTo,
  setup,
} from 'xstate';
import type { Clock } from '../../src/actors/clock.ts';
import { indexTimers, spawnBeside } from '../../src/actors/xstate-internals.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** A parent that writes down which children ended, and how. */
function makeParent(clock: Clock = new VirtualClock()) {
  const heard: string[] = [];
  const machine = setup({}).createMachine({
    on: { '*': { actions: ({ event }) => void heard.push(event.type) } },
  });
  const handled = machine.provide({});
  const parent = createActor(handled, { clock });
  const errors: unknown[] = [];
  parent.subscribe({ error: (error) => void errors.push(error) });
  return { parent: parent as AnyActor, heard, errors };
}

const waiting = createMachine({
  initial: 'armed',
  states: {
    armed: {
      after: { 1000: 'fired' },
      on: {
        leave: 'left',
        again: { target: 'armed', reenter: true },
        crash: {
          actions: () => {
            throw new Error('told to crash');
          },
        },
      },
    },
    fired: {},
    left: { on: { end: 'ended' } },
    ended: { type: 'final' },
  },
});

function beside(parent: AnyActor, logic: AnyActorLogic = waiting, id = 'child', onDone = () => {}): AnyActor {
  return spawnBeside(parent, logic, { id, src: 'child', input: undefined, onDone }) as AnyActor;
}

describe('an actor beside the snapshot', () => {
  test('is a child that its parent does not list', () => {
    const { parent } = makeParent();
    parent.start();
    const child = beside(parent);
    expect(child.getSnapshot().status).toBe('active');
    expect(parent.getSnapshot().children).toEqual({});
    expect(child.system).toBe(parent.system);
  });

  test('tells that it is done within its last transition, and its parent hears of no event', () => {
    const { parent, heard } = makeParent();
    parent.start();
    const child = beside(parent, waiting, 'child', () => void heard.push('done'));
    child.send({ type: 'leave' });
    child.send({ type: 'end' });
    expect(heard).toEqual(['done']);
    expect(child.getSnapshot().status).toBe('done');
  });

  test('tells its parent that it crashed, and takes nobody with it', () => {
    const { parent, heard, errors } = makeParent();
    parent.start();
    const child = beside(parent);
    child.send({ type: 'crash' });
    expect(heard).toEqual(['xstate.error.actor.child']);
    expect(parent.getSnapshot().status).toBe('active');
    expect(errors).toEqual([]);
  });

  test('outlives its parent, which must stop it itself', () => {
    const { parent } = makeParent();
    parent.start();
    const child = beside(parent);
    parent.stop();
    expect(child.getSnapshot().status).toBe('active');
    child.stop();
    expect(child.getSnapshot().status).toBe('stopped');
  });

  test('can be stopped, and twice, without a word to its parent', () => {
    const { parent, heard } = makeParent();
    parent.start();
    const child = beside(parent);
    child.stop();
    child.stop();
    child.send({ type: 'leave' });
    expect(child.getSnapshot().status).toBe('stopped');
    expect(heard).toEqual([]);
  });

  test('can be spawned in an action of its parent, and hear from it', () => {
    const heard: string[] = [];
    const listener = fromCallback(({ receive }) => receive((event) => void heard.push(event.type)));
    const machine = createMachine({
      on: {
        spawn: { actions: ({ self }) => beside(self as AnyActor, listener, 'ear').send({ type: 'hello' }) },
      },
    });
    const parent = createActor(machine).start();
    parent.send({ type: 'spawn' });
    expect(heard).toEqual(['hello']);
  });
});

describe('indexed timers', () => {
  function setupTimers() {
    const clock = new VirtualClock();
    const { parent } = makeParent(clock);
    const timers = indexTimers(parent, clock);
    parent.start();
    return { clock, parent, pending: timers.pending };
  }

  test('fire at their time, and are counted until then', async () => {
    const { clock, parent, pending } = setupTimers();
    const child = beside(parent);
    expect(pending()).toBe(1);
    await clock.advance(999);
    expect(child.getSnapshot().value).toBe('armed');
    await clock.advance(1);
    expect(child.getSnapshot().value).toBe('fired');
    expect([pending(), clock.pending]).toEqual([0, 0]);
  });

  test('end with their state', async () => {
    const { clock, parent, pending } = setupTimers();
    const child = beside(parent);
    child.send({ type: 'leave' });
    expect([pending(), clock.pending]).toEqual([0, 0]);
    await clock.advance(5_000);
    expect(child.getSnapshot().value).toBe('left');
  });

  test('end with their actor, and with no other', async () => {
    const { clock, parent, pending } = setupTimers();
    const [child, other] = [beside(parent, waiting, 'child'), beside(parent, waiting, 'other')];
    child.stop();
    expect([pending(), clock.pending]).toEqual([1, 1]);
    await clock.advance(1_000);
    expect(other.getSnapshot().value).toBe('fired');
  });

  test('end with an actor that crashes', () => {
    const { clock, parent, pending } = setupTimers();
    beside(parent).send({ type: 'crash' });
    expect([pending(), clock.pending]).toEqual([0, 0]);
  });

  test('start anew when their state is entered again', async () => {
    const { clock, parent, pending } = setupTimers();
    const child = beside(parent);
    await clock.advance(700);
    child.send({ type: 'again' });
    expect([pending(), clock.pending]).toEqual([1, 1]);
    await clock.advance(999);
    expect(child.getSnapshot().value).toBe('armed');
    await clock.advance(1);
    expect(child.getSnapshot().value).toBe('fired');
  });

  test('serve delayed events to others and to oneself, named or not', async () => {
    const clock = new VirtualClock();
    const heard: string[] = [];
    const listener = fromCallback(({ receive }) => receive((event) => void heard.push(event.type)));
    const machine = createMachine({
      invoke: { src: listener, id: 'ear' },
      on: {
        tell: {
          actions: [
            sendTo('ear', { type: 'first' }, { delay: 200 }),
            sendTo('ear', { type: 'second' }, { delay: 100 }),
            sendTo('ear', { type: 'replaced' }, { delay: 300, id: 'named' }),
            sendTo('ear', { type: 'third' }, { delay: 400, id: 'named' }),
          ],
        },
      },
    });
    const actor = createActor(machine, { clock });
    const { pending } = indexTimers(actor, clock);
    actor.start();
    actor.send({ type: 'tell' });
    expect(pending()).toBe(3);
    await clock.advance(1_000);
    expect(heard).toEqual(['second', 'first', 'third']);
  });

  test('of an actor that stops are found without looking at those of others', () => {
    const costOfStop = (others: number): number => {
      const clock = new CountingClock();
      const { parent } = makeParent(clock);
      indexTimers(parent, clock);
      parent.start();
      for (let each = 0; each < others; each += 1) beside(parent, waiting, `other-${each}`);
      const child = beside(parent);
      const system = parent.system as unknown as { _snapshot: { _scheduledEvents: object } };
      let looks = 0;
      const events = system._snapshot._scheduledEvents;
      system._snapshot._scheduledEvents = new Proxy(events, {
        ownKeys: (target) => {
          looks += Reflect.ownKeys(target).length + 1;
          return Reflect.ownKeys(target);
        },
      });
      clock.calls = 0;
      child.stop();
      return clock.calls + looks;
    };
    expect(costOfStop(0)).toBe(1);
    expect(costOfStop(1_000)).toBe(1);
  });
});

class CountingClock extends VirtualClock {
  calls = 0;

  override clearTimeout(handle: unknown): void {
    this.calls += 1;
    super.clearTimeout(handle);
  }
}

test('an actor that crashes takes its children along, with all that they wait for', () => {
  const clock = new VirtualClock();
  const ended: string[] = [];
  const busy = fromCallback(() => () => void ended.push('busy'));
  const crashing = setup({ actors: { busy, waiting } }).createMachine({
    invoke: [
      { src: 'busy', id: 'busy' },
      { src: 'waiting', id: 'waiting' },
    ],
    on: {
      crash: {
        actions: () => {
          throw new Error('told to crash');
        },
      },
    },
  });
  const { parent, heard } = makeParent(clock);
  const { pending } = indexTimers(parent, clock);
  parent.start();
  const child = beside(parent, crashing);
  expect(pending()).toBe(1);
  child.send({ type: 'crash' });
  expect(heard).toEqual(['xstate.error.actor.child']);
  expect(ended).toEqual(['busy']);
  expect([pending(), clock.pending]).toEqual([0, 0]);
});
