import { expect, test } from 'vitest';
import { nodesOf } from '../../src/actors/xstate-internals.ts';
import { optionsOf } from '../../src/machines/chart-options.ts';
import { assign, setupTask } from '../support/setup-task.ts';

test('names the events that a task would take, the ways of each in their order, and their guards', () => {
  const { actor, send } = setupTask();
  send(assign(), { type: 'task.start' });
  const options = optionsOf(nodesOf(actor.getSnapshot()));
  const settle = options.filter(({ event }) => event === 'task.settle');
  expect(settle.map(({ targets }) => targets[0])).toEqual([
    'completed',
    'backingOff',
    'queued',
    'queued',
    'failed',
  ]);
  expect(settle.map(({ guard }) => guard)).toEqual(['leadsTo', 'leadsTo', 'leadsTo', 'leadsTo', null]);
  expect(options.map(({ event }) => event)).not.toContain('task.assign');
});

test('names events that come by themselves', () => {
  const { actor, send } = setupTask();
  send({ type: 'task.postpone', delayMs: 1_000 });
  expect(optionsOf(nodesOf(actor.getSnapshot()))).toContainEqual({
    event: 'xstate.after.waitMs.task.scheduled',
    guard: null,
    targets: ['queued'],
  });
});
