import { dropFirst, pushInto } from './binary-heap.ts';

/** What the index needs to know of a task that waits. */
export interface ReadyEntry {
  readonly seq: number;
  readonly priority: number;
  /** Since when it waits to be done, epoch ms: its acceptance, or the start time that it asked for. */
  readonly sinceMs: number;
  /** Tasks of one route class go to the same workers, so one that cannot be placed speaks for all behind it. */
  readonly routeClass: string;
  /** How often it was its turn, and another was taken. */
  bypasses: number;
  /** Set and cleared by the index alone. */
  waiting: boolean;
}

/** So few stale entries are not worth looking for. */
const staleMin = 64;

/** Within a lane: who waits longest, and of those who began at one moment, who came first. */
function comesBefore(a: ReadyEntry, b: ReadyEntry): boolean {
  return a.sinceMs < b.sinceMs || (a.sinceMs === b.sinceMs && a.seq < b.seq);
}

/** A binary min-heap by age. Entries that stopped waiting are dropped when they come up, or are the greater part. */
class Lane<E extends ReadyEntry> {
  readonly #priority: number;
  readonly #routeClass: string;
  #heap: E[] = [];
  /** Entries that stopped waiting; some may wait again. */
  #stale = 0;

  constructor({ priority, routeClass }: Pick<ReadyEntry, 'priority' | 'routeClass'>) {
    this.#priority = priority;
    this.#routeClass = routeClass;
  }

  push(entry: E): void {
    pushInto(this.#heap, entry, comesBefore);
  }

  /** The oldest entry that waits. */
  head(): E | undefined {
    while (this.#heap.length > 0) {
      const first = this.#heap[0] as E;
      if (this.#isHere(first)) return first;
      dropFirst(this.#heap, comesBefore);
      this.#stale -= 1;
    }
    return undefined;
  }

  /** One entry stopped waiting. It may stand behind one that stays, so it is not left to come up. */
  retire(): void {
    this.#stale += 1;
    if (this.#stale < staleMin || this.#stale * 2 < this.#heap.length) return;
    this.#heap = this.waiting().sort(strictOrder);
    this.#stale = 0;
  }

  /** One that waits again may do so in another lane: its class and priority can change while it does not wait. */
  #isHere(entry: E): boolean {
    return entry.waiting && entry.routeClass === this.#routeClass && entry.priority === this.#priority;
  }

  /** All that wait, in no order. */
  waiting(): E[] {
    return [...new Set(this.#heap.filter((entry) => this.#isHere(entry)))];
  }
}

/** A place in the order: what is taken first has the least. */
type Order<E> = (a: E, b: E) => number;

/**
 * The tasks that wait for a worker, by effective priority: their own, and one more for each `agingMs` that they have
 * waited. All grow old at the same speed, so that the order of two never changes and no clock is needed: a task of
 * priority 5 is behind one of priority 6 that came less than `agingMs` after it, and before all that came later. At 0
 * nothing ages: by priority alone (10 before 1), then by age. Finding the next costs the number of lanes, not of tasks.
 */
export class ReadyIndex<E extends ReadyEntry> {
  /** One for each priority and route class. */
  readonly #lanes = new Map<string, Lane<E>>();
  #order: Order<E> = strictOrder;
  #size = 0;

  constructor(agingMs = 0) {
    this.agingMs = agingMs;
  }

  set agingMs(agingMs: number) {
    this.#order = agingMs === 0 ? strictOrder : agedOrder(agingMs);
  }

  get size(): number {
    return this.#size;
  }

  add(entry: E): void {
    if (entry.waiting) return;
    const name = laneOf(entry);
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = new Lane(entry);
      this.#lanes.set(name, lane);
    }
    entry.waiting = true;
    lane.push(entry);
    this.#size += 1;
  }

  remove(entry: E): void {
    if (!entry.waiting) return;
    entry.waiting = false;
    this.#size -= 1;
    this.#lanes.get(laneOf(entry))?.retire();
  }

  /** All that wait, the first to be taken first. It costs a sort: for forecasts, not for each turn. */
  inOrder(): E[] {
    const all: E[] = [];
    for (const lane of this.#lanes.values()) {
      for (const entry of lane.waiting()) all.push(entry);
    }
    return all.sort(this.#order);
  }

  /** Goes through the heads of all lanes, the first to be taken first. */
  walk(): ReadyWalk<E> {
    return new Walk(this.#lanes, this.#order);
  }
}

/**
 * One way through what waits, while tasks are handed out. A lane whose head is refused is not asked again within it:
 * places only become fewer while it lasts.
 */
export interface ReadyWalk<E> {
  /** The next to be taken, of the lanes that were not refused. */
  head(): E | undefined;
  /** Nothing of its lane can be placed now. */
  refuse(entry: E): void;
  /** The heads that come after it, of the lanes that were not refused, the next to be taken first. */
  after(entry: E): readonly E[];
  /** Keeps a place for a task: from those that come after it, unless the place is kept already. */
  keep(place: object, entry: E): void;
  /** For whom a place is kept. */
  keeperOf(place: object): E | undefined;
  /** Whether any place is kept. */
  readonly keepsAny: boolean;
}

class Walk<E extends ReadyEntry> implements ReadyWalk<E> {
  readonly #lanes: Map<string, Lane<E>>;
  readonly #order: Order<E>;
  readonly #refused = new Set<Lane<E>>();
  readonly #keepers = new Map<object, E>();

  constructor(lanes: Map<string, Lane<E>>, order: Order<E>) {
    this.#lanes = lanes;
    this.#order = order;
  }

  head(): E | undefined {
    let found: E | undefined;
    for (const [name, lane] of this.#lanes) {
      if (this.#refused.has(lane)) continue;
      const entry = lane.head();
      if (entry === undefined) this.#lanes.delete(name);
      else if (found === undefined || this.#order(entry, found) < 0) found = entry;
    }
    return found;
  }

  refuse(entry: E): void {
    const lane = this.#lanes.get(laneOf(entry));
    if (lane !== undefined) this.#refused.add(lane);
  }

  after(entry: E): readonly E[] {
    const heads: E[] = [];
    for (const lane of this.#lanes.values()) {
      const head = this.#refused.has(lane) ? undefined : lane.head();
      if (head !== undefined && this.#order(head, entry) > 0) heads.push(head);
    }
    return heads.sort(this.#order);
  }

  keep(place: object, entry: E): void {
    if (!this.#keepers.has(place)) this.#keepers.set(place, entry);
  }

  keeperOf(place: object): E | undefined {
    return this.#keepers.get(place);
  }

  get keepsAny(): boolean {
    return this.#keepers.size > 0;
  }
}

function laneOf({ priority, routeClass }: ReadyEntry): string {
  return `${priority} ${routeClass}`;
}

const strictOrder: Order<ReadyEntry> = (a, b) =>
  b.priority - a.priority || a.sinceMs - b.sinceMs || a.seq - b.seq;

function agedOrder(agingMs: number): Order<ReadyEntry> {
  return (a, b) => a.sinceMs - b.sinceMs - (a.priority - b.priority) * agingMs || strictOrder(a, b);
}
