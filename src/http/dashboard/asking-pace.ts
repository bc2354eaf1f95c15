/** What a pace stands on. Times in ms of a clock that only grows. */
export interface PacePorts {
  readonly monotonic: () => number;
  readonly setTimeout: (fn: () => void, delayMs: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
  /** Whether anybody looks; nobody is asked for those who do not. */
  readonly isSeen: () => boolean;
  /** Asks; never rejects. */
  readonly ask: () => Promise<void>;
}

export interface PaceTimes {
  /** Between the beginnings of two questions, however much happens. */
  readonly restMs: number;
  /** What no event tells is asked for so often; `Infinity` for never. */
  readonly everyMs: number;
}

/** When a question is asked again: soon after something happened, else rarely, one at a time, and never for nobody. */
export class AskingPace {
  readonly #ports: PacePorts;
  readonly #times: PaceTimes;
  #timer: unknown;
  #dueMs = Number.POSITIVE_INFINITY;
  #askedMs = Number.NEGATIVE_INFINITY;
  #state: 'resting' | 'asking' | 'ended' = 'resting';

  constructor(ports: PacePorts, times: PaceTimes) {
    this.#ports = ports;
    this.#times = times;
  }

  /** Something happened: asks as soon as the rest is over. */
  want(restMs = this.#times.restMs): void {
    this.#plan(Math.max(this.#ports.monotonic(), this.#askedMs + restMs));
  }

  /** Asks at once, or right after the answer that is under way. */
  now(): void {
    this.#plan(this.#ports.monotonic());
  }

  /** Somebody looks again: what has become due meanwhile is asked for. */
  look(): void {
    this.#arm();
  }

  end(): void {
    this.#state = 'ended';
    this.#ports.clearTimeout(this.#timer);
  }

  #plan(dueMs: number): void {
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    this.#arm();
  }

  #arm(): void {
    const { clearTimeout, setTimeout, monotonic, isSeen } = this.#ports;
    clearTimeout(this.#timer);
    if (this.#state !== 'resting' || this.#dueMs === Number.POSITIVE_INFINITY || !isSeen()) return;
    const delayMs = this.#dueMs - monotonic();
    if (delayMs <= 0) void this.#ask();
    else this.#timer = setTimeout(this.#fire, delayMs);
  }

  readonly #fire = (): void => this.#arm();

  async #ask(): Promise<void> {
    this.#state = 'asking';
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#askedMs = this.#ports.monotonic();
    await this.#ports.ask();
    if (this.#isOver()) return;
    this.#state = 'resting';
    if (this.#dueMs === Number.POSITIVE_INFINITY) this.#plan(this.#ports.monotonic() + this.#times.everyMs);
    else this.#arm();
  }

  #isOver(): boolean {
    return this.#state === 'ended';
  }
}
