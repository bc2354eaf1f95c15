/** What the index needs to know of a task that waits. */
export interface ReadyEntry {
  readonly seq: number;
  readonly priority: number;
  /** Tasks of one route class go to the same workers, so one that cannot be placed speaks for all behind it. */
  readonly routeClass: string;
  /** Set and cleared by the index alone. */
  waiting: boolean;
}

/** So few stale entries are not worth looking for. */
const staleMin = 64;

/** A binary min-heap by `seq`. Entries that stopped waiting are dropped when they come up, or are the greater part. */
class Lane<E extends ReadyEntry> {
  #heap: E[] = [];
  /** Entries that stopped waiting; some may wait again. */
  #stale = 0;

  push(entry: E): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as E;
      if (above.seq <= entry.seq) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  /** The oldest entry that waits. */
  head(): E | undefined {
    while (this.#heap.length > 0) {
      const first = this.#heap[0] as E;
      if (first.waiting) return first;
      this.#dropFirst();
      this.#stale -= 1;
    }
    return undefined;
  }

  /** One entry stopped waiting. It may stand behind one that stays, so it is not left to come up. */
  retire(): void {
    this.#stale += 1;
    if (this.#stale < staleMin || this.#stale * 2 < this.#heap.length) return;
    const waiting = new Set(this.#heap.filter((entry) => entry.waiting));
    this.#heap = [...waiting].sort((a, b) => a.seq - b.seq);
    this.#stale = 0;
  }

  #dropFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as E;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && right.seq < (heap[child] as E).seq) child += 1;
      const below = heap[child] as E;
      if (below.seq >= last.seq) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}

/**
 * The tasks that wait for a worker: by priority (10 before 1), then by age. Finding the next costs the number of route
 * classes, not of tasks.
 */
export class ReadyIndex<E extends ReadyEntry> {
  /** By priority, then route class. */
  readonly #lanes = new Map<number, Map<string, Lane<E>>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(entry: E): void {
    if (entry.waiting) return;
    let lanes = this.#lanes.get(entry.priority);
    if (lanes === undefined) {
      lanes = new Map();
      this.#lanes.set(entry.priority, lanes);
    }
    let lane = lanes.get(entry.routeClass);
    if (lane === undefined) {
      lane = new Lane();
      lanes.set(entry.routeClass, lane);
    }
    entry.waiting = true;
    lane.push(entry);
    this.#size += 1;
  }

  remove(entry: E): void {
    if (!entry.waiting) return;
    entry.waiting = false;
    this.#size -= 1;
    this.#lanes.get(entry.priority)?.get(entry.routeClass)?.retire();
  }

  /**
   * Takes the next entry for which `accepts` finds a place, and that place. A lane whose head is refused is not asked
   * again within this walk: places only become fewer while it lasts.
   */
  walk(): { next<P>(accepts: (entry: E) => P | undefined): { entry: E; place: P } | undefined } {
    const refused = new Set<Lane<E>>();
    return { next: (accepts) => this.#next(accepts, refused) };
  }

  #next<P>(accepts: (entry: E) => P | undefined, refused: Set<Lane<E>>): { entry: E; place: P } | undefined {
    for (let priority = 10; priority >= 1; priority -= 1) {
      const lanes = this.#lanes.get(priority);
      if (lanes === undefined) continue;
      for (;;) {
        const oldest = this.#oldest(lanes, refused);
        if (oldest === undefined) break;
        const place = accepts(oldest.entry);
        if (place === undefined) {
          refused.add(oldest.lane);
          continue;
        }
        this.remove(oldest.entry);
        return { entry: oldest.entry, place };
      }
    }
    return undefined;
  }

  #oldest(lanes: Map<string, Lane<E>>, refused: Set<Lane<E>>): { entry: E; lane: Lane<E> } | undefined {
    let found: { entry: E; lane: Lane<E> } | undefined;
    for (const [routeClass, lane] of lanes) {
      if (refused.has(lane)) continue;
      const entry = lane.head();
      if (entry === undefined) lanes.delete(routeClass);
      else if (found === undefined || entry.seq < found.entry.seq) found = { entry, lane };
    }
    return found;
  }
}
