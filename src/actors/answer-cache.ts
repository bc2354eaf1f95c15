import { createHash } from 'node:crypto';
import { modelKey } from '../machines/model-choice.ts';
import type { Outcome, Usage } from '../machines/outcome.ts';
import type { Clock } from './clock.ts';
import type { Backend, Job } from './execution.ts';

/** What the model file says of the cache. */
export interface AnswerCacheSettings {
  readonly enabled: boolean;
  /** How long an answer may be given after it was generated, in ms. */
  readonly ttlMs: number;
  /** Answers kept at most. */
  readonly entriesMax: number;
}

export interface AnswerCacheOptions extends AnswerCacheSettings {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Memory for all of them together. */
  readonly bytesMax: number;
}

/** An answer as it was generated. */
export type Answer = Extract<Outcome, { readonly kind: 'succeeded' }>;

interface Entry {
  readonly answer: Answer;
  readonly bytes: number;
  readonly generatedMs: number;
}

/** Key, usage and bookkeeping of one entry, roughly. */
const entryBytes = 1_024;

/** Answers to what was asked before, in memory. Of too many, those go that were not asked for the longest. */
export class AnswerCache {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #bytesMax: number;
  #settings: AnswerCacheSettings;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor({ clock, bytesMax, ...settings }: AnswerCacheOptions) {
    this.#clock = clock;
    this.#bytesMax = bytesMax;
    this.#settings = settings;
  }

  get isEnabled(): boolean {
    return this.#settings.enabled;
  }

  /** Answers kept now, expired ones among them. */
  get size(): number {
    return this.#entries.size;
  }

  /** What they take, by estimate. */
  get bytes(): number {
    return this.#bytes;
  }

  /** New settings hold at once, for the answers that are kept as well; switched off, it forgets all. */
  configure(settings: AnswerCacheSettings): void {
    this.#settings = settings;
    this.#shrink();
  }

  /** The answer under a key, unless it is too old. */
  find(key: string): Answer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#drop(key, entry);
    if (this.#clock.monotonic() - entry.generatedMs >= this.#settings.ttlMs) return undefined;
    this.#add(key, entry);
    return entry.answer;
  }

  /** Keeps an answer in the place of a former one. One that has no room even alone is not kept. */
  keep(key: string, answer: Answer): void {
    const former = this.#entries.get(key);
    if (former !== undefined) this.#drop(key, former);
    // V8 takes one or two bytes for a character; UTF-8 would take up to three.
    const reply = answer.reply === undefined ? '' : JSON.stringify(answer.reply);
    const bytes = entryBytes + 2 * (answer.output.length + reply.length);
    if (bytes > this.#bytesMax) return;
    this.#add(key, { answer, bytes, generatedMs: this.#clock.monotonic() });
    this.#shrink();
  }

  #shrink(): void {
    const { enabled, entriesMax } = this.#settings;
    for (const [key, entry] of this.#entries) {
      if (enabled && this.#entries.size <= entriesMax && this.#bytes <= this.#bytesMax) return;
      this.#drop(key, entry);
    }
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
  }

  #drop(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}

/**
 * Answers a job from the cache where the same was asked of the same model before, and has the backend generate it
 * otherwise. Only successes are kept. A job that wants a fresh answer is generated, and its answer kept. Jobs that are
 * the same and run at once are all generated: none waits for another, whose ending nobody knows.
 *
 * What is asked is the prompt, all that stands beside it, and the format; of an answer all is kept, its thoughts and its
 * calls of functions as well. It looks at the prompt as it is sent, so attached files belong before it (`withFiles` around this). A job without a
 * model is not cached: what is asked then is up to the server.
 */
export function withAnswerCache(backend: Backend, cache: AnswerCache): Backend {
  return async (job, io) => {
    if (!cache.isEnabled || job.model === null || io.signal.aborted) return backend(job, io);
    const key = keyOf(job, job.model);
    const known = job.fresh ? undefined : cache.find(key);
    if (known !== undefined) {
      // Nobody watches how vectors come, and calls of functions have no text.
      if (job.request?.kind !== 'embedding' && known.output !== '') io.onText(known.output);
      return { ...known, usage: fromMemory(known.usage) };
    }
    const outcome = await backend(job, io);
    if (outcome.kind === 'succeeded') cache.keep(key, outcome);
    return outcome;
  };
}

/** Says what the answer once took in tokens, and that nothing was generated for it now. */
function fromMemory(usage: Usage): Usage {
  return { ...usage, loadMs: 0, promptMs: 0, generateMs: 0, totalMs: 0, doneReason: 'cached' };
}

/** A digest, so that no prompt is kept. */
function keyOf({ prompt, request, format, sampling }: Job, model: string): string {
  const asked = JSON.stringify([modelKey(model), ...[sampling, request, format].map(canonical)]);
  return createHash('sha256').update(asked).update('\n').update(prompt).digest('base64');
}

/** The same value, its keys in one order. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, each]) => [name, canonical(each)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
