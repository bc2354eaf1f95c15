import type { DurationEstimate, Durations } from './duration-book.ts';
import { Lane, type Preference, type RouteClass } from './forecast-lane.ts';
import { Horizon } from './horizon.ts';
import type { LaneSpeeds } from './lane-speeds.ts';
import {
  finishSpan,
  oneOf,
  type Prediction,
  type Span,
  type StartSpan,
  startSpan,
  withinOneRun,
} from './prediction.ts';
import { type ForecastSlot, SlotTimes } from './slot-times.ts';

/** A task that waits, in the order in which tasks are handed out. */
export interface QueuedTask<K> {
  readonly key: K;
  readonly routeClass: RouteClass;
  /** One function for all tasks of a kind: what it says of the workers is looked up once for each. */
  readonly durations: Durations;
}

export interface ForecastInput<K> {
  /** Added to every time of the result, so that they are on the clock that it was read from. */
  readonly nowMs: number;
  /** All of them, also those that no class may take: what runs there counts towards `leasesMax`. */
  readonly slots: readonly ForecastSlot[];
  /** Runs at once in all (`pool.max_active_tasks`). */
  readonly leasesMax: number;
  /** The first to be handed out first. Of a longer one the first `tasksMax` are taken, and no more are read. */
  readonly queue: Iterable<QueuedTask<K>>;
  readonly prefers: Preference;
  /** Tasks whose way is followed one by one; some 1 ms a thousand. */
  readonly tasksMax?: number;
}

export interface Forecast<K> {
  /** `null` for a task that no slot may take, or whose turn depends on a run of which nothing is known. */
  readonly predictions: ReadonlyMap<K, Prediction | null>;
  /** What comes behind the last task that was followed. */
  readonly horizon: Horizon;
}

/** Beyond this many a queue is told by its throughput: nobody plans by the minute when two thousand are ahead. */
export const forecastTasksMax = 2_000;

/** So unlikely another speed is left out. */
const chanceMin = 0.02;

/**
 * When each waiting task will start and finish, if nothing is added, nothing fails and every worker stays as it is. The
 * pool's dispatch is played forward with expected durations: whenever a slot is free, the first task in order that may
 * take it does. Doubts add up along the slots.
 */
export function forecast<K>(input: ForecastInput<K>): Forecast<K> {
  const times = new SlotTimes(input.slots, input.leasesMax);
  const predictions = new Map<K, Prediction | null>();
  const lanes = lanesOf(input, predictions, times);
  for (let lane = nextLane(lanes, times); lane !== undefined; lane = nextLane(lanes, times)) {
    const slot = place(lane, input, times, predictions);
    for (const other of lanes) if (other.firstFree === slot) other.look();
  }
  return { predictions, horizon: new Horizon(input.nowMs, times, lanes) };
}

/** Tasks of one route class keep their order, so only the first of each is ever looked at. */
function lanesOf<K>(
  { queue, tasksMax = forecastTasksMax }: ForecastInput<K>,
  predictions: Map<K, Prediction | null>,
  times: SlotTimes,
): readonly Lane<QueuedTask<K>>[] {
  const lanes = new Map<RouteClass, Lane<QueuedTask<K>>>();
  if (tasksMax < 1) return [];
  let placeInAll = 0;
  for (const task of queue) {
    placeInAll += 1;
    predictions.set(task.key, null);
    let lane = lanes.get(task.routeClass);
    if (lane === undefined) {
      lane = new Lane(task.routeClass, times);
      lanes.set(task.routeClass, lane);
    }
    lane.push(task, placeInAll);
    if (placeInAll >= tasksMax) break;
  }
  return [...lanes.values()];
}

/** The lane whose first task starts next; at the same time, the one that is first in order. */
function nextLane<T>(lanes: readonly Lane<T>[], times: SlotTimes): Lane<T> | undefined {
  let found: Lane<T> | undefined;
  let foundMs = Number.POSITIVE_INFINITY;
  const { roomMs } = times;
  for (const lane of lanes) {
    if (lane.headPlace === undefined) continue;
    const startMs = Math.max(lane.freeMs, roomMs);
    if (startMs === Number.POSITIVE_INFINITY || startMs > foundMs) continue;
    if (startMs === foundMs && found !== undefined && (found.headPlace ?? 0) < lane.headPlace) continue;
    found = lane;
    foundMs = startMs;
  }
  return found;
}

/** Places the first task of a lane, and returns the slot that it takes. */
function place<K>(
  lane: Lane<QueuedTask<K>>,
  { nowMs, prefers }: ForecastInput<K>,
  times: SlotTimes,
  predictions: Map<K, Prediction | null>,
): number {
  const startMs = Math.max(lane.freeMs, times.roomMs);
  const { task, placeInAll } = lane.shift();
  const speeds = lane.speeds(task.durations);
  const slot = lane.choose(startMs, prefers, speeds);
  const duration = speeds.durations[slot] ?? null;
  const doubt = times.doubt(slot, startMs);
  const share = duration === null ? 1 : 1 / (duration.meanMs * speeds.perMs);
  const start = startSpan(startMs, doubt, share, duration?.meanMs ?? Number.POSITIVE_INFINITY);
  const finish = duration && finishOf(lane, slot, start, duration, speeds, times);
  times.take(slot, startMs, doubt, duration);
  predictions.set(task.key, {
    place: placeInAll,
    start: after(nowMs, start),
    finish: finish && after(nowMs, finish),
  });
  return slot;
}

function after(nowMs: number, { p50Ms, p90Ms }: Span): Span {
  return { p50Ms: nowMs + p50Ms, p90Ms: nowMs + p90Ms };
}

/**
 * Which worker a task will get is a matter of chance as long as it waits: on one that is eight times slower it ends
 * much later. Soon, the chance is that the other worker's slot is free before the expected one; later, when the slots
 * may stand at any moment of their runs, it is the part of the runs that each speed does.
 */
function finishOf<T>(
  lane: Lane<T>,
  slot: number,
  start: StartSpan,
  duration: DurationEstimate,
  speeds: LaneSpeeds,
  times: SlotTimes,
): Span {
  const rival = speeds.groups.length < 2 || start.p50Ms === 0 ? undefined : lane.rival(slot, speeds);
  const expected = finishSpan(start, duration);
  if (rival === undefined) return expected;
  const [own, other] = [speeds.groupOf[slot] as number, speeds.groupOf[rival] as number];
  const ownRunMs = duration.meanMs;
  const otherRunMs = speeds.groups[other]?.duration.meanMs ?? 0;
  const varianceMs2 =
    withinOneRun(times.doubt(slot, start.p50Ms).varianceMs2, ownRunMs) +
    withinOneRun(times.doubt(rival, start.p50Ms).varianceMs2, otherRunMs);
  const aheadMs = Math.max(0, (times.freeMs[rival] as number) - start.p50Ms);
  // The distribution function of a logistic, near enough to a normal one of the same variance.
  const soon = varianceMs2 > 0 ? 1 / (1 + Math.exp((1.7 * aheadMs) / Math.sqrt(varianceMs2))) : 0;
  const isAnyMoment = varianceMs2 / withinOneRun(Number.POSITIVE_INFINITY, Math.max(ownRunMs, otherRunMs));
  const anyMoment = Math.min(1, isAnyMoment);
  const chances = speeds.groups.map(
    ({ share }, group) =>
      anyMoment * share + (1 - anyMoment) * (group === own ? 1 - soon : group === other ? soon : 0),
  );
  if ((chances[own] ?? 1) > 1 - chanceMin) return expected;
  return oneOf(
    speeds.groups.map((group, number) => (number === own ? expected : finishSpan(start, group.duration))),
    chances,
  );
}
