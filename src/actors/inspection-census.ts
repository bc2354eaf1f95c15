import type { AnyActorRef } from 'xstate';
import type { InspectedMachine } from '../machines/chart-machines.ts';

/** How long actors stayed in a state: below 1 ms, 10 ms, 100 ms, … 1,000 s, and longer. */
const stayBoundsMs = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000] as const;

/** An actor in a state, linked with those that came there before and after it. */
export interface Stay {
  readonly actor: AnyActorRef;
  place: StateTally;
  sinceMs: number;
  /** Grows with each entry into the state: pages go by it. */
  serial: number;
  before: Stay | undefined;
  behind: Stay | undefined;
}

/** One way from a state to another, or back to itself, by an event. */
export interface EdgeTally {
  readonly from: StateTally;
  readonly to: StateTally;
  readonly event: string;
  count: number;
  /** By the code of the failure that the event told of. */
  failures: Map<string, number> | undefined;
}

/** A state without states of its own, and the actors in it in the order in which they came. */
export class StateTally {
  readonly name: string;
  /** Machines with regions are in one state of each. */
  readonly region: number;
  /** How many are in it now. */
  count = 0;
  /** How often it was entered. */
  entered = 0;
  /** How many ended there by throwing. */
  crashed = 0;
  /** Of the stays that are over: their number is `entered - count`. */
  stayedMs = 0;
  readonly stays: number[] = new Array<number>(stayBoundsMs.length + 1).fill(0);
  readonly #edges = new Map<string, EdgeTally[]>();
  #first: Stay | undefined;
  #last: Stay | undefined;

  constructor(name: string, region: number) {
    this.name = name;
    this.region = region;
  }

  /** At most `limit` actors that came behind `serial`, the first first. */
  page(serial: number, limit: number): readonly Stay[] {
    const found: Stay[] = [];
    for (let stay = this.#first; stay !== undefined && found.length < limit; stay = stay.behind) {
      if (stay.serial > serial) found.push(stay);
    }
    return found;
  }

  *edges(): Generator<EdgeTally> {
    for (const edges of this.#edges.values()) yield* edges;
  }

  /** The way to another state, known from the first actor that takes it on. */
  edgeTo(to: StateTally, eventType: string): EdgeTally {
    const edges = this.#edges.get(eventType);
    if (edges !== undefined) for (const edge of edges) if (edge.to === to) return edge;
    const event = eventNameOf(eventType);
    if (event !== eventType) return this.edgeTo(to, event);
    const edge: EdgeTally = { from: this, to, event, count: 0, failures: undefined };
    if (edges === undefined) this.#edges.set(event, [edge]);
    else edges.push(edge);
    return edge;
  }

  take(stay: Stay, nowMs: number): void {
    this.entered += 1;
    this.count += 1;
    stay.place = this;
    stay.sinceMs = nowMs;
    stay.serial = this.entered;
    stay.before = this.#last;
    stay.behind = undefined;
    if (this.#last === undefined) this.#first = stay;
    else this.#last.behind = stay;
    this.#last = stay;
  }

  release(stay: Stay, nowMs: number): void {
    const stayedMs = nowMs - stay.sinceMs;
    this.count -= 1;
    this.stayedMs += stayedMs;
    let slot = 0;
    while (slot < stayBoundsMs.length && stayedMs >= (stayBoundsMs[slot] as number)) slot += 1;
    this.stays[slot] = (this.stays[slot] as number) + 1;
    if (stay.before === undefined) this.#first = stay.behind;
    else stay.before.behind = stay.behind;
    if (stay.behind === undefined) this.#last = stay.before;
    else stay.behind.before = stay.before;
  }
}

/** XState names a child in the type of its crash; ten thousand tasks would be ten thousand events. */
function eventNameOf(type: string): string {
  return type.startsWith('xstate.error.actor.') ? 'xstate.error.actor.*' : type;
}

/** All actors of one machine: how many are where, which ways they took, and how long they stayed. O(1) a transition. */
export class ChartTally {
  readonly machine: InspectedMachine;
  readonly states: readonly StateTally[];
  /** Actors that live. */
  live = 0;
  /** Actors that ever began. */
  begun = 0;
  /** Events that left the actor in its states, by type. */
  readonly kept = new Map<string, { count: number }>();

  constructor(machine: InspectedMachine, states: readonly StateTally[]) {
    this.machine = machine;
    this.states = states;
  }

  /** @returns its stays, one for each region, in their order */
  begin(actor: AnyActorRef, places: readonly StateTally[], nowMs: number): readonly Stay[] {
    const stays: Stay[] = [];
    for (const place of places) {
      const stay = { actor, place, sinceMs: nowMs, serial: 0, before: undefined, behind: undefined };
      place.take(stay, nowMs);
      stays[place.region] = stay;
    }
    this.live += 1;
    this.begun += 1;
    return stays;
  }

  move(stay: Stay, to: StateTally, eventType: string, failureCode: string | undefined, nowMs: number): void {
    const from = stay.place;
    from.release(stay, nowMs);
    to.take(stay, nowMs);
    const edge = from.edgeTo(to, eventType);
    edge.count += 1;
    if (failureCode === undefined) return;
    edge.failures ??= new Map();
    edge.failures.set(failureCode, (edge.failures.get(failureCode) ?? 0) + 1);
  }

  keep(eventType: string): void {
    const kept = this.kept.get(eventType);
    if (kept !== undefined) {
      kept.count += 1;
      return;
    }
    const event = eventNameOf(eventType);
    if (event === eventType) this.kept.set(event, { count: 1 });
    else this.keep(event);
  }

  /** The actor has ended: it is in no state any more. */
  end(stays: readonly Stay[], hasCrashed: boolean, nowMs: number): void {
    this.live -= 1;
    for (const stay of stays) {
      stay.place.release(stay, nowMs);
      if (hasCrashed) stay.place.crashed += 1;
    }
  }
}
