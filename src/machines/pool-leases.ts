import { type Dispatch, nextDispatch } from './dispatch.ts';
import { bearingOf } from './endpoint-bearing.ts';
import type { EndpointCommand } from './endpoint-machine.ts';
import type { RecordedFact } from './facts.ts';
import type { WorkerId } from './identifiers.ts';
import { limits } from './limits.ts';
import type { Failure } from './outcome.ts';
import type { Demand, WorkerView } from './placement.ts';
import type { PoolContext } from './pool-context.ts';
import type { LeaseName } from './pool-events.ts';
import { type Command, refuse, type Scope } from './pool-tasks.ts';
import type { Span } from './prediction.ts';
import type { RoutingInput } from './routing.ts';
import type { LiveTask, TaskBoard } from './task-board.ts';
import type { Run } from './worker-events.ts';
import type { SettledReport } from './worker-reports.ts';
import type { RosterEntry, WorkerRef } from './worker-roster.ts';

/** What the pool does with leases: gives them out, and takes them back. */

/** A colon stands in no worker's name. */
const endpointPrefix = 'endpoint:';

/** The name of the actor that is the breaker of an endpoint. */
export function actorOfEndpoint(endpoint: string): string {
  return `${endpointPrefix}${endpoint}`;
}

/** The endpoint behind the name of an actor; `undefined` for an actor that is none. */
export function endpointOfActor(actorId: string): string | undefined {
  return actorId.startsWith(endpointPrefix) ? actorId.slice(endpointPrefix.length) : undefined;
}

export function workerRef(pool: Scope['self'], id: WorkerId): WorkerRef | undefined {
  return pool.getSnapshot().children[id] as WorkerRef | undefined;
}

export function tellEndpoint(pool: Scope['self'], endpoint: string, command: EndpointCommand): void {
  pool.getSnapshot().children[actorOfEndpoint(endpoint)]?.send(command);
}

export function routingOf({ policy, book, roster }: PoolContext): RoutingInput {
  return {
    isFullyStaffed: roster.openCount >= policy.workersMax,
    policy: policy.routing,
    configVersion: policy.version,
    numCtxOf: policy.numCtxOf,
    expectedMs: (worker, demand, model) => expected(book, worker, demand, model)?.p50Ms ?? null,
  };
}

function expected(
  book: PoolContext['book'],
  { workerId }: WorkerView,
  { taskType, promptChars }: Demand,
  model: string,
): Span | null {
  return book.estimate({ workerId, model, taskType, promptChars });
}

/** Hands out what can be handed out, each task to the worker that its rule says. */
export function dispatch({ context, self }: Scope): void {
  const { board, roster, ports } = context;
  const most = Math.min(roster.room, limits.dispatchPerTurn);
  const input = routingOf(context);
  const walk = board.ready.walk();
  for (let handed = 0; handed < most; handed += 1) {
    const next = nextDispatch(walk, roster, input);
    if (next === undefined) break;
    if (next.kind === 'placed') assign(context, self, next);
    else {
      refuse(context, next.task, next.decision);
      ports.wantTurn(); // It has taken the turn of another, and leaves its place in the window.
    }
  }
  if (most === limits.dispatchPerTurn) ports.wantTurn();
}

/** Asks for rows where a window has room: also while nothing is handed out, so that those who wait longest are first then. */
export function refill({ context: { board, ports } }: Scope): void {
  const shortages = board.shortages();
  if (shortages.length > 0) ports.wantRows(shortages);
}

function assign(
  context: PoolContext,
  pool: Scope['self'],
  { task, worker, reason }: Extract<Dispatch, { kind: 'placed' }>,
): void {
  context.board.ready.remove(task);
  const { model } = reason;
  const { workerId, endpoint } = worker;
  const assignmentId = context.roster.lease(worker, task.ticket.taskId, model);
  context.board.lend(task, {
    assignmentId,
    workerId,
    model,
    expected: expected(context.book, worker, task.demand, model),
  });
  task.ref.send({ type: 'task.assign', assignmentId, workerId, reason });
  if (endpoint.breaker === 'halfOpen') {
    // Until its breaker says so itself: nobody else shall try in the same turn.
    endpoint.breaker = 'trying';
    tellEndpoint(pool, endpoint.name, { type: 'endpoint.trial', assignmentId });
  }
}

/** The leases are on disk: the workers begin. A lease that ended in the meantime gives its slot back instead. */
export function handOver({ context, self }: Scope, event: Omit<Command<'pool.committed'>, 'type'>): void {
  const runs = new Map<WorkerRef, Run[]>();
  for (const { taskId, assignmentId, workerId: holder, model } of event.leased) {
    const task = context.board.get(taskId);
    const worker = workerRef(self, holder);
    if (task?.lease?.assignmentId !== assignmentId || worker === undefined) {
      const entry = context.roster.get(holder);
      if (entry !== undefined) giveBack(context, self, entry, { assignmentId });
      context.ports.wantTurn();
      continue;
    }
    task.ref.send({ type: 'task.start' });
    const run = { taskId, assignmentId, model };
    const others = runs.get(worker);
    if (others === undefined) runs.set(worker, [run]);
    else others.push(run);
  }
  for (const [worker, leases] of runs) worker.send({ type: 'worker.run', leases });
  for (const lease of event.cancelled) stopWork(self, lease);
}

/** A lease that nobody waits for says nothing of its endpoint; if it was the trial, another may try. */
export function giveBack(
  { roster }: PoolContext,
  pool: Scope['self'],
  entry: RosterEntry,
  { assignmentId }: Pick<LeaseName, 'assignmentId'>,
): void {
  const endpoint = entry.leases.get(assignmentId)?.endpoint;
  if (!roster.release(entry, assignmentId) || endpoint?.breaker !== 'trying') return;
  const outcome = { kind: 'cancelled' } as const;
  tellEndpoint(pool, endpoint.name, { type: 'endpoint.settled', assignmentId, outcome, draw: 0 });
}

/** The fencing: a report counts only under the token that its task holds now, and from the worker that it was given to. */
export function isCurrent(context: PoolContext, report: SettledReport): boolean {
  const lease = context.board.get(report.taskId)?.lease;
  return lease?.assignmentId === report.assignmentId && lease.workerId === report.workerId;
}

/** Only of a report that {@link isCurrent}: its task is there, and under this lease. */
export function settle(scope: Scope, report: SettledReport): void {
  const { board } = scope.context;
  const task = board.get(report.taskId);
  freeSlot(scope, report);
  if (task === undefined) return;
  learn(scope.context, task, report);
  endLease(board, task, report);
}

function learn({ book, predictionError }: PoolContext, task: LiveTask, report: SettledReport): void {
  const { workerId, elapsedMs, outcome } = report;
  const { lease, demand } = task;
  // An answer that was at hand tells nothing of the speed of a worker.
  if (lease === null || outcome.kind !== 'succeeded' || outcome.usage.doneReason === 'cached') return;
  if (lease.expected !== null) predictionError.note(lease.expected, elapsedMs);
  const { taskType, promptChars } = demand;
  book.learn({ workerId, model: lease.model, taskType, promptChars, durationMs: elapsedMs });
}

function endLease(
  board: TaskBoard,
  task: LiveTask,
  { outcome, draw, elapsedMs }: Pick<SettledReport, 'outcome' | 'draw' | 'elapsedMs'>,
): void {
  board.takeBack(task);
  task.ref.send({ type: 'task.settle', outcome, draw, elapsedMs });
}

/** Gives the slot back, and tells the breaker of its endpoint what there is to tell. */
export function freeSlot({ context, self }: Scope, report: SettledReport): void {
  const { workerId: holder, taskId, assignmentId, outcome, draw } = report;
  const entry = context.roster.get(holder);
  const lease = entry?.leases.get(assignmentId);
  if (entry === undefined || lease?.taskId !== taskId) return;
  context.roster.release(entry, assignmentId);
  const { endpoint } = lease;
  const bearing = bearingOf(outcome);
  // Nearly all succeed, at endpoints that never failed: there is nothing that a breaker could learn from these.
  if (bearing !== 'failure' && endpoint.breaker === 'closed' && !endpoint.hasFailures) return;
  endpoint.hasFailures = bearing === 'failure' || (bearing === 'nothing' && endpoint.hasFailures);
  tellEndpoint(self, endpoint.name, { type: 'endpoint.settled', assignmentId, outcome, draw });
}

/** Nobody waits any more for what a task still runs. */
export function stopWork(pool: Scope['self'], lease: Omit<LeaseName, 'taskId'>): void {
  workerRef(pool, lease.workerId)?.send({ type: 'worker.stop', assignmentId: lease.assignmentId });
}

/** The leases of a lost worker end: their tasks wait again at their old places, and what it still does is stopped. */
export function releaseLeases(
  { context, self }: Scope,
  { workerId: holder, detail }: { readonly workerId: WorkerId; readonly detail: string },
): void {
  const entry = context.roster.get(holder);
  if (entry === undefined) return;
  const failure: Failure = { code: 'worker.lost', message: `worker ${holder} was lost: ${detail}` };
  for (const [assignmentId, { taskId }] of [...entry.leases]) {
    giveBack(context, self, entry, { assignmentId });
    const task = context.board.get(taskId);
    if (task?.lease?.assignmentId === assignmentId) {
      endLease(context.board, task, { outcome: { kind: 'released', failure }, draw: 0, elapsedMs: 0 });
    }
    stopWork(self, { assignmentId, workerId: holder });
  }
}

/** The grace of a drain is over: what still runs goes back to the queue, for the next start. */
export function releaseAll(scope: Scope): void {
  for (const entry of scope.context.roster.all()) {
    releaseLeases(scope, { workerId: entry.workerId, detail: 'the server is stopping' });
  }
}

export function lateFact(report: SettledReport): RecordedFact {
  const { taskId, assignmentId } = report;
  return {
    type: 'worker.reported_late',
    workerId: report.workerId,
    taskId,
    assignmentId,
    outcome: report.outcome.kind,
  };
}
