import type { DurationEstimate, Durations } from '../machines/duration-book.ts';
import { type Forecast, forecast, forecastTasksMax, type QueuedTask } from '../machines/forecast.ts';
import type { AssignmentId } from '../machines/identifiers.ts';
import type { Demand } from '../machines/placement.ts';
import type { PoolContext } from '../machines/pool-context.ts';
import { deviationsOfP90, finishSpan, type Prediction, type Span } from '../machines/prediction.ts';
import { routeClassOf } from '../machines/route-class.ts';
import type { ForecastSlot } from '../machines/slot-times.ts';
import type { LiveTask, TaskBoard } from '../machines/task-board.ts';
import type { TaskTicket } from '../machines/task-ticket.ts';
import { poolSlots } from './pool-slots.ts';
import { type Ahead, type Crowd, comparePlaces, QueueOrder, type Turn } from './queue-order.ts';
import { nowhere, type RouteGroup, RouteGroups } from './route-groups.ts';

/** A task that waits, and what it needs of a worker. */
export interface Waiting extends Turn {
  /** Its actor, where it lives. */
  readonly live: LiveTask | undefined;
  readonly demand: Demand;
  readonly routeClass: string;
}

/** What a forecast says of a task. */
export interface Expected {
  readonly place: number;
  readonly start: Span;
  readonly finish: Span | null;
  /** What the duration is taken from. */
  readonly basis: DurationEstimate | null;
}

/** What a forecast is made of. */
export interface QueueMoment {
  readonly pool: PoolContext;
  /** What the predictions are told on. */
  readonly nowMs: number;
  /** What the waiting times of tasks are told on, epoch ms. */
  readonly wallMs: number;
  /** Of the task that was accepted last. */
  readonly lastSeq: number;
  /** How long a lease has been at work, in ms. */
  readonly elapsedMs: (task: LiveTask) => number;
}

/** A task of the forecast, where it may go, and how long it takes there. */
interface Followed {
  readonly turn: Turn;
  readonly group: RouteGroup;
  readonly durations: Durations;
}

/**
 * What is expected of the queue as it was at one moment. The first tasks are followed one by one; what comes behind, or
 * came later, is told by its place.
 */
export class QueueForecast {
  readonly #forecast: Forecast<Turn>;
  readonly #groups: RouteGroups;
  readonly #order: QueueOrder<RouteGroup>;
  readonly #followed: readonly Followed[];
  readonly #arrivals = new Map<string, Crowd<RouteGroup>>();
  readonly #board: TaskBoard;
  /** Tasks that waited then, and those that have come since. */
  #counted: number;
  readonly #moment: Pick<QueueMoment, 'nowMs' | 'wallMs' | 'lastSeq'>;
  /** Whether two groups have a worker in common. */
  readonly #neighbours = new Map<RouteGroup, Map<RouteGroup, boolean>>();

  constructor(moment: QueueMoment) {
    const { pool, nowMs, wallMs, lastSeq, elapsedMs } = moment;
    const { roster, board, policy } = pool;
    this.#moment = { nowMs, wallMs, lastSeq };
    this.#board = board;
    this.#counted = waitingIn(board);
    const { slots, ofWorker } = poolSlots(roster.all(), (_, assignmentId, { taskId }) =>
      freeIn(pool, board.get(taskId), assignmentId, elapsedMs),
    );
    this.#groups = new RouteGroups(pool, ofWorker);
    this.#order = new QueueOrder(policy.routing.agingMs);
    const queued = board.ready.inOrder();
    const typical = this.#lineUp(pool, queued);
    this.#followed = this.#first(queued, typical, policy.routing.agingMs);
    this.#forecast = forecast({
      nowMs,
      slots,
      leasesMax: roster.leasesMax,
      queue: this.#followed.map(queuedTask),
      prefers: policy.routing.strategy === 'fastest' ? 'speed' : 'less load',
      tasksMax: forecastTasksMax,
    });
  }

  /** Counts a task that has come since. */
  arrive(ticket: TaskTicket): void {
    const { priority, taskType, seq, sinceMs } = ticket;
    this.#counted += 1;
    const name = `${priority} ${taskType}`;
    const crowd = this.#arrivals.get(name);
    if (crowd !== undefined) {
      crowd.count += 1;
      crowd.upToSeq = seq;
      crowd.toMs = sinceMs;
      return;
    }
    const first = {
      priority,
      taskType,
      count: 1,
      afterSeq: this.#moment.lastSeq,
      upToSeq: seq,
      fromMs: this.#moment.wallMs,
      toMs: sinceMs,
      group: this.#groups.of(ticket, routeClassOf(ticket)),
    };
    this.#arrivals.set(name, first);
    this.#order.addCrowd(first);
  }

  /** `null` when no worker can be had for it, or its turn depends on a run of which nothing is known. */
  expect(task: Waiting): Expected | null {
    const { demand } = task;
    const group = this.#groups.of(demand, task.routeClass);
    if (group === nowhere) return null;
    const durations = this.#groups.durations(demand);
    const known = task.live && this.#forecast.predictions.get(task.live);
    const prediction = known === undefined ? this.#estimate(task, group, durations) : known;
    if (prediction === null) return null;
    const { place, start, finish } = prediction;
    const basis = this.#groups.estimate(group, durations);
    return { place: Math.max(1, place - this.#gone), start, finish, basis };
  }

  /** Tasks that wait no more: nearly all of them had been in front. */
  get #gone(): number {
    return Math.max(0, this.#counted - waitingIn(this.#board));
  }

  #estimate(task: Waiting, group: RouteGroup, durations: Durations): Prediction | null {
    const { priority, sinceMs, seq, demand } = task;
    const { taskType } = demand;
    const ahead = this.#order.ahead({ priority, sinceMs, seq, taskType }, group);
    const place = ahead.inAll + 1;
    const start = this.#startInstead(ahead, group);
    const { horizon } = this.#forecast;
    if (start === undefined || horizon.followed(group.routeClass) === 0) {
      const behind = horizon.predict(group.routeClass, ahead.inGroup + 1, place, durations);
      if (start === undefined || (behind !== null && behind.start.p50Ms <= start.p50Ms)) return behind;
    }
    const estimate = this.#groups.estimate(group, durations);
    return { place, start, finish: estimate && finishAfter(start, estimate) };
  }

  /** A task that is not the last one starts when the one would that it comes before, of those that it keeps waiting. */
  #startInstead({ inAll }: Ahead, group: RouteGroup): Span | undefined {
    for (let at = inAll; at < this.#followed.length; at += 1) {
      const { turn, group: other } = this.#followed[at] as Followed;
      if (this.#areNeighbours(group, other)) return this.#forecast.predictions.get(turn)?.start;
    }
    return undefined;
  }

  #areNeighbours(group: RouteGroup, other: RouteGroup): boolean {
    if (group === other) return true;
    const known = this.#neighbours.get(group) ?? new Map<RouteGroup, boolean>();
    this.#neighbours.set(group, known);
    let answer = known.get(other);
    if (answer === undefined) {
      const workers = new Set(other.workers);
      answer = group.workers.some((worker) => workers.has(worker));
      known.set(other, answer);
    }
    return answer;
  }

  /** @returns how long the tasks take that are only counted, by group */
  #lineUp({ board }: PoolContext, queued: readonly LiveTask[]): ReadonlyMap<RouteGroup, Durations> {
    for (const task of queued) this.#order.add(task, this.#groups.of(task.demand, task.routeClass));
    const { wallMs, lastSeq } = this.#moment;
    const typical = new Map<RouteGroup, Durations>();
    for (const { priority, taskType, count, readUpTo } of board.dormant()) {
      const before = queued.findLast(
        (each) => each.priority === priority && each.demand.taskType === taskType,
      );
      const group = before && this.#groups.of(before.demand, before.routeClass);
      if (before && group) typical.set(group, this.#groups.durations(before.demand));
      this.#order.addCrowd({
        priority,
        taskType,
        count,
        afterSeq: readUpTo,
        upToSeq: Math.max(lastSeq, readUpTo + count),
        fromMs: before?.sinceMs ?? 0,
        toMs: wallMs,
        group,
      });
    }
    return typical;
  }

  /** The tasks that are followed: those that live, and between them those that are only counted. */
  #first(
    queued: readonly LiveTask[],
    typical: ReadonlyMap<RouteGroup, Durations>,
    agingMs: number,
  ): readonly Followed[] {
    const followed: Followed[] = [];
    const imagined = this.#order.imagined();
    let next = imagined.next();
    for (let at = 0; followed.length < forecastTasksMax; ) {
      const task = queued[at];
      if (next.done !== true && (task === undefined || comparePlaces(next.value.turn, task, agingMs) < 0)) {
        const { turn, group = nowhere } = next.value;
        followed.push({ turn, group, durations: typical.get(group) ?? unknown });
        next = imagined.next();
        continue;
      }
      if (task === undefined) break;
      const { demand, routeClass } = task;
      const group = this.#groups.of(demand, routeClass);
      followed.push({ turn: task, group, durations: this.#groups.durations(demand) });
      at += 1;
    }
    return followed;
  }
}

const unknown: Durations = () => null;

function queuedTask({ turn, group, durations }: Followed): QueuedTask<Turn> {
  return { key: turn, routeClass: group.routeClass, durations };
}

function waitingIn({ ready, dormantCount }: TaskBoard): number {
  return ready.size + dormantCount;
}

/** The end of a task that starts so. */
export function finishAfter(start: Span, duration: DurationEstimate): Span {
  const deviationMs = (start.p90Ms - start.p50Ms) / deviationsOfP90;
  return finishSpan({ ...start, varianceMs2: deviationMs ** 2 }, duration);
}

/** What is left of the run of a task; `null` when it does not run, or nothing is known of it. */
export function remainingOf(
  { book }: PoolContext,
  { lease, demand }: LiveTask,
  elapsedMs: number,
): DurationEstimate | null {
  if (lease === null) return null;
  const { taskType, promptChars } = demand;
  return book.remaining({ workerId: lease.workerId, model: lease.model, taskType, promptChars }, elapsedMs);
}

function freeIn(
  pool: PoolContext,
  task: LiveTask | undefined,
  assignmentId: AssignmentId,
  elapsedMs: QueueMoment['elapsedMs'],
): ForecastSlot['freeIn'] {
  // Nobody waits for it any more: it was told to stop, and ends at any moment.
  if (task?.lease?.assignmentId !== assignmentId) return { meanMs: 0, varianceMs2: 0 };
  return remainingOf(pool, task, elapsedMs(task)) ?? { meanMs: Number.POSITIVE_INFINITY, varianceMs2: 0 };
}
