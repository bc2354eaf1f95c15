import type { ActorRefFrom } from 'xstate';
import type { AssignmentId, TaskId, WorkerId } from './identifiers.ts';
import { limits } from './limits.ts';
import type { Demand } from './placement.ts';
import type { Span } from './prediction.ts';
import { type ReadyEntry, ReadyIndex } from './ready-index.ts';
import { routeClassOf } from './route-class.ts';
import type { taskMachine } from './task-machine.ts';
import type { TaskTicket } from './task-ticket.ts';

export type TaskRef = ActorRefFrom<typeof taskMachine>;

/** A task that lives as an actor. */
export interface LiveTask extends ReadyEntry {
  ticket: TaskTicket;
  priority: number;
  /** What it needs of a worker now; changed only while it does not wait. */
  demand: Demand;
  routeClass: string;
  /** The name of its actor. Taken from a pool of names, since XState keeps a little for each name for ever. */
  readonly seat: number;
  readonly ref: TaskRef;
  /** Changed by {@link TaskBoard.lend} and {@link TaskBoard.takeBack} alone. */
  lease: HeldLease | null;
}

/** In whose hands a task is. */
interface HeldLease {
  readonly assignmentId: AssignmentId;
  readonly workerId: WorkerId;
  readonly model: string;
  /** How long it was expected to take when it was handed out; `null` while nothing was known. */
  readonly expected: Span | null;
}

/** Tasks of one priority and type go to the same workers: they share a window, and wait for nobody else's. */
export interface TierName {
  readonly priority: number;
  readonly taskType: string;
}

/** Rows that wait in one tier; none of them has a `seq` below `firstSeq`. */
export interface WaitingCount extends TierName {
  readonly count: number;
  readonly firstSeq: number;
}

/** A window with room, and rows behind it. */
export interface Shortage extends TierName {
  readonly afterSeq: number;
  readonly limit: number;
}

/** The part of a tier that lives, and the part that waits as rows behind it. */
interface Tier extends TierName {
  /** Actors that no worker has, but for those that sat down postponed. */
  live: number;
  /** Rows behind the window. */
  waiting: number;
  /** They all have a `seq` above this one. */
  readUpTo: number;
}

function nameOf({ priority, taskType }: TierName): string {
  return `${priority} ${taskType}`;
}

/**
 * The registry of the pool, beside its snapshot: XState copies `children` at each spawn, which ten thousand tasks
 * would pay for a thousand times a second. Changed in place by the pool's actions and by nobody else.
 */
export class TaskBoard {
  readonly ready: ReadyIndex<LiveTask>;
  readonly #live = new Map<TaskId, LiveTask>();
  readonly #bySeat = new Map<number, LiveTask>();
  readonly #freeSeats: number[] = [];
  readonly #tiers = new Map<string, Tier>();
  readonly #window: number;
  readonly #tierWindow: number;
  /** `live` of all tiers. */
  #inWindow = 0;
  #seats = 0;
  /** Of the live tasks that no worker has, those that were postponed when they sat down. */
  #postponed = 0;

  /**
   * @param window waiting tasks that live as actors; no tier takes more than a tenth of it
   * @param agingMs see {@link ReadyIndex}
   */
  constructor(window: number, agingMs: number) {
    this.ready = new ReadyIndex(agingMs);
    this.#window = window;
    this.#tierWindow = Math.max(1, Math.floor(window / 10));
  }

  get liveCount(): number {
    return this.#live.size;
  }

  /** Tasks that wait as rows. */
  get dormantCount(): number {
    let count = 0;
    for (const tier of this.#tiers.values()) count += tier.waiting;
    return count;
  }

  get(taskId: TaskId): LiveTask | undefined {
    return this.#live.get(taskId);
  }

  atSeat(seat: number): LiveTask | undefined {
    return this.#bySeat.get(seat);
  }

  all(): IterableIterator<LiveTask> {
    return this.#live.values();
  }

  /**
   * Whether a newly accepted task may live at once. One that waits for a later time does so as a row until then, but
   * for the near ones, which a timer starts to the millisecond.
   */
  hasRoomFor(ticket: TaskTicket): boolean {
    if (ticket.delayMs > 0) {
      return ticket.delayMs <= limits.scheduledHorizonMs && this.#postponed < limits.scheduledWindow;
    }
    const tier = this.#tier(ticket);
    return tier.waiting === 0 && tier.live < this.#share();
  }

  /** Leaves a newly accepted task to its row, behind the window. */
  leaveDormant(ticket: TaskTicket): void {
    const tier = this.#tier(ticket);
    if (tier.waiting === 0) tier.readUpTo = ticket.seq - 1;
    tier.waiting += 1;
  }

  /** Counts rows that a former process left waiting, or whose time has come. */
  inherit(rows: WaitingCount): void {
    const tier = this.#tier(rows);
    tier.waiting += rows.count;
    tier.readUpTo = Math.min(tier.readUpTo, rows.firstSeq - 1);
  }

  /**
   * One row behind the window waits no more: it got its actor, or was never written. The last one stays counted until a
   * read has shown that nothing waits: a count that is too low would leave a row waiting for ever.
   */
  awaken(name: TierName): void {
    const tier = this.#tier(name);
    if (tier.waiting > 1) tier.waiting -= 1;
  }

  /** Notes that the rows of a tier up to `seq` were read; `exhausted` when nothing waits behind them. */
  readRows(name: TierName, seq: number, exhausted: boolean): void {
    const tier = this.#tier(name);
    tier.readUpTo = Math.max(tier.readUpTo, seq);
    if (exhausted) tier.waiting = 0;
  }

  /** What waits for a worker, by priority (10 first) and type: as actors and as rows. It goes through all that live. */
  waitingByTier(): readonly (TierName & { readonly count: number })[] {
    const counts = new Map<string, TierName & { count: number }>();
    const add = (of: TierName, count: number) => {
      const name = nameOf(of);
      const tier = counts.get(name) ?? { priority: of.priority, taskType: of.taskType, count: 0 };
      tier.count += count;
      counts.set(name, tier);
    };
    for (const tier of this.dormant()) add(tier, tier.count);
    for (const { waiting, ticket } of this.#live.values()) if (waiting) add(ticket, 1);
    return [...counts.values()].sort((a, b) => b.priority - a.priority || (a.taskType < b.taskType ? -1 : 1));
  }

  /** Rows behind the windows, tier by tier: for forecasts. */
  *dormant(): Generator<TierName & { readonly count: number; readonly readUpTo: number }> {
    for (const { priority, taskType, waiting, readUpTo } of this.#tiers.values()) {
      if (waiting > 0) yield { priority, taskType, count: waiting, readUpTo };
    }
  }

  takeSeat(): number {
    const free = this.#freeSeats.pop();
    if (free !== undefined) return free;
    this.#seats += 1;
    return this.#seats;
  }

  sit(seat: number, ticket: TaskTicket, ref: TaskRef): LiveTask {
    const task: LiveTask = {
      ticket,
      seat,
      ref,
      lease: null,
      waiting: false,
      bypasses: 0,
      seq: ticket.seq,
      priority: ticket.priority,
      sinceMs: ticket.sinceMs,
      demand: ticket,
      routeClass: routeClassOf(ticket),
    };
    this.#live.set(ticket.taskId, task);
    this.#bySeat.set(seat, task);
    this.#count(task, 1);
    return task;
  }

  /** A worker has it: what runs takes no room from what waits. */
  lend(task: LiveTask, lease: HeldLease): void {
    this.#count(task, -1);
    task.lease = lease;
  }

  /** No worker has it (any more). */
  takeBack(task: LiveTask): void {
    if (task.lease === null) return;
    task.lease = null;
    this.#count(task, 1);
  }

  /** Another model stands in for the one that it was to be done with. It does not wait at this moment. */
  useModel(task: LiveTask, fallbackModel: string | null): void {
    if (task.demand.fallbackModel === fallbackModel) return;
    task.demand = { ...task.demand, fallbackModel };
    task.routeClass = routeClassOf(task.demand);
  }

  /** Moves a task to another place in the order, and into the window of another tier. */
  reprioritize(task: LiveTask, priority: number): void {
    const wasWaiting = task.waiting;
    this.ready.remove(task);
    this.#count(task, -1);
    task.ticket = { ...task.ticket, priority };
    task.demand = { ...task.demand, priority };
    task.priority = priority;
    this.#count(task, 1);
    if (wasWaiting) this.ready.add(task);
  }

  /** Forgets a task whose actor has ended. Its seat is free again. */
  leave(task: LiveTask): void {
    this.ready.remove(task);
    this.#live.delete(task.ticket.taskId);
    this.#bySeat.delete(task.seat);
    this.#freeSeats.push(task.seat);
    this.#count(task, -1);
  }

  /**
   * What a worker has is in no window. Tasks that sat down to wait for a start time have one of their own, so that they keep nobody
   * out.
   */
  #count(task: LiveTask, by: 1 | -1): void {
    if (task.lease !== null) return;
    if (task.ticket.delayMs > 0) {
      this.#postponed += by;
      return;
    }
    this.#inWindow += by;
    this.#tier(task.ticket).live += by;
  }

  /** What to read next from the rows: tiers whose window is half empty and that have rows behind it, the highest first. */
  shortages(): readonly Shortage[] {
    const found: Shortage[] = [];
    for (const tier of this.#tiers.values()) {
      const share = this.#share();
      if (tier.waiting === 0 || tier.live * 2 > share) continue;
      const { priority, taskType, readUpTo: afterSeq } = tier;
      found.push({
        priority,
        taskType,
        afterSeq,
        limit: Math.min(limits.activationBatch, share - tier.live),
      });
    }
    return found.sort((a, b) => b.priority - a.priority);
  }

  /** How much of the window a tier may take now. */
  #share(): number {
    return this.#inWindow < this.#window
      ? this.#tierWindow
      : Math.min(limits.windowReserve, this.#tierWindow);
  }

  #tier({ priority, taskType }: TierName): Tier {
    if (!Number.isInteger(priority) || priority < 1 || priority > 10) {
      throw new RangeError(`priority ${priority} is not 1 to 10`);
    }
    const name = nameOf({ priority, taskType });
    let tier = this.#tiers.get(name);
    if (tier === undefined) {
      tier = { priority, taskType, live: 0, waiting: 0, readUpTo: 0 };
      this.#tiers.set(name, tier);
    }
    return tier;
  }
}
