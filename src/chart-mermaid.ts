import type { ChartGraph, ChartState, ChartWay } from './chart-graph.ts';

/** Where ways of the machine itself start: they are taken in every state. */
const anywhere = 'anywhere';

/**
 * A machine as a Mermaid `stateDiagram-v2`. What the machine does in every state without leaving it is not in the
 * picture, which it would bury. The same graph gives the same text.
 */
export function mermaidOf(graph: ChartGraph): string {
  const edges = edgesOf(graph);
  const hasOrigin = edges.some((line) => line.startsWith(`${anywhere} `));
  const origin = hasOrigin ? [`state "in every state" as ${anywhere}`] : [];
  return ['stateDiagram-v2', ...indented([...statesIn(graph, ''), ...origin, ...edges])].join('\n');
}

/** What the machine does in every state without leaving it. */
export function keptWays({ ways }: ChartGraph): readonly ChartWay[] {
  return ways.filter(({ from, to }) => from === '' && to === null);
}

function statesIn(graph: ChartGraph, parentId: string): readonly string[] {
  const parent = graph.states.find(({ id }) => id === parentId);
  const lines = graph.states
    .filter((state) => state.parent === parentId)
    .flatMap((state) => {
      const children = statesIn(graph, state.id);
      if (children.length === 0) return boxOf(graph, state);
      const title = [state.name, ...remarksOn(graph, state)].join(' · ');
      return [`state "${title}" as ${wordOf(state.id)} {`, ...indented(children), '}'];
    });
  const first = parent?.initial ?? null;
  return first === null ? lines : [`[*] --> ${wordOf(first)}`, ...lines];
}

function boxOf(graph: ChartGraph, state: ChartState): readonly string[] {
  const id = wordOf(state.id);
  const ending = state.kind === 'final' ? [`${id} --> [*]`] : [];
  const remarks = remarksOn(graph, state).map((remark) => `${id} : ${remark}`);
  // Named by itself, since Mermaid takes the first remark on a state without a name for its name.
  return [`state "${state.name}" as ${id}`, ...remarks, ...ending];
}

/** What a state does without leaving it: on entry, with its actors, and on events. */
function remarksOn({ ways }: ChartGraph, { id, entry, exit, runs }: ChartState): readonly string[] {
  return [
    ...(entry.length === 0 ? [] : [`entry / ${entry.join(', ')}`]),
    ...(exit.length === 0 ? [] : [`exit / ${exit.join(', ')}`]),
    ...runs.map((src) => `runs ${src}`),
    ...ways.filter(({ from, to }) => from === id && to === null).map(labelOf),
  ];
}

function edgesOf({ ways }: ChartGraph): readonly string[] {
  return ways.flatMap((way) =>
    way.to === null
      ? []
      : [`${way.from === '' ? anywhere : wordOf(way.from)} --> ${wordOf(way.to)} : ${labelOf(way)}`],
  );
}

/** `event [guard] / actions`, without the characters that mean something to Mermaid. */
function labelOf({ label, guard, actions }: ChartWay): string {
  const condition = guard === null ? '' : ` [${guard}]`;
  const effect = actions.length === 0 ? '' : ` / ${actions.join(', ')}`;
  return `${label}${condition}${effect}`.replaceAll(/[:;#"]/g, ' ');
}

function wordOf(id: string): string {
  return id.replaceAll('.', '_');
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}
