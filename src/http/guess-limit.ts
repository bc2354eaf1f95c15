import { linkLimits } from '../machines/link-limits.ts';

interface Window {
  wrong: number;
  readonly endsMs: number;
}

/** Counts wrong tokens by address, so that nobody can try many. It remembers a bounded number of addresses. */
export class GuessLimit {
  readonly #nowMs: () => number;
  readonly #windows = new Map<string, Window>();

  /** @param nowMs a clock that only grows */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** How long an address has to wait, in ms; 0 when it may try. */
  waitMs(address: string): number {
    const window = this.#current(address);
    if (window === undefined || window.wrong < linkLimits.wrongTokensMax) return 0;
    return Math.max(1, window.endsMs - this.#nowMs());
  }

  /** It presented a wrong token. */
  count(address: string): void {
    const window = this.#current(address);
    if (window !== undefined) {
      window.wrong += 1;
      return;
    }
    this.#makeRoom();
    this.#windows.set(address, { wrong: 1, endsMs: this.#nowMs() + linkLimits.wrongTokenWindowMs });
  }

  #current(address: string): Window | undefined {
    const window = this.#windows.get(address);
    if (window === undefined || window.endsMs > this.#nowMs()) return window;
    this.#windows.delete(address);
    return undefined;
  }

  /** Windows are all as long, so the first in the map is the first to end. */
  #makeRoom(): void {
    for (const [address, { endsMs }] of this.#windows) {
      if (endsMs > this.#nowMs() && this.#windows.size < linkLimits.wrongAddressesMax) return;
      this.#windows.delete(address);
    }
  }
}
