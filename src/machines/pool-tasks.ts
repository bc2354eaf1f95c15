import type { ActionArgs } from 'xstate';
import type { Unfit } from './dispatch.ts';
import type { RecordedFact } from './facts.ts';
import type { Failure } from './outcome.ts';
import type { PoolContext, PoolRef } from './pool-context.ts';
import type { LeaseName, PoolCommand, PoolEvent, RowPlace } from './pool-events.ts';
import { giveBack, routingOf, stopWork } from './pool-leases.ts';
import { smallTokens } from './route-class.ts';
import { route } from './routing.ts';
import { seatOfActor } from './seat.ts';
import type { LiveTask, TaskBoard } from './task-board.ts';
import type { TaskInput, TaskReport } from './task-events.ts';
import type { TaskTicket } from './task-ticket.ts';

/**
 * What the pool does with tasks. Its actions change the registries in place and talk to children. They are total: a throw
 * here would end the pool, and with it everything.
 */
export type Scope = Pick<ActionArgs<PoolContext, PoolEvent, PoolEvent>, 'context' | 'self'>;
export type Command<T extends PoolCommand['type']> = Extract<PoolCommand, { type: T }>;

export function inherit({ context }: Scope, { waiting }: Pick<Command<'pool.open'>, 'waiting'>): void {
  for (const rows of waiting) context.board.inherit(rows);
  context.ports.wantTurn();
}

export function admit({ context, self }: Scope, { tickets }: Pick<Command<'pool.admit'>, 'tickets'>): void {
  for (const ticket of tickets) {
    if (context.board.hasRoomFor(ticket)) refuseIfUnfit(context, bringToLife(context, self, ticket));
    else if (ticket.delayMs === 0) context.board.leaveDormant(ticket);
  }
  context.ports.wantTurn();
}

export function activate({ context, self }: Scope, event: Omit<Command<'pool.activate'>, 'type'>): void {
  const { board } = context;
  for (const ticket of event.tickets) {
    if (board.get(ticket.taskId) !== undefined) continue;
    board.awaken(ticket);
    refuseIfUnfit(context, bringToLife(context, self, ticket));
  }
  board.readRows(event.tier, event.tickets.at(-1)?.seq ?? 0, event.exhausted);
  context.ports.wantTurn();
}

function bringToLife(context: PoolContext, pool: PoolRef, ticket: TaskTicket): LiveTask {
  const { board, ports, policy } = context;
  const seat = board.takeSeat();
  const input: TaskInput = {
    taskId: ticket.taskId,
    pool,
    leases: ticket.leases,
    failures: ticket.failures,
    retryPolicy: { ...policy.backoff, retriesMax: ticket.retriesMax },
    // Whoever names a model means it.
    fallbackChain: ticket.model === null ? policy.fallbackChain : [],
    fallbacks: ticket.fallbacks,
  };
  const ref = ports.spawnTask(pool, seat, input, () => forgetEnded(board, seat));
  const task = board.sit(seat, ticket, ref);
  if (ticket.delayMs > 0) ref.send({ type: 'task.postpone', delayMs: ticket.delayMs });
  else board.ready.add(task);
  return task;
}

/** What is too long for all is told at once, and not when its turn comes. */
function refuseIfUnfit(context: PoolContext, task: LiveTask): void {
  const { promptTokens, answerTokens, numCtx } = task.demand;
  if ((promptTokens ?? 0) + answerTokens <= Math.min(smallTokens, numCtx ?? smallTokens)) return;
  const decision = route(task.demand, context.roster.all(), routingOf(context));
  if (decision.kind === 'unfit') refuse(context, task, decision);
}

export function markReady(
  { context }: Scope,
  { taskId, fallbackModel }: Pick<TaskReport, 'taskId' | 'fallbackModel'>,
): void {
  const task = context.board.get(taskId);
  if (task === undefined) return;
  context.board.useModel(task, fallbackModel);
  context.board.ready.add(task);
  context.ports.wantTurn();
}

/** It fits nowhere, and would wait for ever. */
export function refuse({ board }: PoolContext, task: LiveTask, { neededTokens, windows }: Unfit): void {
  board.ready.remove(task);
  const largest = windows.reduce((a, b) => (b.tokens > a.tokens ? b : a));
  const number = (value: number) => value.toLocaleString('en-US');
  const failure: Failure = {
    code: 'input.too_long',
    message:
      `prompt and answer need about ${number(neededTokens)} tokens, and the largest context of the workers that may ` +
      `take this task holds ${number(largest.tokens)} (${largest.worker} with ${largest.model}): shorten the prompt, or raise num_ctx or max_tokens`,
  };
  task.ref.send({ type: 'task.refuse', failure });
}

export function cancelTask(
  { context, self }: Scope,
  { ticket, place }: Omit<Command<'pool.cancel'>, 'type'>,
): void {
  const { board } = context;
  const task = living(context, self, ticket, place);
  if (task === undefined) return;
  board.ready.remove(task);
  board.takeBack(task);
  task.ref.send({ type: 'task.cancel' });
}

export function reprioritize(
  { context, self }: Scope,
  { ticket, place, priority }: Omit<Command<'pool.reprioritize'>, 'type'>,
): void {
  const task = living(context, self, ticket, place);
  if (task === undefined || task.priority === priority) return;
  context.board.reprioritize(task, priority);
  task.ref.send({ type: 'task.reprioritize', priority });
  context.ports.wantTurn();
}

/** The actor of a task: what waits as a row is brought to life, since a task is changed by its actor and by nothing else. */
function living(
  context: PoolContext,
  pool: PoolRef,
  ticket: TaskTicket,
  place: RowPlace,
): LiveTask | undefined {
  const { board } = context;
  const task = board.get(ticket.taskId);
  if (task !== undefined) return task;
  if (place === 'held') return undefined; // Its ending is on its way to the disk.
  if (place === 'waiting') board.awaken(ticket);
  return bringToLife(context, pool, ticket);
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
      const entry = roster.get(task.lease.workerId);
      if (entry !== undefined) giveBack(context, self, entry, task.lease);
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

/** The execution of a task whose actor crashed has nobody to report to. */
export function abandonWork({ context, self }: Scope, { actorId }: { actorId: string }): void {
  const lease = leaseOnRecord(context.board.atSeat(seatOfActor(actorId) ?? 0));
  if (lease !== null) stopWork(self, lease);
}

/** A transition that throws says nothing, so the row still has the lease that the actor had before it. */
function leaseOnRecord(task: LiveTask | undefined): Omit<LeaseName, 'taskId'> | null {
  return task?.ref.getSnapshot().context.lease ?? null;
}

export function forgetCrashed({ context }: Scope, { actorId }: { actorId: string }): void {
  const seat = seatOfActor(actorId);
  if (seat !== undefined) forgetEnded(context.board, seat);
}

/** Told by the task itself, in its last transition. */
function forgetEnded(board: TaskBoard, seat: number): void {
  const task = board.atSeat(seat);
  if (task !== undefined) board.leave(task);
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
