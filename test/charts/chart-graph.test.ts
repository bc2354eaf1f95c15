import { describe, expect, test } from 'vitest';
import { type AnyStateNode, createMachine } from 'xstate';
import { graphOf } from '../../src/chart-graph.ts';
import { chartMachines } from '../../src/charts.ts';

function nodesIn(node: AnyStateNode): readonly AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesIn)];
}

/** Every transition of a machine, found by walking its definition: `from event -> to`. */
function walked(root: AnyStateNode): readonly string[] {
  return nodesIn(root).flatMap((node) =>
    [...[...node.transitions.values()].flat(), ...(node.always ?? [])].flatMap(({ eventType, target }) =>
      (target ?? [null]).map((end) => `${node.path.join('.')} ${eventType} -> ${end?.path.join('.')}`),
    ),
  );
}

describe.each(
  chartMachines().map((machine) => [machine.id, machine] as const),
)('the graph of the machine %s', (_id, machine) => {
  const { states, ways } = graphOf(machine);

  test('has every state once, each behind the one that it is in', () => {
    expect(states.map(({ id }) => id)).toEqual(nodesIn(machine.root).map(({ path }) => path.join('.')));
    for (const [at, { parent }] of states.entries()) {
      if (at === 0) expect(parent).toBeNull();
      else expect(states.slice(0, at).map(({ id }) => id)).toContain(parent);
    }
  });

  test('has every transition, and no other', () => {
    const drawn = ways.map(({ from, event, to }) => `${from} ${event} -> ${to ?? undefined}`);
    expect(drawn.toSorted()).toEqual(walked(machine.root).toSorted());
    expect(new Set(ways.map(({ id }) => id)).size).toBe(ways.length);
  });

  test('names every guard and every action', () => {
    for (const { guard, actions, label } of ways) {
      expect([guard ?? 'none', label, ...actions]).not.toContain('');
      expect([guard ?? '', ...actions].join()).not.toContain('xstate.');
    }
  });
});

test('all kinds of ways that XState knows are told apart', () => {
  const machine = createMachine({
    id: 'sample',
    initial: 'near',
    on: { '*': { actions: 'wonder' }, 'door.*': '.far' },
    states: {
      near: {
        initial: 'left',
        states: { left: { on: { go: 'right' } }, right: { type: 'final' } },
        invoke: { src: 'engine', id: 'engine', onDone: 'far', onError: { target: 'near', reenter: true } },
        onDone: 'both',
        after: { 500: 'far' },
        always: { guard: { type: 'isAt', params: { place: 'home' } }, target: 'far' },
      },
      both: { type: 'parallel', states: { a: {}, b: { initial: 'c', states: { c: {}, d: {} } } } },
      far: { on: { back: { target: ['both.a', 'both.b.d'], actions: 'note' } }, entry: 'rest' },
    },
  });
  const { states, ways } = graphOf(machine);
  expect(ways.map(({ from, to, kind, label }) => `${kind}: ${from} ${label} ${to}`)).toEqual([
    'any:  any event null',
    'any:  door.* far',
    'done: near near is done both',
    'done: near engine is done far',
    'error: near engine crashes near',
    'after: near after 500 far',
    'always: near always far',
    'event: near.left go near.right',
    'event: far back both.a',
    'event: far back both.b.d',
  ]);
  expect(ways.filter(({ reenters }) => reenters).map(({ label }) => label)).toEqual(['engine crashes']);
  expect(ways.find(({ kind }) => kind === 'always')).toMatchObject({ guard: 'isAt', guardParams: 'home' });
  expect(states.map(({ id, kind, initial }) => [id, kind, initial])).toEqual([
    ['', 'compound', 'near'],
    ['near', 'compound', 'near.left'],
    ['near.left', 'atomic', null],
    ['near.right', 'final', null],
    ['both', 'parallel', null],
    ['both.a', 'atomic', null],
    ['both.b', 'compound', 'both.b.c'],
    ['both.b.c', 'atomic', null],
    ['both.b.d', 'atomic', null],
    ['far', 'atomic', null],
  ]);
  expect(states.find(({ id }) => id === 'near')?.runs).toEqual(['engine']);
  expect(states.find(({ id }) => id === 'far')?.entry).toEqual(['rest']);
});
