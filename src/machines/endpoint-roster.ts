import { modelKey } from './model-choice.ts';
import type { EndpointView, HostView } from './placement.ts';
import type { ResidentModel, SightedModel, Sighting } from './sighting.ts';
import type { Breaker } from './worker-state.ts';

/** What a model takes in memory beyond the size of its files: its context, above all. An estimate, until it was seen loaded. */
const overhead = 1.15;

/**
 * The server behind one or more workers, as the pool knows it. Which models are loaded is what the last probe saw, and
 * what has been handed out since: between two probes a model may have taken the place of another.
 */
export class EndpointEntry implements EndpointView {
  readonly name: string;
  breaker: Breaker = 'closed';
  /** Why it is as it is, in one sentence for people. */
  detail = '';
  /** Whether its breaker has failures to forget: a success of another need not be told to it. */
  hasFailures = false;
  /** Crashes of the actor of its breaker within the window. */
  crashes = 0;
  /** Crashes ever: names the timer that forgets each. */
  crashSerial = 0;
  /** Workers that look at it; what nobody looks at any more is not known to be loaded. */
  workers = 0;
  /** Leases at work, by the key of their model. */
  readonly inUse = new Map<string, number>();
  #host: HostEntry;
  #used = 0;
  #models: ReadonlyMap<string, SightedModel> | null = null;
  #soleModel: string | null = null;
  #loaded = new Set<string>();
  /** As they were seen loaded at last. */
  readonly #residents = new Map<string, ResidentModel>();

  constructor(name: string, host: HostEntry) {
    this.name = name;
    this.#host = host;
    host.endpoints.add(this);
  }

  get host(): HostEntry {
    return this.#host;
  }

  /** A worker that joined under its name from another machine: its server is there now, with all that it has. */
  moveTo(host: HostEntry): void {
    this.#host.endpoints.delete(this);
    this.#host.used -= this.#used;
    this.#host = host;
    host.endpoints.add(this);
    host.used += this.#used;
  }

  /** The one model that it has, as it names it; `null` when it has more, or does not say. */
  get soleModel(): string | null {
    return this.#soleModel;
  }

  has(key: string): boolean | undefined {
    return this.#models?.has(key);
  }

  isLoaded(key: string): boolean {
    return this.#loaded.has(key);
  }

  get isEmpty(): boolean {
    return this.#loaded.size === 0;
  }

  /** Keys of the models in its memory, as far as is known. */
  get loaded(): readonly string[] {
    return [...this.#loaded];
  }

  /** What it could load, as it names it; `null` where it does not say. */
  get models(): readonly SightedModel[] | null {
    return this.#models === null ? null : [...this.#models.values()];
  }

  /** What is in its memory, as it was seen there at last; what was never seen there is left out. */
  get loadedModels(): readonly ResidentModel[] {
    return this.loaded.flatMap((key) => this.#residents.get(key) ?? []);
  }

  /** Keys of the models that are to be reckoned with in the memory of its machine. */
  residents(): Iterable<string> {
    return this.workers === 0 ? this.inUse.keys() : this.#loaded;
  }

  contextOf(key: string): number | null {
    return this.#models?.get(key)?.contextTokensMax ?? null;
  }

  /** What a model takes in memory, in bytes; `null` where that is unknown. */
  memoryOf(key: string): number | null {
    const size = this.#models?.get(key)?.sizeBytes ?? null;
    return this.#residents.get(key)?.memoryBytes ?? (size === null ? null : size * overhead);
  }

  see({ models, residents }: Sighting): void {
    if (models !== null) {
      this.#soleModel = models.length === 1 ? (models[0]?.name ?? null) : null;
      this.#models = new Map(models.map((model) => [modelKey(model.name), model]));
    }
    if (residents === null) return;
    for (const resident of residents) this.#residents.set(modelKey(resident.name), resident);
    // What has just been handed out may still be loading.
    this.#loaded = new Set([...residents.map(({ name }) => modelKey(name)), ...this.inUse.keys()]);
  }

  begin(model: string): void {
    const key = modelKey(model);
    if (!this.#loaded.has(key)) {
      // It takes the place of what is not at work, unless there is known to be room for both.
      if (this.#host.hasRoomFor(this, key) !== true) this.#loaded = new Set(this.inUse.keys());
      this.#loaded.add(key);
    }
    this.inUse.set(key, (this.inUse.get(key) ?? 0) + 1);
    this.#used += 1;
    this.#host.used += 1;
  }

  end(model: string): void {
    const key = modelKey(model);
    const count = this.inUse.get(key) ?? 0;
    if (count > 1) this.inUse.set(key, count - 1);
    else this.inUse.delete(key);
    this.#used -= 1;
    this.#host.used -= 1;
  }
}

/** The machine behind one or more endpoints: what is loaded on it shares its memory. */
export class HostEntry implements HostView {
  readonly name: string;
  readonly endpoints = new Set<EndpointEntry>();
  slotsMax: number | null = null;
  memoryBytes: number | null = null;
  used = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** How many more attempts may run there, as far as it is limited as a whole. */
  get room(): number {
    return this.slotsMax === null ? Number.POSITIVE_INFINITY : Math.max(0, this.slotsMax - this.used);
  }

  hasMemoryFor(endpoint: EndpointEntry, key: string): boolean | undefined {
    // Alone a model may run anywhere: a server that has too little memory for it computes a part elsewhere.
    if (this.memoryBytes === null) return undefined;
    if (this.used === 0 || endpoint.inUse.has(key)) return true;
    return this.#fits(endpoint, key, true);
  }

  hasRoomFor(endpoint: EndpointEntry, key: string): boolean | undefined {
    return this.#fits(endpoint, key, false);
  }

  /** Whether a model has room beside the others that are loaded, or only beside those at work. */
  #fits(endpoint: EndpointEntry, key: string, isAtWork: boolean): boolean | undefined {
    const needed = endpoint.memoryOf(key);
    if (this.memoryBytes === null || needed === null) return undefined;
    let taken = needed;
    let isKnown = true;
    for (const other of this.endpoints) {
      for (const each of isAtWork ? other.inUse.keys() : other.residents()) {
        const memory = other.memoryOf(each);
        if (memory === null) isKnown = false;
        else taken += memory;
      }
    }
    if (taken > this.memoryBytes) return false;
    return isKnown ? true : undefined;
  }
}
