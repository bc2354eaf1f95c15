import { expect, test } from 'vitest';
import { createActor } from 'xstate';
import { noUsage, type Outcome } from '../../src/machines/outcome.ts';
import type { TaskCommand } from '../../src/machines/task-events.ts';
import { taskMachine } from '../../src/machines/task-machine.ts';
import { success, taskIdOf, transient } from '../support/pool-samples.ts';
import { assign, setupTask } from '../support/setup-task.ts';

const settle = (outcome: Outcome): TaskCommand => ({ type: 'task.settle', outcome, draw: 0, elapsedMs: 0 });

test.each<[string, readonly TaskCommand[]]>([
  ['queued', []],
  ['scheduled', [{ type: 'task.postpone', delayMs: 5_000 }]],
  ['running', [assign()]],
  ['running', [assign(), { type: 'task.start' }]],
  ['backingOff', [assign(), settle(transient)]],
])('another priority is on record with where the task was, and moves it nowhere: %s', (from, way) => {
  const { facts, send, state } = setupTask();
  send(...way);
  const before = state();
  send({ type: 'task.reprioritize', priority: 9 });
  expect(facts.at(-1)).toEqual({ type: 'task.reprioritized', taskId: taskIdOf(1), from, priority: 9 });
  expect(state()).toBe(before);
});

test('what a model said beside its answer is part of the completion', () => {
  const { facts, send } = setupTask();
  const reply = { thinking: 'two and two' };
  send(assign(), settle({ kind: 'succeeded', output: '4', usage: noUsage, reply }));
  expect(facts.at(-1)).toMatchObject({ type: 'task.completed', output: '4', reply });
});

test('a completion has no word of what a model did not say', () => {
  const { facts, send } = setupTask();
  send(assign(), settle(success));
  expect(facts.at(-1)).toMatchObject({ type: 'task.completed' });
  expect(facts.at(-1)).not.toHaveProperty('reply');
});

test('a lease that was stopped says on record why there is another attempt', () => {
  const { facts, send } = setupTask();
  send(assign(), settle({ kind: 'cancelled' }));
  expect(facts.at(-1)).toMatchObject({ failure: { message: 'the execution stopped without a verdict' } });
});

test('a task in hand without a lease is a fault that names it, and completes nothing', () => {
  const { actor: sound } = setupTask();
  const snapshot = taskMachine.resolveState({
    value: { leased: 'running' },
    context: { ...sound.getSnapshot().context, lease: null },
  });
  const actor = createActor(taskMachine, { snapshot, input: sound.getSnapshot().context });
  const [facts, faults]: [unknown[], unknown[]] = [[], []];
  actor.on('*', (fact) => void facts.push(fact));
  actor.subscribe({ error: (error) => void faults.push(error) });
  actor.start();
  actor.send(settle(success));
  expect(faults.map(String)).toEqual([`TypeError: task ${taskIdOf(1)} has no lease`]);
  expect(facts).toEqual([]);
});
