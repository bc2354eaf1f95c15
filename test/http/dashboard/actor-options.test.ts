import { describe, expect, test } from 'vitest';
import type { AnyMachineSnapshot } from 'xstate';
import { nodesOf } from '../../../src/actors/xstate-internals.ts';
import { graphOf } from '../../../src/chart-graph.ts';
import { nextWays } from '../../../src/http/dashboard/actor-options.ts';
import { taskMachine } from '../../../src/machines/task-machine.ts';
import { workerMachine } from '../../../src/machines/worker-machine.ts';
import { actorOptions } from '../../../src/runtime/inspection-guards.ts';
import { assign, setupTask } from '../../support/setup-task.ts';
import { setupWorker } from '../../support/setup-worker.ts';

const workerGraph = graphOf(workerMachine);

/** What the server says of an actor, as it would be sent. */
function seen(actor: { getSnapshot: () => unknown }) {
  const snapshot = actor.getSnapshot() as AnyMachineSnapshot;
  const nodes = nodesOf(snapshot);
  const leaves = nodes.filter(({ type }) => type === 'atomic' || type === 'final');
  return { states: leaves.map(({ path }) => path.join('.')), next: actorOptions(snapshot, nodes) };
}

function drained() {
  const bench = setupWorker();
  bench.run(1);
  bench.beat();
  bench.order('drain');
  return seen(bench.actor);
}

describe('the ways that an actor has now', () => {
  test('each know how they stand by what the server says of them', () => {
    const { states, next } = drained();
    const ways = nextWays(workerGraph, states, next);
    expect(ways.length).toBeGreaterThan(8);
    expect(ways.filter(({ standing }) => standing === null)).toEqual([]);
    const idle = ways.find(({ way }) => way.guard === 'isIdle');
    expect([idle?.standing, idle?.way.to]).toEqual(['closed', 'admission.drained']);
  });

  test('are the innermost first, and none where it has ended', () => {
    const { actor, send } = setupTask();
    send(assign(), { type: 'task.start' });
    const { states, next } = seen(actor);
    const graph = graphOf(taskMachine);
    expect(nextWays(graph, states, next)[0]?.way.from).toBe('leased');
    expect(nextWays(graph, ['completed'], [])).toEqual([]);
  });

  test('can be sent where they may be, each event once, and only now', () => {
    const { states, next } = drained();
    const offers = nextWays(workerGraph, states, next).flatMap(({ signal }) => signal?.event ?? []);
    expect(offers.toSorted()).toEqual(['heartbeat.missed', 'worker.probe', 'worker.rest', 'worker.resume']);
    const past = nextWays(workerGraph, states, null);
    expect(past.filter(({ signal, standing }) => signal !== null || standing !== null)).toEqual([]);
  });

  test('are not offered where another one of the same event comes first', () => {
    const { states, next } = drained();
    const closed = next.map((option) => ({ ...option, standing: 'shadowed' as const }));
    expect(nextWays(workerGraph, states, closed).filter(({ signal }) => signal !== null)).toEqual([]);
  });
});
