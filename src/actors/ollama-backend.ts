// The client for browsers: the other one takes a picture's base64 for a path first, and reads the file where there is one.
import { Ollama } from 'ollama/browser';
import { KoubouError } from '../machines/errors.ts';
import type { EmbeddingRequest } from '../machines/model-request.ts';
import type { Outcome, Usage } from '../machines/outcome.ts';
import { vectorsOutcome } from './embedding-vectors.ts';
import type { Backend, Job, JobIo } from './execution.ts';
import { wordsOf } from './job-words.ts';
import { ollamaServer } from './ollama-errors.ts';
import { chatRequest, embedRequest, generateRequest } from './ollama-request.ts';
import { type OllamaChunk, strictFetch, wholeFetch } from './ollama-stream.ts';
import { patientFetch } from './patient-fetch.ts';
import { ServerAnswer, type WrittenCall } from './server-answer.ts';
import { count, serverBackend } from './server-backend.ts';
import { type Asked, garbageTrouble } from './server-errors.ts';
import { withTraceHeaders } from './traced-fetch.ts';

export interface OllamaBackendOptions {
  /** Where Ollama listens, as its own client takes it: `http://host:11434`, `host`, `host:port`, `:port`. */
  readonly host: string;
  /** Replaces the way to the network. It must honour `init.signal` in every phase; the default does, and has no timeouts. */
  readonly fetch?: typeof fetch;
}

/** What the client takes for a host without protocol and port. */
const defaultPort = 11_434;

/**
 * Runs jobs on an Ollama server, one connection a job. Always streams what is generated: the server notices late that the
 * client of a non-streaming request has gone. Vectors come at once, and their connection ends with an abort as well.
 *
 * @throws KoubouError `config.invalid` when the host is not an address
 */
export function ollamaBackend({ host, fetch: network = patientFetch }: OllamaBackendOptions): Backend {
  const address = addressOf(host);
  return serverBackend(async ({ job, model, io, signal }) => {
    const { request } = job;
    const fetch = withTraceHeaders(network, job.trace);
    const askedAt = (path: string): Asked => {
      return { server: ollamaServer(path), address, model, prompt: wordsOf(job), secret: null };
    };
    // The client's own abort() reaches only streams whose headers have arrived, hence a client per job with our signal.
    switch (request?.kind) {
      case 'embedding': {
        const asked = askedAt('/api/embed');
        const client = new Ollama({ host, fetch: wholeFetch(fetch, asked, signal) });
        return vectors(await client.embed(embedRequest(job, request, model)), request, asked);
      }
      case 'chat': {
        const asked = askedAt('/api/chat');
        const client = new Ollama({ host, fetch: strictFetch(fetch, asked, signal) });
        return follow(await client.chat(chatRequest(job, request, model)), job, asked, io);
      }
      case 'completion':
      case undefined: {
        const asked = askedAt('/api/generate');
        const client = new Ollama({ host, fetch: strictFetch(fetch, asked, signal) });
        return follow(await client.generate(generateRequest(job, request ?? null, model)), job, asked, io);
      }
    }
  });
}

async function follow(
  chunks: AsyncIterable<OllamaChunk & Counted>,
  job: Job,
  asked: Asked,
  io: JobIo,
): Promise<Outcome> {
  const answer = new ServerAnswer(asked, job, io);
  const calls: WrittenCall[] = [];
  for await (const chunk of chunks) {
    if (io.signal.aborted) return { kind: 'cancelled' };
    answer.thought(chunk.thinking ?? chunk.message?.thinking ?? '');
    answer.text(chunk.response ?? chunk.message?.content ?? '');
    for (const { id, function: called } of chunk.message?.tool_calls ?? []) {
      const args = JSON.stringify(called.arguments);
      answer.weigh(args);
      calls.push({ id: typeof id === 'string' ? id : null, name: called.name, arguments: args });
    }
    if (!chunk.done) continue;
    return answer.end(calls, {
      usage: usageOf(chunk, asked.model),
      emptyBecause: emptyBecause(chunk.done_reason, answer.hasThought),
    });
  }
  // strictFetch and the client both throw before it comes to this; a change in either must not make it a success.
  return garbageTrouble(asked, 'ended its answer without a last chunk').outcome;
}

/** The client's promise of what is in there is none of the server's. */
function vectors(answer: Counted, request: EmbeddingRequest, asked: Asked): Outcome {
  const { embeddings } = answer as { embeddings?: unknown };
  if (!Array.isArray(embeddings)) return garbageTrouble(asked, 'answered without vectors').outcome;
  return vectorsOutcome(embeddings, request, usageOf(answer, asked.model), asked);
}

function emptyBecause(doneReason: unknown, hasThought: boolean): string {
  if (doneReason === 'load') return 'was loaded and asked nothing: the prompt was empty.';
  if (doneReason === 'unload') return 'was unloaded instead of answering.';
  const where = hasThought ? 'in thought, ' : '';
  if (doneReason === 'length')
    return `used up its tokens ${where}before it wrote any text: raise num_predict or num_ctx.`;
  return 'answered with no text.';
}

/** What the last chunk tells besides, if it does. */
interface Counted {
  readonly model?: unknown;
  readonly prompt_eval_count?: unknown;
  readonly eval_count?: unknown;
  readonly load_duration?: unknown;
  readonly prompt_eval_duration?: unknown;
  readonly eval_duration?: unknown;
  readonly total_duration?: unknown;
  readonly done_reason?: unknown;
}

/** Ollama leaves out what is zero. */
function usageOf(last: Counted, model: string): Usage {
  return {
    model: typeof last.model === 'string' ? last.model : model,
    promptTokens: count(last.prompt_eval_count),
    outputTokens: count(last.eval_count),
    loadMs: milliseconds(last.load_duration),
    promptMs: milliseconds(last.prompt_eval_duration),
    generateMs: milliseconds(last.eval_duration),
    totalMs: milliseconds(last.total_duration),
    doneReason: typeof last.done_reason === 'string' ? last.done_reason : null,
  };
}

/** Ollama counts in ns; whole ns beyond 2^53 (104 days) would be nonsense, not rounding. */
function milliseconds(ns: unknown): number | null {
  const whole = count(ns);
  return whole === null ? null : whole / 1_000_000;
}

/** Host and port for messages. Credentials in the URL stay out of them. */
function addressOf(host: string): string {
  const hasProtocol = host.includes('://');
  const text = hasProtocol ? host : `http://${host.startsWith(':') ? `127.0.0.1${host}` : host}`;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new KoubouError(
      'config.invalid',
      'The Ollama host is not an address such as http://127.0.0.1:11434.',
    );
  }
  const url = new URL(text);
  return url.port === '' && !hasProtocol ? `${url.hostname}:${defaultPort}` : url.host;
}
