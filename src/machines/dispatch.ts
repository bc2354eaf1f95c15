import { isWarmOn } from './outlook.ts';
import type { DispatchReason, Keeping } from './placement.ts';
import type { ReadyWalk } from './ready-index.ts';
import { type Decision, type RoutingInput, route } from './routing.ts';
import type { LiveTask } from './task-board.ts';
import type { RosterEntry, WorkerRoster } from './worker-roster.ts';

/** What is to be done with the next task that something can be done with. */
export type Dispatch =
  | {
      readonly kind: 'placed';
      readonly task: LiveTask;
      readonly worker: RosterEntry;
      readonly reason: DispatchReason;
    }
  | { readonly kind: 'unfit'; readonly task: LiveTask; readonly decision: Unfit };

export type Unfit = Extract<Decision, { kind: 'unfit' }>;
type Placed = Extract<Decision<RosterEntry>, { kind: 'placed' }>;

/**
 * The next task to be handed out, and its worker; `undefined` when nothing more can be. On one machine the swapping of
 * models is what costs the most time. So where a task whose turn it is would have another model loaded, or waits until
 * others have left the memory that its own needs, tasks of the same priority whose model is loaded there go first, so
 * often and not oftener: then the machine takes nothing else until the task has had its turn.
 */
export function nextDispatch(
  walk: ReadyWalk<LiveTask>,
  roster: WorkerRoster,
  input: RoutingInput,
): Dispatch | undefined {
  for (;;) {
    const task = walk.head();
    if (task === undefined) return undefined;
    const decision = decide(walk, task, roster, input);
    switch (decision.kind) {
      case 'waits':
        walk.refuse(task);
        if (decision.crowded !== undefined) walk.keep(decision.crowded, task);
        break;
      case 'unfit':
        return { kind: 'unfit', task, decision };
      case 'placed':
        return warmInstead(walk, task, decision, roster, input) ?? place(walk, task, decision);
    }
  }
}

function decide(
  walk: ReadyWalk<LiveTask>,
  task: LiveTask,
  roster: WorkerRoster,
  input: RoutingInput,
): Decision<RosterEntry> {
  const keeping = walk.keepsAny ? keepingFrom(walk, task, input.policy.bypassesMax) : undefined;
  return route(task.demand, roster.all(), input, keeping);
}

/** What is kept for tasks that came before this one, unless it may pass them. */
function keepingFrom(walk: ReadyWalk<LiveTask>, task: LiveTask, bypassesMax: number): Keeping {
  return {
    isKept: (host, isWarm) => {
      const keeper = walk.keeperOf(host);
      return keeper !== undefined && !(isWarm && mayBePassed(keeper, task, bypassesMax));
    },
  };
}

function mayBePassed(task: LiveTask, by: LiveTask, bypassesMax: number): boolean {
  return task.priority === by.priority && task.bypasses < bypassesMax;
}

function place(walk: ReadyWalk<LiveTask>, task: LiveTask, { worker, reason }: Placed): Dispatch {
  const keeper = walk.keeperOf(worker.host);
  return { kind: 'placed', task, worker, reason: keeper === undefined ? reason : passing(keeper, reason) };
}

/** Counts that a task was overtaken, and says so in the reason of the other one. */
function passing(task: LiveTask, reason: DispatchReason): DispatchReason {
  task.bypasses += 1;
  return { ...reason, bypassed: task.ticket.taskId };
}

/** A task that goes first since its model is loaded where another would have to be. */
function warmInstead(
  walk: ReadyWalk<LiveTask>,
  task: LiveTask,
  { worker, warmth }: Placed,
  roster: WorkerRoster,
  input: RoutingInput,
): Dispatch | undefined {
  const { bypassesMax } = input.policy;
  if (warmth !== 'swap' || task.bypasses >= bypassesMax) return undefined;
  for (const other of walk.after(task)) {
    const isEqual = mayBePassed(task, other, bypassesMax);
    if (isEqual && !isWarmOn(other.demand, worker)) continue;
    const decision = decide(walk, other, roster, input);
    if (decision.kind !== 'placed') continue;
    // Whoever comes next by a higher priority, or by age, is not to be overtaken.
    if (!isEqual) return undefined;
    if (decision.worker !== worker || decision.warmth !== 'loaded') continue;
    return { kind: 'placed', task: other, worker, reason: passing(task, decision.reason) };
  }
  return undefined;
}

/** A worker on standby that would take the first of those that have to wait since all others are full. */
export function wantedReserve(
  walk: ReadyWalk<LiveTask>,
  roster: WorkerRoster,
  input: RoutingInput,
): RosterEntry | undefined {
  for (;;) {
    const task = walk.head();
    if (task === undefined) return undefined;
    const decision = decide(walk, task, roster, input);
    if (decision.kind === 'waits') {
      if (decision.reserve !== undefined) return decision.reserve;
      if (decision.crowded !== undefined) walk.keep(decision.crowded, task);
    }
    walk.refuse(task);
  }
}
