import { Gauge, type Registry } from 'prom-client';
import type { PoolContext } from '../machines/pool-context.ts';
import type { TaskBoard } from '../machines/task-board.ts';
import type { Breaker, Liveness } from '../machines/worker-state.ts';

const priorities = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const livenesses: readonly Liveness[] = ['probing', 'alive', 'suspect', 'lost'];
const breakerValues: Readonly<Record<Breaker, number>> = { closed: 0, halfOpen: 1, trying: 1, open: 2 };

/** What the pool is at the moment of a scrape. Nothing is kept: each look replaces all of the one before. */
export class PoolGauges {
  readonly #depth: Gauge<'priority'>;
  readonly #oldest: Gauge<'priority'>;
  readonly #workers: Gauge<'state'>;
  readonly #slots: Gauge<'worker'>;
  readonly #slotsUsed: Gauge<'worker'>;
  readonly #breakers: Gauge<'endpoint'>;
  readonly #error: Gauge<'statistic'>;
  readonly #withinP90: Gauge;

  constructor(registry: Registry) {
    const gauge = <L extends string = never>(name: string, help: string, ...labelNames: L[]) =>
      new Gauge<L>({ name: `koubou_${name}`, help, labelNames, registers: [registry] });
    this.#depth = gauge('queue_depth', 'Tasks that wait for a worker', 'priority');
    this.#oldest = gauge('queue_oldest_age_seconds', 'How long the oldest of them has waited', 'priority');
    this.#workers = gauge('workers', 'Workers, by what is known of their life', 'state');
    this.#slots = gauge('worker_slots', 'Attempts that a worker may run at once', 'worker');
    this.#slotsUsed = gauge('worker_slots_used', 'Attempts that it runs', 'worker');
    this.#breakers = gauge('breaker_state', 'Circuit breakers: 0 closed, 1 half open, 2 open', 'endpoint');
    this.#error = gauge(
      'prediction_error',
      'How far predicted durations of the last runs were off, as parts of 1',
      'statistic',
    );
    this.#withinP90 = gauge(
      'prediction_within_p90_ratio',
      'Runs that were over by their p90; 0.9 is promised',
    );
  }

  /** @param nowMs wall clock */
  look({ board, roster, predictionError }: PoolContext, nowMs: number): void {
    this.#lookAtQueue(board, nowMs);
    const counts = new Map<Liveness, number>();
    this.#slots.reset();
    this.#slotsUsed.reset();
    for (const { workerId: worker, liveness, slots, used } of roster.all()) {
      counts.set(liveness, (counts.get(liveness) ?? 0) + 1);
      this.#slots.set({ worker }, slots);
      this.#slotsUsed.set({ worker }, used);
    }
    for (const state of livenesses) this.#workers.set({ state }, counts.get(state) ?? 0);
    this.#breakers.reset();
    for (const { name: endpoint, breaker, workers, inUse } of roster.endpoints()) {
      // The roster remembers servers that nobody uses any more.
      if (workers > 0 || inUse.size > 0) this.#breakers.set({ endpoint }, breakerValues[breaker]);
    }
    const record = predictionError.summary();
    this.#error.reset();
    this.#withinP90.reset();
    if (record === null) this.#withinP90.remove();
    else {
      this.#error.set({ statistic: 'median' }, record.medianError);
      this.#error.set({ statistic: 'mean' }, record.meanError);
      this.#error.set({ statistic: 'bias' }, record.bias);
      this.#withinP90.set(record.withinP90);
    }
  }

  /** A series for each priority, also where nothing waits: an alert needs the 0. */
  #lookAtQueue(board: TaskBoard, nowMs: number): void {
    const depths = new Map<number, number>();
    for (const { priority, count } of board.waitingByTier()) {
      depths.set(priority, (depths.get(priority) ?? 0) + count);
    }
    // Rows behind the window came after those that live, so the oldest is one of these.
    const since = new Map<number, number>();
    for (const { waiting, priority, sinceMs } of board.all()) {
      if (waiting) since.set(priority, Math.min(sinceMs, since.get(priority) ?? sinceMs));
    }
    for (const priority of priorities) {
      this.#depth.set({ priority }, depths.get(priority) ?? 0);
      this.#oldest.set({ priority }, Math.max(0, nowMs - (since.get(priority) ?? nowMs)) / 1_000);
    }
  }
}
