import { type DurationEstimate, type Durations, durationsNow } from '../machines/duration-book.ts';
import type { RouteClass } from '../machines/forecast-lane.ts';
import type { WorkerId } from '../machines/identifiers.ts';
import type { Demand } from '../machines/placement.ts';
import type { PoolContext } from '../machines/pool-context.ts';
import { routingOf } from '../machines/pool-leases.ts';
import { tiersOf } from '../machines/routing.ts';

/** Waiting tasks that may take the same slots. */
export interface RouteGroup {
  /** One object for all of them. */
  readonly routeClass: RouteClass;
  /** In the order of preference. */
  readonly workers: readonly WorkerId[];
}

/** Of tasks that nobody can take, or of which not even that is known. */
export const nowhere: RouteGroup = { routeClass: { tiers: [] }, workers: [] };

/** Who may take which task, and how long it takes there, as things are at one moment. */
export class RouteGroups {
  readonly #pool: PoolContext;
  readonly #slotsOf: ReadonlyMap<WorkerId, readonly number[]>;
  readonly #kinds: ReturnType<typeof durationsNow>;
  /** By priority, since rules are, and route class. */
  readonly #byClass = new Map<number, Map<string, RouteGroup>>();
  readonly #byWorkers = new Map<string, RouteGroup>();
  readonly #byBinding = new Map<Durations, Durations>();
  readonly #mayActivate: boolean;

  /** @param slotsOf indexes of the slots of each worker */
  constructor(pool: PoolContext, slotsOf: ReadonlyMap<WorkerId, readonly number[]>) {
    this.#pool = pool;
    this.#slotsOf = slotsOf;
    this.#kinds = durationsNow(pool.book);
    const open = [...pool.roster.all()].filter((entry) => entry.isOpen).length;
    this.#mayActivate = open < pool.policy.workersMax;
  }

  /** @param routeClass name of the class, from the board */
  of(demand: Demand, routeClass: string): RouteGroup {
    let groups = this.#byClass.get(demand.priority);
    if (groups === undefined) {
      groups = new Map();
      this.#byClass.set(demand.priority, groups);
    }
    let group = groups.get(routeClass);
    if (group === undefined) {
      group = this.#find(demand);
      groups.set(routeClass, group);
    }
    return group;
  }

  /**
   * How long a task takes on each worker, with the model that it would get there. One function for all tasks of a kind.
   */
  durations(demand: Demand): Durations {
    const { taskType, promptChars, model, fallbackModel, suggestedModel } = demand;
    const chosen = fallbackModel ?? model;
    if (chosen !== null) return this.#kinds({ model: chosen, taskType, promptChars });
    const unbound = this.#kinds({ model: suggestedModel, taskType, promptChars });
    let durations = this.#byBinding.get(unbound);
    if (durations === undefined) {
      const { roster } = this.#pool;
      durations = (workerId) => {
        const bound = roster.get(workerId)?.model ?? null;
        return (bound === null ? unbound : this.#kinds({ model: bound, taskType, promptChars }))(workerId);
      };
      this.#byBinding.set(unbound, durations);
    }
    return durations;
  }

  /** What is known best of the kind of a task, on the workers that come first. */
  estimate(group: RouteGroup, durations: Durations): DurationEstimate | null {
    for (const workerId of group.workers) {
      const estimate = durations(workerId);
      if (estimate !== null) return estimate;
    }
    return null;
  }

  #find(demand: Demand): RouteGroup {
    const tiers = tiersOf(demand, this.#pool.roster.all(), routingOf(this.#pool))
      .map((tier) => tier.filter(({ admission }) => admission !== 'standby' || this.#mayActivate))
      .filter((tier) => tier.length > 0);
    if (tiers.length === 0) return nowhere;
    const name = tiers.map((tier) => tier.map(({ workerId }) => workerId).join('\0')).join('\n');
    let group = this.#byWorkers.get(name);
    if (group === undefined) {
      const slots = tiers.map((tier) => tier.flatMap(({ workerId }) => this.#slotsOf.get(workerId) ?? []));
      group = { routeClass: { tiers: slots }, workers: tiers.flat().map(({ workerId }) => workerId) };
      this.#byWorkers.set(name, group);
    }
    return group;
  }
}
