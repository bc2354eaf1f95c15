/** A line of the log, with a key for the list that shows it. */
export interface LogLine {
  readonly key: number;
  readonly timestamp: string;
  readonly worker: string;
  readonly type: string;
  readonly message: string;
}

export type LogEntry = Omit<LogLine, 'key'>;

/** The last lines, the oldest first; as many as are wanted, however many come. */
export class LogRing {
  readonly #linesMax: number;
  #lines: readonly LogLine[] = [];
  #waiting: LogLine[] = [];
  #nextKey = 0;
  #droppedWaiting = 0;

  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  /** Takes in lines; they are shown by {@link show}. */
  push(entry: LogEntry): void {
    this.#waiting.push({ ...entry, key: this.#nextKey });
    this.#nextKey += 1;
    if (this.#waiting.length <= 2 * this.#linesMax) return;
    this.#droppedWaiting += this.#waiting.length - this.#linesMax;
    this.#waiting = this.#waiting.slice(-this.#linesMax);
  }

  /** Lines of the past, before those that came meanwhile; what came by both ways stands once. */
  begin(entries: readonly LogEntry[]): void {
    const live = new Set(this.#waiting.map(keyOf));
    const past = entries.filter((entry) => !live.has(keyOf(entry)));
    const meanwhile = this.#waiting;
    this.#lines = [];
    this.#waiting = [];
    this.#droppedWaiting = 0;
    for (const entry of [...past, ...meanwhile]) this.push(entry);
  }

  /** Lines that have come and are not shown yet. */
  get waitingCount(): number {
    return this.#waiting.length + this.#droppedWaiting;
  }

  /** @returns the lines to be shown from now on */
  show(): readonly LogLine[] {
    this.#lines = [...this.#lines, ...this.#waiting].slice(-this.#linesMax);
    this.#waiting = [];
    this.#droppedWaiting = 0;
    return this.#lines;
  }
}

function keyOf({ timestamp, worker, message }: LogEntry): string {
  return `${timestamp} ${worker} ${message}`;
}
