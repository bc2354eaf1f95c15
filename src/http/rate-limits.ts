import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Config } from '../config/settings.ts';
import { accessLimits } from '../machines/access-limits.ts';
import { KoubouError } from '../machines/errors.ts';
import { linkLimits } from '../machines/link-limits.ts';
import { addressKey } from './access-address.ts';

/** What is left to who asked. */
export interface Allowance {
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}

/** Who is counted together: all that comes from this machine, with a token, or from strangers. */
export type CallerClass = 'loopback' | 'token' | 'stranger';

/**
 * A limiter of the library that remembers a bounded number of keys: for one more, it forgets the one that came first. Who
 * could bring that many addresses along is not stopped by counting any of them.
 */
export class BoundedLimiter {
  readonly points: number;
  readonly #limiter: RateLimiterMemory;
  readonly #keysMax: number;
  readonly #keys = new Set<string>();

  constructor(points: number, windowMs: number, keysMax: number) {
    this.points = points;
    this.#keysMax = keysMax;
    this.#limiter = new RateLimiterMemory({ points, duration: windowMs / 1_000, keyPrefix: '' });
  }

  /** Counts one; the answer says whether it was within the limit. */
  async take(key: string): Promise<{ readonly isWithin: boolean; readonly result: RateLimiterRes }> {
    this.#makeRoomFor(key);
    try {
      const result = await this.#limiter.consume(key);
      if (result.isFirstInDuration) this.#remember(key);
      return { isWithin: true, result };
    } catch (error) {
      if (error instanceof RateLimiterRes) return { isWithin: false, result: error };
      throw error;
    }
  }

  /** How long a key that has used up its points waits, in ms; 0 when it may go on. */
  async waitMs(key: string): Promise<number> {
    const result = await this.#limiter.get(key);
    if (result === null || result.consumedPoints < this.points) return 0;
    return Math.max(0, result.msBeforeNext);
  }

  #makeRoomFor(key: string): void {
    if (this.#keys.size < this.#keysMax || this.#keys.has(key)) return;
    const [first = ''] = this.#keys;
    this.#keys.delete(first);
    void this.#limiter.delete(first);
  }

  /** Windows of one limiter are all as long, so the first of the keys is the first to end. */
  #remember(key: string): void {
    this.#keys.delete(key);
    this.#keys.add(key);
  }
}

/** Counts wrong tokens by address, so that nobody can try many. One that is sent again and again is one. */
export class GuessLimit {
  readonly #wrong = new BoundedLimiter(
    linkLimits.wrongTokensMax,
    linkLimits.wrongTokenWindowMs,
    linkLimits.wrongAddressesMax,
  );
  /** A client with an old token, in a loop, guesses nothing and must not lock out its neighbours. */
  readonly #seen = new BoundedLimiter(1, linkLimits.wrongTokenWindowMs, linkLimits.wrongAddressesMax);

  /** @throws KoubouError `rate.limited` while the address has tried too many */
  async assertMayTry(address: string): Promise<void> {
    const retryAfterMs = await this.#wrong.waitMs(addressKey(address));
    if (retryAfterMs === 0) return;
    throw new KoubouError('rate.limited', 'too many wrong tokens came from this address; try again later', {
      retryAfterMs,
    });
  }

  /** @param digest of the wrong token, so that it is not kept itself */
  async count(address: string, digest: Buffer): Promise<void> {
    const key = addressKey(address);
    const { isWithin: isNew } = await this.#seen.take(`${key} ${digest.toString('base64url')}`);
    if (isNew) await this.#wrong.take(key);
  }
}

const minuteMs = 60_000;
const hourMs = 3_600_000;

/** Counts requests under one configuration of limits. */
export class RateLimits {
  readonly #windows: Readonly<Record<CallerClass, readonly BoundedLimiter[]>>;

  constructor(settings: Config['server']['rateLimit']) {
    // 0 sets no limit.
    const window = (points: number, windowMs: number) =>
      points === 0 ? [] : [new BoundedLimiter(points, windowMs, accessLimits.countedMax)];
    this.#windows = {
      loopback: window(settings.loopbackPerMinute, minuteMs),
      token: window(settings.tokenPerMinute, minuteMs),
      stranger: [
        ...window(settings.strangerPerMinute, minuteMs),
        ...window(settings.strangerPerHour, hourMs),
      ],
    };
  }

  /**
   * Counts a request. Answers what is left in the window that is used up first; `null` without a limit.
   *
   * @throws KoubouError `rate.limited`
   */
  async take(callerClass: CallerClass, key: string): Promise<Allowance | null> {
    let least: Allowance | null = null;
    for (const limiter of this.#windows[callerClass]) {
      const { isWithin, result } = await limiter.take(key);
      const allowance = {
        limit: limiter.points,
        remaining: result.remainingPoints,
        resetMs: result.msBeforeNext,
      };
      if (!isWithin) throw tooMany(allowance);
      if (least === null || allowance.remaining < least.remaining) least = allowance;
    }
    return least;
  }
}

function tooMany(allowance: Allowance): KoubouError {
  const { limit, resetMs } = allowance;
  const seconds = Math.ceil(resetMs / 1_000);
  return new KoubouError(
    'rate.limited',
    `more than ${limit} requests came from here; try again in ${seconds} s (server.rate_limit in koubou.yaml)`,
    { retryAfterMs: resetMs, details: { limit, remaining: 0, reset_seconds: seconds } },
  );
}
