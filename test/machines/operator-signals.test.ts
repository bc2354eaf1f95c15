import { describe, expect, test } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { graphOf } from '../../src/chart-graph.ts';
import { inspectedMachines } from '../../src/machines/chart-machines.ts';
import { endpointMachine } from '../../src/machines/endpoint-machine.ts';
import {
  endsWait,
  operatorSignals,
  refusalOf,
  type SignalField,
  signalOf,
} from '../../src/machines/operator-signals.ts';
import { poolMachine } from '../../src/machines/pool-machine.ts';
import { taskMachine } from '../../src/machines/task-machine.ts';
import { workerMachine } from '../../src/machines/worker-machine.ts';

const charts: readonly (readonly ['pool' | 'worker' | 'endpoint' | 'task', AnyStateMachine])[] = [
  ['pool', poolMachine],
  ['worker', workerMachine],
  ['endpoint', endpointMachine],
  ['task', taskMachine],
];

describe.each(charts)('of the chart of a %s', (name, machine) => {
  const events = [...new Set(graphOf(machine).ways.map(({ event }) => event))].filter(Boolean);

  test('each event may be sent by hand, or it is said why not; none is both', () => {
    expect(events.length).toBeGreaterThan(3);
    for (const event of events) {
      const isSendable = signalOf(name, event) !== undefined;
      expect(refusalOf(name, event) === undefined, event).toBe(isSendable);
    }
  });

  test('nothing may be sent that it does not know', () => {
    const sendable = operatorSignals
      .filter((signal) => signal.machine === name)
      .map((signal) => signal.event);
    expect(events).toEqual(expect.arrayContaining(sendable));
  });
});

const fieldsOfAll = operatorSignals.flatMap(({ fields }): readonly SignalField[] => fields);

test('an event belongs to one kind of actor, and what is proposed for its fields is within their bounds', () => {
  expect(new Set(operatorSignals.map(({ event }) => event)).size).toBe(operatorSignals.length);
  for (const { min, max, preset } of fieldsOfAll) {
    expect(preset).toBeGreaterThanOrEqual(min);
    expect(preset).toBeLessThanOrEqual(max);
  }
});

test('nothing may be sent to another kind of actor than it is meant for', () => {
  for (const { machine, event } of operatorSignals) {
    const takers = inspectedMachines.filter((each) => signalOf(each, event) !== undefined);
    expect(takers, event).toEqual([machine]);
  }
});

test('the end of a child may be told by no hand, to no kind of actor, and it is said why', () => {
  for (const machine of inspectedMachines) {
    for (const event of ['xstate.done.actor.local_001', 'xstate.error.actor.local_001']) {
      expect(signalOf(machine, event)).toBeUndefined();
      expect(refusalOf(machine, event)).toMatch(/child has ended/);
    }
  }
});

test('of what an actor knows nothing of it is not said why', () => {
  for (const event of ['', 'toString', 'pool', 'my.xstate.done.actor', 'worker.run ']) {
    for (const machine of inspectedMachines) expect(refusalOf(machine, event), event).toBeUndefined();
  }
});

test('no result, no lease and no token is among what may be sent', () => {
  for (const event of [
    'task.settle',
    'task.assign',
    'task.start',
    'pool.committed',
    'worker.run',
    'endpoint.trial',
  ])
    expect(operatorSignals.map((signal) => signal.event as string)).not.toContain(event);
});

test('two of them end a wait that the row of a task has, too', () => {
  expect(operatorSignals.filter(({ event }) => endsWait(event))).toHaveLength(2);
});
