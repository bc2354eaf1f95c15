import type { AnyActorRef } from 'xstate';
import type { ChartTally, StateTally, Stay } from '../actors/inspection-census.ts';
import type { Life } from '../actors/inspection-hook.ts';
import type { PoolHost } from '../actors/pool-host.ts';
import type { InspectedMachine } from '../machines/chart-machines.ts';
import { KoubouError } from '../machines/errors.ts';
import { inspectionLimits as limits } from '../machines/inspection-limits.ts';
import { OverviewReader } from './inspection-figures.ts';
import { actorOfName, nameOfActor } from './inspection-names.ts';
import { type SupervisionTree, supervisionTree } from './inspection-tree.ts';
import { type ActorView, actorView } from './inspection-view.ts';
import { type ActorListener, ActorWatch, type ActorWatchPorts } from './inspection-watch.ts';

export interface InspectionPorts extends ActorWatchPorts {
  readonly host: () => Pick<PoolHost, 'pool' | 'timers' | 'hook'>;
}

/** Actors in one state, in the order in which they came there. */
export interface ActorPage {
  readonly machine: InspectedMachine;
  readonly state: string;
  /** All that are in it. */
  readonly count: number;
  readonly actors: readonly { readonly actor: string; readonly since: string }[];
  /** Ask for the next page behind it; `null` at the last one. */
  readonly next: number | null;
}

export interface PageRequest {
  readonly machine: InspectedMachine;
  /** A state without states of its own: `leased.running`, or `running` where no other is called so. */
  readonly state: string;
  /** `next` of the page before; 0 for the first one. */
  readonly after: number;
  readonly limit: number;
}

/** A look into the actors from outside: at all of them together, at those in a state, at one. It changes nothing. */
export class Inspection {
  readonly #ports: InspectionPorts;

  constructor(ports: InspectionPorts) {
    this.#ports = ports;
  }

  /** Reads the figures of all actors, for as long as somebody watches them. */
  overview(): OverviewReader {
    return new OverviewReader(this.#host.hook.charts);
  }

  /** @throws KoubouError `request.invalid` for a state that is none */
  page({ machine, state, after, limit }: PageRequest): ActorPage {
    const tally = stateOf(this.#chart(machine), state);
    const stays = tally.page(after, Math.min(limit, limits.pageActorsMax) + 1);
    const shown = stays.slice(0, Math.min(limit, limits.pageActorsMax));
    return {
      machine,
      state: tally.name,
      count: tally.count,
      actors: shown.map((stay) => ({ actor: nameOfActor(stay.actor, machine), since: this.#sinceOf(stay) })),
      next: shown.length < stays.length ? (shown.at(-1)?.serial ?? null) : null,
    };
  }

  /** Who owns whom. */
  tree(): SupervisionTree {
    const { pool, hook } = this.#host;
    return supervisionTree(pool, hook);
  }

  /**
   * The live actor of a name, and what it is.
   *
   * @throws KoubouError `request.invalid`, `task.unknown`, `worker.unknown`, `route.unknown`
   */
  find(name: string): { readonly actor: AnyActorRef; readonly machine: InspectedMachine } {
    const actor = this.#find(name);
    return { actor, machine: this.#lifeOf(actor).chart.machine };
  }

  /** @throws KoubouError like {@link find} */
  actor(name: string): ActorView {
    return this.#view(this.#find(name));
  }

  /**
   * Watches an actor until it ends, or until nobody wants that any more.
   *
   * @throws KoubouError like {@link find}
   */
  watch(name: string, listener: ActorListener): WatchedActor {
    const actor = this.#find(name);
    const { chart } = this.#lifeOf(actor);
    const watch = new ActorWatch(actor, chart.machine, this.#ports, listener);
    const unobserve = this.#host.hook.observe(actor, watch);
    return {
      look: () => (this.#host.hook.lifeOf(actor) === undefined ? undefined : this.#view(actor)),
      flush: watch.flush,
      stop: () => {
        unobserve();
        watch.stop();
      },
    };
  }

  /** Actors that somebody watches. */
  get observed(): number {
    return this.#host.hook.observed;
  }

  get #host(): ReturnType<InspectionPorts['host']> {
    return this.#ports.host();
  }

  #find(name: string): AnyActorRef {
    const { pool, hook } = this.#host;
    return actorOfName(name, pool, hook);
  }

  #view(actor: AnyActorRef): ActorView {
    return actorView(actor, this.#lifeOf(actor), this.#host.timers.of(actor), this.#ports.clock);
  }

  #lifeOf(actor: AnyActorRef): Life {
    const life = this.#host.hook.lifeOf(actor);
    if (life === undefined) throw new TypeError(`the actor ${actor.id} has ended`);
    return life;
  }

  #chart(machine: InspectedMachine): ChartTally {
    const chart = this.#host.hook.charts.get(machine);
    if (chart === undefined) throw new TypeError(`no actor of the machine ${machine} is counted`);
    return chart;
  }

  #sinceOf({ sinceMs }: Stay): string {
    const { clock } = this.#ports;
    return new Date(clock.now() - clock.monotonic() + sinceMs).toISOString();
  }
}

/** One actor while it is watched. */
export interface WatchedActor {
  /** As it is now; `undefined` once it has ended. */
  readonly look: () => ActorView | undefined;
  /** Tells at once what has happened up to now. */
  readonly flush: () => void;
  readonly stop: () => void;
}

function stateOf({ machine, states }: ChartTally, name: string): StateTally {
  const exact = states.find((state) => state.name === name);
  const called = states.filter((state) => state.name.endsWith(`.${name}`));
  const found = exact ?? (called.length === 1 ? called[0] : undefined);
  if (found !== undefined) return found;
  const names = states.map((state) => state.name).join(', ');
  throw new KoubouError('request.invalid', `state: a ${machine} is in one of ${names}`);
}
