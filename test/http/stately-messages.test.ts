import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInspector, type StatelyActorEvent, type StatelyInspectionEvent } from '@statelyai/inspect';
import { describe, expect, test } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { chartMachines } from '../../src/charts.ts';
import {
  type StatelyMessage,
  StatelyTeller,
  statelyVersion,
} from '../../src/http/websocket/inspect-stately.ts';
import { statelyWording } from '../../src/http/websocket/inspect-stately-wording.ts';
import type { ActorView, EndedView, TransitionView } from '../../src/runtime/inspection-view.ts';
import { until } from '../support/until.ts';

const at = '2026-11-23T01:00:00.250Z';
const atMs = Date.parse(at);
const view: ActorView = {
  actor: 'task_1',
  machine: 'task',
  machine_hash: 'h',
  value: 'queued',
  states: [],
  context: { priority: 5 },
  timers: [],
  parent: 'pool',
  children: 0,
  next: [],
};
const transition: TransitionView = {
  actor: 'task_1',
  event: { type: 'task.assign', workerId: 'w1' },
  from: 'queued',
  to: { leased: 'assigned' },
  at,
  after_seq: 4,
};
const ending: EndedView = { actor: 'task_1', status: 'done', value: 'completed', error: null, at };

/** A teller that has shown this actor. */
function setupTeller(): StatelyTeller {
  const teller = new StatelyTeller(() => '{}');
  teller.shown(view, atMs);
  return teller;
}

/** The messages that the package makes itself, as they are sent. */
async function madeByThePackage(): Promise<readonly StatelyInspectionEvent[]> {
  const sent: StatelyInspectionEvent[] = [];
  const inspector = createInspector({ send: (event) => void sent.push(JSON.parse(JSON.stringify(event))) });
  const machine = createMachine({ id: 'sample', initial: 'a', states: { a: { on: { go: 'b' } }, b: {} } });
  const actor = createActor(machine, { inspect: inspector.inspect }).start();
  actor.send({ type: 'go' });
  await until(() => expect(sent.filter(({ type }) => type === '@xstate.snapshot')).toHaveLength(2));
  return sent;
}

const keysOf = (message: object) => Object.keys(JSON.parse(JSON.stringify(message)));

describe('what an actor does, in the messages of @statelyai/inspect', () => {
  test('is of the types of that package, and of its version', () => {
    const teller = setupTeller();
    const messages: readonly StatelyMessage[] = [
      teller.shown(view, atMs),
      ...teller.moved(transition),
      teller.shownAnew(view, 3, atMs),
      teller.ended(ending),
    ];
    // The compiler compares.
    const theirs: readonly StatelyInspectionEvent[] = messages;
    expect(theirs.map(({ type }) => type)).toEqual([
      '@xstate.actor',
      '@xstate.event',
      '@xstate.snapshot',
      '@xstate.snapshot',
      '@xstate.snapshot',
    ]);
    const installed = readFileSync(
      join(process.cwd(), 'node_modules/@statelyai/inspect/package.json'),
      'utf8',
    );
    expect(statelyVersion).toBe(JSON.parse(installed).version);
  });

  test('has all that those have which the package makes', async () => {
    const teller = setupTeller();
    const ours = [teller.shown(view, atMs), ...teller.moved(transition)];
    for (const made of await madeByThePackage()) {
      const own = ours.find(({ type }) => type === made.type);
      expect(keysOf(own ?? {})).toEqual(
        expect.arrayContaining(keysOf(made).filter((key) => key !== 'parentId')),
      );
      expect(typeof made.createdAt).toBe(typeof own?.createdAt);
      expect(Number(own?.createdAt)).toBe(atMs);
    }
  });

  test('names the actor, its parent and its root, and numbers the messages', () => {
    const teller = new StatelyTeller((machine) => `{"id":"${machine}"}`);
    expect(teller.shown(view, atMs)).toEqual({
      type: '@xstate.actor',
      name: 'task_1',
      sessionId: 'task_1',
      parentId: 'pool',
      rootId: 'pool',
      definition: '{"id":"task"}',
      snapshot: {
        status: 'active',
        value: 'queued',
        context: { priority: 5 },
        output: undefined,
        error: undefined,
      },
      createdAt: String(atMs),
      id: 'task_1#1',
      _version: statelyVersion,
    });
    expect(teller.moved(transition).map(({ id }) => id)).toEqual(['task_1#2', 'task_1#3']);
  });

  test('carries the context along where an event has left it as it was', () => {
    const teller = setupTeller();
    const contextOf = (message: StatelyMessage | undefined) =>
      message !== undefined && 'snapshot' in message ? message.snapshot.context : undefined;
    expect(contextOf(teller.moved(transition)[1])).toEqual({ priority: 5 });
    expect(contextOf(teller.moved({ ...transition, context: { priority: 1 } })[1])).toEqual({ priority: 1 });
    expect(contextOf(teller.moved(transition)[1])).toEqual({ priority: 1 });
    expect(contextOf(teller.ended(ending))).toEqual({ priority: 1 });
  });

  test('says how it ended, and how many transitions were left out', () => {
    const teller = setupTeller();
    expect(teller.ended({ ...ending, status: 'error', error: 'it broke' })).toMatchObject({
      snapshot: { status: 'error', error: 'it broke', value: 'completed' },
    });
    expect(teller.ended({ ...ending, status: 'stopped' })).toMatchObject({ snapshot: { status: 'stopped' } });
    expect(teller.shownAnew(view, 7, atMs)).toMatchObject({ event: { type: 'koubou.skipped', skipped: 7 } });
  });

  test('an excerpt that is no event still has a type', () => {
    const [event] = setupTeller().moved({ ...transition, event: '…' });
    expect(event).toMatchObject({ event: { type: 'unknown', event: '…' } });
  });
});

describe('the definition of a machine', () => {
  const framed = (machine: ActorView['machine']) => {
    const text = String(statelyWording({ now: () => atMs }).shown({ ...view, machine }));
    return JSON.parse(text.slice(text.indexOf('{'))) as { definition?: string };
  };

  test.each(['pool', 'worker', 'endpoint', 'task'] as const)('of a %s makes the same chart again', (id) => {
    const machine = chartMachines().find((each) => each.id === id);
    const again = createMachine(JSON.parse(framed(id).definition ?? '{}'));
    const statesOf = (definition: { states: object }) => JSON.stringify(Object.keys(definition.states));
    expect(again.id).toBe(id);
    expect(statesOf(again.definition)).toBe(statesOf(machine?.definition ?? { states: {} }));
    expect(again.events).toEqual(machine?.events);
  });

  test('is what the package would send', async () => {
    const machine = chartMachines().find(({ id }) => id === 'task');
    const sent: StatelyInspectionEvent[] = [];
    const inspector = createInspector({ send: (event) => void sent.push(event) });
    inspector.actor({
      sessionId: 'x',
      logic: machine,
      getSnapshot: () => ({}),
      send: () => undefined,
    } as never);
    const [made] = sent as StatelyActorEvent[];
    expect(JSON.parse(framed('task').definition ?? '')).toEqual(JSON.parse(made?.definition ?? ''));
  });

  test('there is none of an execution', () => {
    expect(framed('execution').definition).toBeUndefined();
  });
});
