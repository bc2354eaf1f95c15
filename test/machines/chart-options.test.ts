import { expect, test } from 'vitest';
import { nodesOf } from '../../src/actors/xstate-internals.ts';
import { type ChartOption, optionOf, waysOf } from '../../src/machines/chart-options.ts';
import { assign, setupTask } from '../support/setup-task.ts';
import { setupWorker } from '../support/setup-worker.ts';

function optionsOf(nodes: Parameters<typeof waysOf>[0]): readonly ChartOption[] {
  return waysOf(nodes).map(optionOf);
}

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
    from: 'scheduled',
    event: 'xstate.after.waitMs.task.scheduled',
    guard: null,
    targets: ['queued'],
  });
});

test('names what is taken at once as soon as its guard lets it, the innermost states first', () => {
  const { actor, run, order } = setupWorker();
  run(1);
  order('drain');
  const options = optionsOf(nodesOf(actor.getSnapshot()));
  expect(options).toContainEqual({
    from: 'admission.draining',
    event: '',
    guard: 'isIdle',
    targets: ['admission.drained'],
  });
  expect(options[0]?.from).toBe('liveness.watched.probing');
  expect(options.at(-1)?.from).toBe('');
});

test('names the regions of a state in the order of the chart, whatever order they come in', () => {
  const { actor } = setupWorker();
  const nodes = nodesOf(actor.getSnapshot());
  expect(optionsOf(nodes.toReversed())).toEqual(optionsOf(nodes));
});
