import type { ActionArgs } from 'xstate';
import type { RecordedFact } from './facts.ts';
import { type WorkerId, workerId } from './identifiers.ts';
import { limits } from './limits.ts';
import type { Failure } from './outcome.ts';
import type { PoolContext, PoolRef } from './pool-context.ts';
import type { PoolCommand, PoolEvent } from './pool-events.ts';
import { route } from './routing.ts';
import { type LiveTask, seatOfActor, type TaskTicket } from './task-board.ts';
import type { TaskReport } from './task-machine.ts';
import type { LivenessReport, SettledReport, WorkerSpec } from './worker-machine.ts';
import type { RosterEntry, WorkerRef } from './worker-roster.ts';

/**
 * The actions of the pool: they change its registries in place and talk to its children. They are total: a throw here
 * would end the pool, and with it everything.
 */
type Scope = Pick<ActionArgs<PoolContext, PoolEvent, PoolEvent>, 'context' | 'self'>;
type Command<T extends PoolCommand['type']> = Extract<PoolCommand, { type: T }>;

export function inherit({ context }: Scope, { waiting }: Pick<Command<'pool.open'>, 'waiting'>): void {
  for (const rows of waiting) context.board.inherit(rows);
  context.ports.wantTurn();
}

export function admit({ context, self }: Scope, { tickets }: Pick<Command<'pool.admit'>, 'tickets'>): void {
  for (const ticket of tickets) {
    if (context.board.hasRoomFor(ticket)) bringToLife(context, self, ticket);
    else if (ticket.delayMs === 0) context.board.leaveDormant(ticket);
  }
  context.ports.wantTurn();
}

export function activate({ context, self }: Scope, event: Omit<Command<'pool.activate'>, 'type'>): void {
  const { board } = context;
  for (const ticket of event.tickets) {
    if (board.get(ticket.taskId) !== undefined) continue;
    board.awaken(ticket);
    bringToLife(context, self, ticket);
  }
  board.readRows(event.tier, event.tickets.at(-1)?.seq ?? 0, event.exhausted);
  context.ports.wantTurn();
}

function bringToLife(context: PoolContext, pool: PoolRef, ticket: TaskTicket): LiveTask {
  const { board, ports } = context;
  const seat = board.takeSeat();
  const ref = ports.spawnTask(pool, seat, {
    taskId: ticket.taskId,
    pool,
    leases: ticket.leases,
    failures: ticket.failures,
    retryPolicy: { ...context.backoff, retriesMax: ticket.retriesMax },
  });
  const task = board.sit(seat, ticket, ref);
  if (ticket.delayMs > 0) ref.send({ type: 'task.postpone', delayMs: ticket.delayMs });
  else board.ready.add(task);
  return task;
}

export function markReady({ context }: Scope, { taskId }: Pick<TaskReport, 'taskId'>): void {
  const task = context.board.get(taskId);
  if (task === undefined) return;
  context.board.ready.add(task);
  context.ports.wantTurn();
}

/** Hands out what can be handed out: the highest priority first, then the oldest, each to the worker its rule says. */
export function dispatch({ context }: Scope): void {
  const { board, roster, routing, ports } = context;
  const walk = board.ready.walk();
  const most = Math.min(roster.room, limits.dispatchPerTurn);
  for (let handed = 0; handed < most; handed += 1) {
    const next = walk.next((task) => {
      const reason = route(task.ticket, roster.all(), routing);
      const worker = reason && roster.get(workerId(reason.choice));
      return worker && { reason, worker };
    });
    if (next === undefined) break;
    assign(context, next.entry, next.place);
  }
  if (most === limits.dispatchPerTurn) ports.wantTurn();
  const shortages = board.shortages();
  if (shortages.length > 0) ports.wantRows(shortages);
}

type Placement = { readonly reason: NonNullable<ReturnType<typeof route>>; readonly worker: RosterEntry };

function assign({ roster }: PoolContext, task: LiveTask, { reason, worker }: Placement): void {
  const assignmentId = roster.lease(worker, task.ticket.taskId);
  task.lease = { assignmentId, workerId: worker.workerId };
  task.ref.send({ type: 'task.assign', assignmentId, workerId: worker.workerId, reason });
}

/** The leases are on disk: the workers begin. A lease that ended in the meantime gives its slot back instead. */
export function handOver({ context, self }: Scope, event: Omit<Command<'pool.committed'>, 'type'>): void {
  for (const { taskId, assignmentId, workerId: holder } of event.leased) {
    const task = context.board.get(taskId);
    const worker = workerRef(self, holder);
    if (task?.lease?.assignmentId !== assignmentId || worker === undefined) {
      context.roster.get(holder)?.leases.delete(assignmentId);
      context.ports.wantTurn();
      continue;
    }
    task.ref.send({ type: 'task.start' });
    worker.send({ type: 'worker.run', taskId, assignmentId });
  }
  for (const lease of event.cancelled) stopWork(self, lease);
}

function workerRef(pool: Scope['self'], id: WorkerId): WorkerRef | undefined {
  return pool.getSnapshot().children[id] as WorkerRef | undefined;
}

/** The fencing: a report counts only under the token that its task holds now, and from the worker that it was given to. */
export function isCurrent(context: PoolContext, report: SettledReport): boolean {
  const lease = context.board.get(report.taskId)?.lease;
  return lease?.assignmentId === report.assignmentId && lease.workerId === report.workerId;
}

export function settle({ context }: Scope, report: SettledReport): void {
  context.roster.get(report.workerId)?.leases.delete(report.assignmentId);
  endLease(context.board.get(report.taskId), report);
}

function endLease(task: LiveTask | undefined, verdict: Pick<SettledReport, 'outcome' | 'draw'>): void {
  if (task === undefined) return;
  task.lease = null;
  task.ref.send({ type: 'task.settle', outcome: verdict.outcome, draw: verdict.draw });
}

export function freeSlot(
  { context }: Scope,
  { workerId: holder, taskId, assignmentId }: SettledReport,
): void {
  const leases = context.roster.get(holder)?.leases;
  if (leases?.get(assignmentId) === taskId) leases.delete(assignmentId);
}

export function cancelTask(
  { context, self }: Scope,
  { ticket, place }: Omit<Command<'pool.cancel'>, 'type'>,
): void {
  const { board } = context;
  let task = board.get(ticket.taskId);
  if (task === undefined) {
    if (place === 'held') return; // Its ending is on its way to the disk.
    // It waits as a row: a task is changed by its actor and by nothing else.
    if (place === 'waiting') board.awaken(ticket);
    task = bringToLife(context, self, ticket);
  }
  board.ready.remove(task);
  task.lease = null;
  task.ref.send({ type: 'task.cancel' });
}

/** Undoes what was never written: an accepted task whose commit failed, or an actor that its row contradicts. */
export function forget({ context, self }: Scope, { tasks }: Pick<Command<'pool.forget'>, 'tasks'>): void {
  const { board, roster } = context;
  for (const { taskId, waitedAt } of tasks) {
    const task = board.get(taskId);
    if (task === undefined) {
      if (waitedAt !== null) board.awaken(waitedAt);
      continue;
    }
    if (task.lease !== null) {
      roster.get(task.lease.workerId)?.leases.delete(task.lease.assignmentId);
      stopWork(self, task.lease);
    }
    task.ref.stop();
    board.leave(task);
  }
}

/** The actors of tasks end with the pool, whatever they wait for: their rows are there for the next start. */
export function dismissTasks({ context }: Scope): void {
  for (const task of context.board.all()) task.ref.stop();
}

/** Nobody waits any more for what a task still runs. */
function stopWork(
  pool: Scope['self'],
  { assignmentId, workerId: holder }: NonNullable<LiveTask['lease']>,
): void {
  workerRef(pool, holder)?.send({ type: 'worker.stop', assignmentId });
}

/** The execution of a task whose actor crashed has nobody to report to. */
export function abandonWork({ context, self }: Scope, { actorId }: { actorId: string }): void {
  const lease = leaseOnRecord(context.board.atSeat(seatOfActor(actorId) ?? 0));
  if (lease !== null) stopWork(self, lease);
}

/** A transition that throws says nothing, so the row still has the lease that the actor had before it. */
function leaseOnRecord(task: LiveTask | undefined): LiveTask['lease'] {
  return task?.ref.getSnapshot().context.lease ?? null;
}

export function forgetEnded({ context }: Scope, { actorId }: { actorId: string }): void {
  const seat = seatOfActor(actorId);
  const task = seat === undefined ? undefined : context.board.atSeat(seat);
  if (task !== undefined) context.board.leave(task);
}

export function setLiveness({ context }: Scope, report: Pick<LivenessReport, 'workerId' | 'liveness'>): void {
  const entry = context.roster.get(report.workerId);
  if (entry !== undefined) entry.liveness = report.liveness;
}

/** The leases of a lost worker end: their tasks wait again at their old places, and what it still does is stopped. */
export function releaseLeases(
  { context, self }: Scope,
  { workerId: holder, detail }: Pick<LivenessReport, 'workerId' | 'detail'>,
): void {
  const entry = context.roster.get(holder);
  if (entry === undefined) return;
  const failure: Failure = { code: 'worker.lost', message: `worker ${holder} was lost: ${detail}` };
  for (const [assignmentId, taskId] of [...entry.leases]) {
    entry.leases.delete(assignmentId);
    const task = context.board.get(taskId);
    if (task?.lease?.assignmentId === assignmentId) {
      endLease(task, { outcome: { kind: 'released', failure }, draw: 0 });
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

export function livenessFact(context: PoolContext, report: LivenessReport): RecordedFact {
  return {
    type: 'worker.changed',
    workerId: report.workerId,
    from: context.roster.get(report.workerId)?.liveness ?? 'probing',
    to: report.liveness,
    detail: report.detail,
  };
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

export function crashReport(actorId: string): Omit<LivenessReport, 'type'> {
  return {
    workerId: workerId(actorId),
    liveness: 'lost',
    detail: 'its actor crashed; the server log has the stack',
  };
}

export function specOf(context: PoolContext, actorId: string): WorkerSpec {
  const spec = context.workers.find((worker) => worker.workerId === actorId);
  if (spec === undefined) throw new TypeError(`no worker is called ${actorId}`);
  return spec;
}

export function workerCrashFact(context: PoolContext, actorId: string): RecordedFact {
  return livenessFact(context, { type: 'worker.noticed', ...crashReport(actorId) });
}

export function taskCrashFact({ board }: PoolContext, actorId: string): RecordedFact {
  const task = board.atSeat(seatOfActor(actorId) ?? 0);
  if (task === undefined) throw new TypeError(`no task sits at ${actorId}`);
  const lease = leaseOnRecord(task);
  return {
    type: 'task.failed',
    taskId: task.ticket.taskId,
    assignmentId: lease?.assignmentId ?? null,
    workerId: lease?.workerId ?? null,
    failure: {
      code: 'actor.crashed',
      message: 'the actor of this task crashed; the server log has the stack',
    },
  };
}
