import { type GenerateRequest, type GenerateResponse, Ollama, type Options } from 'ollama';
import { KoubouError } from '../machines/errors.ts';
import { type Outcome, retry, type Usage } from '../machines/outcome.ts';
import type { Backend, Job, JobIo } from './execution.ts';
import { ollamaServer } from './ollama-errors.ts';
import { strictFetch } from './ollama-stream.ts';
import { patientFetch } from './patient-fetch.ts';
import { AnswerText, count, serverBackend } from './server-backend.ts';
import { type Asked, garbageTrouble } from './server-errors.ts';

export interface OllamaBackendOptions {
  /** Where Ollama listens, as its own client takes it: `http://host:11434`, `host`, `host:port`, `:port`. */
  readonly host: string;
  /** Replaces the way to the network. It must honour `init.signal` in every phase; the default does, and has no timeouts. */
  readonly fetch?: typeof fetch;
}

/** What the client takes for a host without protocol and port. */
const defaultPort = 11_434;

/** Ollama ≥ 0.12.6 refuses an over-long prompt when told so, and cuts it silently otherwise; the client's types lag behind. */
type StreamingRequest = GenerateRequest & { stream: true; truncate: boolean };

/**
 * Runs jobs on an Ollama server, one connection a job. Always streams: the server notices late that the client of a
 * non-streaming request has gone.
 *
 * @throws KoubouError `config.invalid` when the host is not an address
 */
export function ollamaBackend({ host, fetch = patientFetch }: OllamaBackendOptions): Backend {
  const address = addressOf(host);
  return serverBackend(({ job, model, io, signal }) => {
    const asked: Asked = { server: ollamaServer, address, model, prompt: job.prompt, secret: null };
    // The client's own abort() reaches only streams whose headers have arrived, hence a client per job with our signal.
    return generate(new Ollama({ host, fetch: strictFetch(fetch, asked, signal) }), job, asked, io);
  });
}

async function generate(client: Ollama, job: Job, asked: Asked, io: JobIo): Promise<Outcome> {
  const request: StreamingRequest = {
    model: asked.model,
    prompt: job.prompt,
    options: job.sampling as Partial<Options>,
    stream: true,
    truncate: false,
  };
  const text = new AnswerText(asked, io);
  for await (const chunk of await client.generate(request)) {
    if (io.signal.aborted) return { kind: 'cancelled' };
    text.add(chunk.response ?? '');
    if (chunk.done) return ending(text.whole(), chunk, asked);
  }
  // strictFetch and the client both throw before it comes to this; a change in either must not make it a success.
  return garbageTrouble(asked, 'ended its answer without a last chunk').outcome;
}

/** What a regular last chunk means. */
function ending(output: string, last: GenerateResponse, asked: Asked): Outcome {
  if (output.trim() !== '') return { kind: 'succeeded', output, usage: usageOf(last, asked.model) };
  return retry('backend.empty', `${asked.model} at ${asked.address} ${emptyBecause(last.done_reason)}`);
}

function emptyBecause(doneReason: unknown): string {
  if (doneReason === 'load') return 'was loaded and asked nothing: the prompt was empty.';
  if (doneReason === 'unload') return 'was unloaded instead of answering.';
  if (doneReason === 'length')
    return 'used up its tokens before it wrote any text: raise num_predict or num_ctx.';
  return 'answered with no text.';
}

/** Ollama leaves out what is zero. */
function usageOf(last: GenerateResponse, model: string): Usage {
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
