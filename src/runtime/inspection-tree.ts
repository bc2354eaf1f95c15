import type { AnyActorRef } from 'xstate';
import type { InspectionHook } from '../actors/inspection-hook.ts';
import type { PoolActor } from '../actors/pool-host.ts';
import { inspectionLimits as limits } from '../machines/inspection-limits.ts';
import { actorOfEndpoint } from '../machines/pool-leases.ts';
import type { Run } from '../machines/worker-events.ts';
import { nameOfActor } from './inspection-names.ts';

/** A worker or a server, and what stands under it. */
export interface ChildBranch {
  readonly actor: string;
  /** The innermost states that it is in; none for one that has no actor, such as a worker in quarantine. */
  readonly states: readonly string[];
  /** How often its actor has crashed; each time but the last ones it was started anew. */
  readonly crashes: number;
}

export interface WorkerBranch extends ChildBranch {
  readonly executions: readonly { readonly actor: string; readonly task: string }[];
}

/** Who owns whom. Tasks are too many to be listed: they are counted, and paged by state. */
export interface SupervisionTree {
  readonly actor: 'pool';
  readonly states: readonly string[];
  readonly workers: readonly WorkerBranch[];
  readonly worker_count: number;
  readonly endpoints: readonly ChildBranch[];
  readonly endpoint_count: number;
  /** Live tasks by state. */
  readonly tasks: Readonly<Record<string, number>>;
}

export function supervisionTree(pool: PoolActor, hook: InspectionHook): SupervisionTree {
  const { children, context } = pool.getSnapshot();
  const { roster } = context;
  const workers = [...roster.all()];
  const endpoints = [...roster.endpoints()];
  const actors = new Map(Object.entries(children));
  const tasks = hook.charts.get('task')?.states ?? [];
  return {
    actor: 'pool',
    states: statesOf(pool, hook),
    workers: workers.slice(0, limits.treeActorsMax).map(({ workerId, crashSerial }) => ({
      actor: `worker:${workerId}`,
      states: statesOf(actors.get(workerId), hook),
      crashes: crashSerial,
      executions: executionsOf(actors.get(workerId), hook),
    })),
    worker_count: workers.length,
    endpoints: endpoints.slice(0, limits.treeActorsMax).map(({ name, crashSerial }) => ({
      actor: actorOfEndpoint(name),
      states: statesOf(actors.get(actorOfEndpoint(name)), hook),
      crashes: crashSerial,
    })),
    endpoint_count: endpoints.length,
    tasks: Object.fromEntries(tasks.filter(({ count }) => count > 0).map(({ name, count }) => [name, count])),
  };
}

function statesOf(actor: AnyActorRef | undefined, hook: InspectionHook): readonly string[] {
  const life = actor === undefined ? undefined : hook.lifeOf(actor);
  return life?.stays.map(({ place }) => place.name) ?? [];
}

function executionsOf(worker: AnyActorRef | undefined, hook: InspectionHook): WorkerBranch['executions'] {
  const children = (worker?.getSnapshot() as { children?: Record<string, AnyActorRef> } | undefined)
    ?.children;
  return Object.values(children ?? {})
    .filter((child) => hook.lifeOf(child)?.chart.machine === 'execution')
    .map((child) => ({
      actor: nameOfActor(child, 'execution'),
      task: (child.getSnapshot() as unknown as { run: Run }).run.taskId,
    }));
}
