import type { Random } from '../actors/random.ts';
import { type Acts, everyAct } from './acts.ts';

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';

/**
 * Chance that is the same for ever. Each draw is named by its purpose and a key and depends on nothing else, so that
 * leaving one thing out of a run does not roll the dice anew for all others.
 */
export class SeededRandom implements Random {
  readonly #seed: number;
  readonly #acts: Acts;
  #suffixes = 0;

  /** @param acts says which of what is drawn takes place */
  constructor(seed: number, acts: Acts = everyAct) {
    this.#seed = seed;
    this.#acts = acts;
  }

  /** Uniform in [0, 1). */
  draw(purpose: string, key: string | number): number {
    return hashOf(`${this.#seed} ${purpose} ${key}`) / 2 ** 53;
  }

  /** Counted, since ids must differ over restarts too: there is one source for a whole world. */
  suffix(length: number): string {
    this.#suffixes += 1;
    let text = '';
    for (let at = 0; at < length; at += 1) {
      text += alphabet[Math.floor(this.draw(`suffix ${at}`, this.#suffixes) * alphabet.length)];
    }
    return text;
  }

  /** True for this share of keys, as far as it may take place. */
  chance(share: number, purpose: string, key: string | number): boolean {
    return share > 0 && this.draw(purpose, key) < share && this.#acts.takesPlace(`${purpose} ${key}`);
  }

  /** Whether what comes by itself takes place this time. */
  comes(purpose: string, key: string | number): boolean {
    return this.#acts.takesPlace(`${purpose} ${key}`);
  }

  /** Uniform from `min` to below `max`. */
  between(min: number, max: number, purpose: string, key: string | number): number {
    return min + (max - min) * this.draw(purpose, key);
  }

  /** With this mean; the gaps between events that know nothing of each other. */
  exponential(mean: number, purpose: string, key: string | number): number {
    return sameEverywhere(-Math.log(1 - this.draw(purpose, key)) * mean);
  }

  /** @throws TypeError for an empty list */
  pick<T>(list: readonly T[], purpose: string, key: string | number): T {
    const found = list[Math.floor(this.draw(purpose, key) * list.length)];
    if (found === undefined) throw new TypeError(`nothing to pick for ${purpose}`);
    return found;
  }
}

/** 53 well-mixed bits of a text: two multiplicative hashes of 32 bits, each stirred into the other at the end. */
function hashOf(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    a = Math.imul(a ^ code, 2_654_435_761);
    b = Math.imul(b ^ code, 1_597_334_677);
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  return 2 ** 32 * ((b >>> 0) & 0x1f_ffff) + (a >>> 0);
}

/** Logarithms and powers differ in their last digits from one version of V8 to the next: a figure to six digits behind the point. */
export function sameEverywhere(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
