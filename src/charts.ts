import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { endpointMachine } from './machines/endpoint-machine.ts';
import { joinMachine } from './machines/join-machine.ts';
import { journalMachine } from './machines/journal-machine.ts';
import { poolMachine } from './machines/pool-machine.ts';
import { taskMachine } from './machines/task-machine.ts';
import { workerMachine } from './machines/worker-machine.ts';

/**
 * The charts of the machines as Mermaid diagrams, drawn from the definitions that run: `npm run charts` writes them to
 * `docs/charts`, and a test fails when one is out of date.
 */

type Transition = ReturnType<AnyStateNode['transitions']['get']> extends (infer T)[] | undefined ? T : never;

/** Where transitions of the machine itself start: they are taken in every state. */
const anywhere = 'anywhere';

/**
 * A machine as a Mermaid `stateDiagram-v2`. What the machine does in every state without leaving it is not in the
 * picture, which it would bury: see {@link charts}. The same definition gives the same text.
 */
export function chartOf(machine: AnyStateMachine): string {
  const { root } = machine;
  const edges = edgesOf(root, anywhere);
  const origin = edges.length === 0 ? [] : [`state "in every state" as ${anywhere}`];
  return ['stateDiagram-v2', ...indented([...statesIn(root), ...origin, ...edges, ...edgesIn(root)])].join(
    '\n',
  );
}

/** The text of each page of `docs/charts`, by its file name. */
export function charts(): Record<string, string> {
  return Object.fromEntries(pages.map((page) => [`${page.machine.id}.md`, pageOf(page)]));
}

function pageOf({ machine, title, japanese, sentence }: (typeof pages)[number]): string {
  const source = `src/machines/${machine.id}-machine.ts`;
  const parts = [
    `# ${title} / ${japanese}`,
    sentence,
    `\`\`\`mermaid\n${chartOf(machine)}\n\`\`\``,
    ...everywhere(machine),
    `Drawn from [${source}](../../${source}) by \`npm run charts\`.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** What the machine does in every state without leaving it, as a table. */
function everywhere({ root }: AnyStateMachine): readonly string[] {
  const stay = transitionsOf(root).filter(({ target }) => target === undefined);
  if (stay.length === 0) return [];
  const rows = stay.map(({ eventType, guard, actions }) => {
    const condition = guard === undefined ? '' : nameOf(guard);
    return `| ${eventName(eventType)} | ${condition} | ${namesOf(actions)} |`;
  });
  return [
    ['In every state, without leaving it:', '', '| on | if | does |', '|---|---|---|', ...rows].join('\n'),
  ];
}

const pages = [
  {
    machine: poolMachine,
    title: 'The pool',
    japanese: 'プール',
    sentence: 'Admits tasks, hands them to workers, supervises both, and drains before it stops.',
  },
  {
    machine: workerMachine,
    title: 'A worker',
    japanese: 'ワーカー',
    sentence:
      'Lives by its heartbeats, and runs tasks in its slots meanwhile: the one does not wait for the other.',
  },
  {
    machine: taskMachine,
    title: 'A task',
    japanese: 'タスク',
    sentence:
      'Waits, is leased to a worker, and either ends or waits again; a cancel is whole in every state.',
  },
  {
    machine: journalMachine,
    title: 'The journal',
    japanese: 'ジャーナル',
    sentence: 'Writes what happened; while the disk fails it keeps that, tells nobody, and tries again.',
  },
  {
    machine: endpointMachine,
    title: 'An endpoint and its circuit breaker',
    japanese: 'エンドポイントと遮断器',
    sentence:
      'Leaves a server alone that fails again and again or asks for it, and lets one task find out whether it works again.',
  },
  {
    machine: joinMachine,
    title: 'The connection of a worker that joins',
    japanese: '参加するワーカーの接続',
    sentence:
      'Dials the pool, greets it, works, and comes back after each cut; only a refusal for good ends it.',
  },
] as const;

function statesIn(parent: AnyStateNode): readonly string[] {
  const lines = Object.values(parent.states).flatMap((node) => {
    const children = statesIn(node);
    if (children.length === 0) return boxOf(node);
    const title = [node.key, ...remarksOn(node)].join(' · ');
    return [`state "${title}" as ${idOf(node)} {`, ...indented(children), '}'];
  });
  if (parent.type === 'parallel') return lines;
  const first = parent.initial?.target[0];
  return first === undefined ? lines : [`[*] --> ${idOf(first)}`, ...lines];
}

function boxOf(node: AnyStateNode): readonly string[] {
  const id = idOf(node);
  const ending = node.type === 'final' ? [`${id} --> [*]`] : [];
  // Named by itself, since Mermaid takes the first remark on a state without a name for its name.
  return [`state "${node.key}" as ${id}`, ...remarksOn(node).map((remark) => `${id} : ${remark}`), ...ending];
}

/** What a state does without leaving it: on entry, with its actors, and on events. */
function remarksOn(node: AnyStateNode): readonly string[] {
  const on = (word: string, all: readonly unknown[]) => {
    const actions = all.filter((action) => !isTimer(action));
    return actions.length === 0 ? [] : [`${word} / ${namesOf(actions)}`];
  };
  return [
    ...on('entry', node.entry),
    ...on('exit', node.exit),
    ...node.invoke.map(({ src }) => `runs ${String(src)}`),
    ...transitionsOf(node)
      .filter(({ target }) => target === undefined)
      .map(labelOf),
  ];
}

function edgesIn(parent: AnyStateNode): readonly string[] {
  return Object.values(parent.states).flatMap((node) => [...edgesOf(node, idOf(node)), ...edgesIn(node)]);
}

function edgesOf(node: AnyStateNode, from: string): readonly string[] {
  return transitionsOf(node).flatMap((transition) =>
    (transition.target ?? []).map((target) => `${from} --> ${idOf(target)} : ${labelOf(transition)}`),
  );
}

function transitionsOf(node: AnyStateNode): readonly Transition[] {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
}

/** `event [guard] / actions`, without the characters that mean something to Mermaid. */
function labelOf({ eventType, guard, actions }: Transition): string {
  const condition = guard === undefined ? '' : ` [${nameOf(guard)}]`;
  const effect = actions.length === 0 ? '' : ` / ${namesOf(actions)}`;
  return `${eventName(eventType)}${condition}${effect}`.replaceAll(/[:;#"]/g, ' ');
}

function eventName(type: string): string {
  if (type === '') return 'always';
  const [, kind, name = ''] = /^xstate\.(after|done\.actor|error\.actor)\.([^.]+)/.exec(type) ?? [];
  const child = name === '*' ? 'a child' : name;
  switch (kind) {
    case 'after':
      return `after ${name}`;
    case 'done.actor':
      return `${child} is done`;
    case 'error.actor':
      return `${child} crashes`;
    default:
      return type;
  }
}

/** What XState does for an `after`, which is an edge of the picture. */
function isTimer(action: unknown): boolean {
  return ['xstate.raise', 'xstate.cancel'].includes(nameOf(action));
}

function namesOf(actions: readonly unknown[]): string {
  return actions.map(nameOf).join(', ');
}

/** The name under which `setup` knows an action or a guard; of one of XState's own, what it does. */
function nameOf(named: unknown): string {
  if (typeof named === 'string') return named;
  const { type = '', src } = named as { type?: string; src?: string };
  return type === 'xstate.spawnChild' ? `spawn ${src}` : type;
}

function idOf(node: AnyStateNode): string {
  return node.path.join('_');
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}
