import { createHash } from 'node:crypto';

/** Draws that a seed decides, each named by what it is for: what is asked and done is the same, only its moments differ. */
export class Chance {
  readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Uniform in [0, 1). */
  draw(name: string): number {
    return createHash('sha256').update(`${this.seed} ${name}`).digest().readUInt32BE(0) / 2 ** 32;
  }

  between(min: number, max: number, name: string): number {
    return min + (max - min) * this.draw(name);
  }

  whole(min: number, max: number, name: string): number {
    return Math.floor(this.between(min, max + 1, name));
  }

  /** @throws TypeError for an empty list */
  pick<T>(list: readonly T[], name: string): T {
    const found = list[Math.floor(this.draw(name) * list.length)];
    if (found === undefined) throw new TypeError(`nothing to pick for ${name}`);
    return found;
  }

  shuffled<T>(list: readonly T[], name: string): T[] {
    return list
      .map((entry, index) => ({ entry, at: this.draw(`${name} ${index}`) }))
      .toSorted((one, other) => one.at - other.at)
      .map(({ entry }) => entry);
  }
}
