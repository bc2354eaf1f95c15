import { describe, expect, test } from 'vitest';
import { graphOf } from '../../src/chart-graph.ts';
import { chartMachines } from '../../src/charts.ts';
import { boxFigures, wayFigures, waysBetween } from '../../src/http/dashboard/chart-figures.ts';
import { merged } from '../../src/http/dashboard/chart-tallies.ts';
import type { MachineFigures } from '../../src/runtime/inspection-figures.ts';

function graph(id: string) {
  const machine = chartMachines().find((each) => each.id === id);
  if (machine === undefined) throw new Error(`no machine ${id}`);
  return graphOf(machine);
}

const nothing: MachineFigures = { live: 0, begun: 0, states: [], edges: [], kept: [] };
const state = (name: string, count: number, entered = count, stayed_ms = 0) => ({
  state: name,
  count,
  entered,
  stayed_ms,
  stays: [],
  crashed: 0,
});
const edge = (from: string, to: string, event: string, count = 1) => ({
  from,
  to,
  event,
  count,
  per_second: count / 2,
});

describe('the figures of a state', () => {
  test('are those of the states within it together, but for states that are only called alike', () => {
    const figures = {
      ...nothing,
      states: [state('leased.assigned', 1, 5, 20), state('leased.running', 2, 4, 40), state('leasedOut', 7)],
    };
    expect(boxFigures(figures, 'leased')).toEqual({ count: 3, entered: 9, crashed: 0, meanMs: 10 });
    expect(boxFigures(figures, 'leased.running').meanMs).toBe(20);
    expect(boxFigures(figures, 'leasedOut').meanMs).toBeNull();
    expect(boxFigures(figures, '').count).toBe(10);
  });
});

describe('what was counted between two states stands on its way', () => {
  test.each([
    ['task', 'queued', 'leased.assigned', 'task.assign', 'queued task.assign leased'],
    ['task', 'leased.running', 'cancelled', 'task.cancel', 'leased task.cancel cancelled'],
    ['pool', 'starting', 'running.accepting', 'pool.open', 'starting pool.open running'],
    ['endpoint', 'closed', 'open.sentAway', 'endpoint.settled', ' endpoint.settled open.sentAway'],
    ['endpoint', 'open.resting', 'closed', 'endpoint.settled', 'open.resting endpoint.settled closed'],
    [
      'worker',
      'liveness.watched.alive',
      'liveness.unwatched',
      'xstate.error.actor.*',
      'liveness.watched xstate.error.actor.heartbeat liveness.unwatched',
    ],
  ])('%s: %s to %s by %s', (machine, from, to, event, expected) => {
    const chart = graph(machine);
    const found = wayFigures(chart, { ...nothing, edges: [edge(from, to, event, 6)] });
    const ways = chart.ways.filter(({ id }) => found.has(id));
    expect(ways.map((way) => `${way.from} ${way.event} ${way.to}`)).toEqual([expected]);
    expect([...found.values()]).toEqual([{ count: 6, perSecond: 3, failures: {}, isShared: false }]);
  });

  test('says so where only a guard tells two ways apart, and sums up the failures', () => {
    const chart = graph('task');
    const failing = { ...edge('leased.running', 'queued', 'task.settle', 2), failures: { 'worker.lost': 2 } };
    const found = wayFigures(chart, { ...nothing, edges: [failing] });
    expect([...found.values()]).toEqual([
      { count: 2, perSecond: 1, failures: { 'worker.lost': 2 }, isShared: true },
      { count: 2, perSecond: 1, failures: { 'worker.lost': 2 }, isShared: true },
    ]);
  });

  test('what left all actors in their states stands beside the chart', () => {
    const chart = graph('pool');
    const kept = [{ event: 'pool.admit', count: 3, per_second: 1 }];
    const found = wayFigures(chart, { ...nothing, kept });
    expect(chart.ways.filter(({ id }) => found.has(id)).map(({ label }) => label)).toEqual(['pool.admit']);
  });

  test('a transition of one actor is found again with the child that it names', () => {
    const ways = waysBetween(
      graph('worker'),
      'liveness.watched.lost',
      'liveness.unwatched',
      'xstate.error.actor.heartbeat',
    );
    expect(ways.map(({ to }) => to)).toEqual(['liveness.unwatched']);
  });
});

test('a difference replaces what it names, and leaves the rest as it is', () => {
  const before = {
    task: {
      ...nothing,
      live: 1,
      states: [state('queued', 1), state('failed', 0)],
      edges: [edge('a', 'b', 'e')],
    },
    pool: nothing,
  };
  const change = { ...nothing, live: 2, states: [state('queued', 2)], edges: [edge('a', 'b', 'f')] };
  const after = merged(before, { task: change, worker: nothing });
  expect(after['task']).toEqual({
    ...change,
    states: [state('queued', 2), state('failed', 0)],
    edges: [edge('a', 'b', 'e'), edge('a', 'b', 'f')],
  });
  expect(after['pool']).toBe(nothing);
  expect(after['worker']).toBe(nothing);
});
