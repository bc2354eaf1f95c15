import { modelKey } from '../machines/model-choice.ts';
import type { Sighting } from '../machines/sighting.ts';

/** Of a model whose name does not say how many billion parameters it has. */
const billionsUsual = 8;
/** With the usual quantisation. */
const bytesPerBillion = 0.65 * 1024 ** 3;
/** Where no file says how much there is: two models of the usual size. */
const memoryBytesUsual = 24 * 1024 ** 3;

interface Resident {
  readonly name: string;
  readonly bytes: number;
  usedMs: number;
  users: number;
}

/** The models that a server has, and those of them that are in its memory. */
export class ModelMemory {
  readonly #models: ReadonlyMap<string, string>;
  readonly #memoryBytes: number;
  readonly #residents = new Map<string, Resident>();

  constructor(models: readonly string[], memoryBytes: number | null) {
    this.#models = new Map(models.map((name) => [modelKey(name), name]));
    this.#memoryBytes = memoryBytes ?? memoryBytesUsual;
  }

  has(model: string): boolean {
    return this.#models.has(modelKey(model));
  }

  /** Begins to use a model: it was there, had room, or took that of others. */
  use(model: string, nowMs: number): 'warm' | 'load' | 'swap' {
    const key = modelKey(model);
    const known = this.#residents.get(key);
    if (known !== undefined) {
      known.usedMs = nowMs;
      known.users += 1;
      return 'warm';
    }
    const bytes = sizeOf(model);
    const isSwap = this.#makeRoom(bytes);
    this.#residents.set(key, { name: model, bytes, usedMs: nowMs, users: 1 });
    return isSwap ? 'swap' : 'load';
  }

  release(model: string): void {
    const resident = this.#residents.get(modelKey(model));
    if (resident !== undefined) resident.users -= 1;
  }

  clear(): void {
    this.#residents.clear();
  }

  sighting(): Sighting {
    const models = [...this.#models.values()].map((name) => ({
      name,
      sizeBytes: sizeOf(name),
      contextTokensMax: null,
    }));
    const residents = [...this.#residents.values()].map(({ name, bytes }) => ({
      name,
      memoryBytes: bytes,
      contextTokens: null,
    }));
    return { models, residents };
  }

  /** The one that was not used for the longest goes first; one that is at work stays. */
  #makeRoom(bytes: number): boolean {
    const sum = () => [...this.#residents.values()].reduce((total, one) => total + one.bytes, 0);
    let hasDropped = false;
    while (sum() + bytes > this.#memoryBytes) {
      const idle = [...this.#residents].filter(([, { users }]) => users <= 0);
      const [oldest] = idle.sort(([, a], [, b]) => a.usedMs - b.usedMs);
      if (oldest === undefined) break;
      this.#residents.delete(oldest[0]);
      hasDropped = true;
    }
    return hasDropped;
  }
}

function sizeOf(model: string): number {
  const [, billions] = /(\d+(?:\.\d+)?)b\b/i.exec(model) ?? [];
  return Math.round((billions === undefined ? billionsUsual : Number(billions)) * bytesPerBillion);
}
