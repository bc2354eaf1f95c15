import { modelKey } from '../machines/model-choice.ts';
import type { ResidentModel, SightedModel, Sighting } from '../machines/sighting.ts';
import type { Probe } from './heartbeat.ts';
import { contextIn, type ListedModel, listedIn, residentsIn } from './ollama-listing.ts';

/** An answer of a server; above, it says nothing that is worth its memory. */
const bodyBytesMax = 1_024 * 1_024;

/** The list of models is read anew after so many beats: somebody may have pulled or removed one. */
const listingBeats = 20;

/** Details of so many models are asked for in one beat, so that a server with hundreds is not busy with us. */
const detailsPerBeat = 4;

/** For all that is not the sign of life itself, in ms: what comes later is not waited for. */
const lookingMsMax = 1_000;

export interface OllamaProbeOptions {
  /** How long the server may take to say what it has, in ms; shorter than the interval of the beats. 1 s by default. */
  readonly lookingMs?: number;
}

/**
 * Probes of one Ollama server. `/api/version` is the sign of life, and it alone decides: it answers without a model and
 * without tokens. What is in memory is asked for at each beat; what could be loaded seldom, or when something unknown is
 * in memory; the context of a model once. It remembers that from beat to beat: make one for each worker, and keep it.
 */
export function ollamaProbe(endpointUrl: string, options: OllamaProbeOptions = {}): Probe {
  const server = new OllamaServer(endpointUrl);
  return async (signal, onLife) => {
    await server.live(signal);
    onLife?.();
    return server.look(AbortSignal.any([signal, AbortSignal.timeout(options.lookingMs ?? lookingMsMax)]));
  };
}

class OllamaServer {
  readonly #base: string;
  /** As last listed; `null` when it is to be read. */
  #listed: readonly ListedModel[] | null = null;
  #beatsSinceListing = 0;
  /** In memory, but on no list even after it was read anew, by key: some servers run what they do not list. */
  #unlisted: ReadonlySet<string> = new Set();
  /** By digest; `null` where the server does not say. */
  readonly #contexts = new Map<string, number | null>();

  constructor(endpointUrl: string) {
    this.#base = `${endpointUrl.replace(/\/$/, '')}/`;
  }

  /** Resolves when there is life, and rejects with a sentence when there is none. */
  async live(signal: AbortSignal): Promise<void> {
    const url = new URL('api/version', this.#base);
    try {
      const response = await fetch(url, { signal }).catch((error: unknown) => {
        throw new Error(`${url.origin} does not answer: ${reasonOf(error)}`);
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`${url.origin} answers ${response.status} to a probe`);
    } catch (error) {
      this.#listed = null; // Whoever answers next may be another server.
      throw error;
    }
  }

  /** What it has, as far as it says so until the signal is aborted. */
  async look(signal: AbortSignal): Promise<Sighting> {
    const residents = residentsIn(await this.#ask('api/ps', signal));
    await this.#list(residents ?? [], signal);
    await this.#learnContexts(residents ?? [], signal);
    const models = this.#listed?.map(
      ({ name, sizeBytes, digest }): SightedModel => ({
        name,
        sizeBytes,
        contextTokensMax: this.#contexts.get(digest) ?? null,
      }),
    );
    return { models: models ?? null, residents };
  }

  async #list(residents: readonly ResidentModel[], signal: AbortSignal): Promise<void> {
    this.#beatsSinceListing += 1;
    const isFresh = this.#listed !== null && this.#beatsSinceListing < listingBeats;
    if (isFresh && this.#unlistedOf(residents).every((key) => this.#unlisted.has(key))) return;
    this.#listed = listedIn(await this.#ask('api/tags', signal));
    this.#unlisted = new Set(this.#unlistedOf(residents));
    this.#beatsSinceListing = 0;
    if (this.#listed === null) return;
    const digests = new Set(this.#listed.map(({ digest }) => digest));
    for (const [digest, context] of this.#contexts) {
      // What was not to be learnt is tried again now and then.
      if (context === null || !digests.has(digest)) this.#contexts.delete(digest);
    }
  }

  #unlistedOf(residents: readonly ResidentModel[]): readonly string[] {
    const listed = new Set(this.#listed?.map(({ name }) => modelKey(name)));
    return residents.map(({ name }) => modelKey(name)).filter((key) => !listed.has(key));
  }

  /** Those in memory first: they are about to be used. */
  async #learnContexts(residents: readonly ResidentModel[], signal: AbortSignal): Promise<void> {
    const loaded = new Set(residents.map(({ name }) => modelKey(name)));
    const unknown = new Map(
      (this.#listed ?? [])
        .toSorted((a, b) => Number(loaded.has(modelKey(b.name))) - Number(loaded.has(modelKey(a.name))))
        .filter(({ digest }) => !this.#contexts.has(digest))
        .map(({ digest, name }) => [digest, name]),
    );
    const next = [...unknown].slice(0, detailsPerBeat);
    await Promise.all(
      next.map(async ([digest, model]) => {
        const context = contextIn(await this.#ask('api/show', signal, { model }));
        if (!signal.aborted) this.#contexts.set(digest, context);
      }),
    );
  }

  /** The answer as JSON; `undefined` where there is none that can be read. */
  async #ask(path: string, signal: AbortSignal, body?: object): Promise<unknown> {
    const post = {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    };
    try {
      const response = await fetch(new URL(path, this.#base), { ...(body && post), signal });
      if (response.ok) return JSON.parse(await boundedText(response));
      await response.body?.cancel();
    } catch {
      // What it has is of no matter to whether it lives, and the sighting says that it did not tell.
    }
    return undefined;
  }
}

async function boundedText(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop, by an error as well, ends the connection.
  for await (const piece of response.body ?? []) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > bodyBytesMax) throw new RangeError(`more than ${bodyBytesMax} bytes`);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** `fetch` hides the reason (`ECONNREFUSED`) in the cause of its error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return error.message;
}
