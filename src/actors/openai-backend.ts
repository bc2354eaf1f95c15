import { failed, type Outcome, retry, type Usage } from '../machines/outcome.ts';
import type { Backend, JobIo } from './execution.ts';
import { openaiEndpoint } from './openai-endpoint.ts';
import { openaiServer } from './openai-errors.ts';
import { completionRequest } from './openai-request.ts';
import { type CompletionChunk, type CompletionDelta, completionChunks } from './openai-stream.ts';
import { patientFetch } from './patient-fetch.ts';
import { AnswerText, count, serverBackend } from './server-backend.ts';
import { type Asked, generationTrouble } from './server-errors.ts';
import { askServer } from './server-stream.ts';

export interface OpenaiBackendOptions {
  /** What paths hang on, as OpenAI's clients take it: `http://localhost:1234/v1`. */
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer`, and told to nobody; `null` for servers that want none. */
  readonly apiKey: string | null;
  /** Replaces the way to the network. It must honour `init.signal` in every phase; the default does, and has no timeouts. */
  readonly fetch?: typeof fetch;
}

/**
 * Runs jobs on any server that speaks OpenAI's chat completions (LM Studio, llama.cpp, vLLM, LocalAI), one connection a
 * job. Always streams: so text can be watched, and the server notices at once when the connection is closed.
 *
 * @throws KoubouError `config.invalid` when the base URL is not an address, or the key cannot stand in a header
 */
export function openaiBackend({ baseUrl, apiKey, fetch = patientFetch }: OpenaiBackendOptions): Backend {
  const endpoint = openaiEndpoint(baseUrl, apiKey);
  return serverBackend(async ({ job, model, io, signal }) => {
    const { address } = endpoint;
    const asked: Asked = { server: openaiServer, address, model, prompt: job.prompt, secret: apiKey };
    const headers = { ...endpoint.headers, 'content-type': 'application/json', accept: 'text/event-stream' };
    const body = JSON.stringify(completionRequest(job, model));
    const question = { method: 'POST', headers, body, signal };
    const pieces = await askServer(fetch, asked, [endpoint.urlOf('chat/completions'), question]);
    return read(completionChunks(pieces, asked), asked, io);
  });
}

/** What is told besides the text, as far as it has come. */
interface Telling {
  model: unknown;
  finishReason: string | null;
  hasThought: boolean;
  usage: unknown;
  timings: unknown;
}

async function read(chunks: AsyncIterable<CompletionChunk>, asked: Asked, io: JobIo): Promise<Outcome> {
  const text = new AnswerText(asked, io);
  const told: Telling = { model: null, finishReason: null, hasThought: false, usage: null, timings: null };
  for await (const chunk of chunks) {
    if (io.signal.aborted) return { kind: 'cancelled' };
    const [choice] = chunk.choices;
    text.add(choice?.delta?.content ?? '');
    told.hasThought ||= isThought(choice?.delta);
    told.finishReason = choice?.finish_reason ?? told.finishReason;
    told.model = chunk.model ?? told.model;
    told.usage = chunk.usage ?? told.usage;
    told.timings = chunk.timings ?? told.timings;
  }
  return ending(text.whole(), told, asked);
}

function isThought(delta: CompletionDelta | null | undefined): boolean {
  return [delta?.reasoning_content, delta?.reasoning].some(
    (thought) => typeof thought === 'string' && thought !== '',
  );
}

/** Reasons with which vLLM and gateways end, in order, a generation that they have given up. */
const abandonments: ReadonlySet<string> = new Set(['abort', 'error']);

/** What the end of a stream means. */
function ending(output: string, told: Telling, asked: Asked): Outcome {
  const { finishReason } = told;
  if (finishReason !== null && abandonments.has(finishReason)) {
    return generationTrouble(asked, { message: `it ended with "${finishReason}"`, names: [] }).outcome;
  }
  if (output.trim() !== '') return { kind: 'succeeded', output, usage: usageOf(told, asked.model) };
  const who = `${asked.model} at ${asked.address}`;
  // Final: the filter would stop the same prompt again. Text that came before it is kept above, as with `length`.
  if (finishReason === 'content_filter') {
    return failed('input.refused', `A content filter stopped ${who} before it wrote any text.`);
  }
  return retry('backend.empty', `${who} ${emptyBecause(told)}`);
}

function emptyBecause({ finishReason, hasThought }: Telling): string {
  if (finishReason === 'length') {
    const where = hasThought ? 'in thought, ' : '';
    return `used up its tokens ${where}before it wrote any text: raise num_predict, or load it with a longer context.`;
  }
  if (finishReason === 'tool_calls') return 'called a tool instead of answering.';
  if (hasThought) return 'thought, but wrote no answer: turn its reasoning down, or take another model.';
  return 'answered with no text.';
}

/** What the server counted. Durations are known from llama.cpp alone, in ms. */
function usageOf({ model, finishReason, usage, timings }: Telling, askedModel: string): Usage {
  const counts = fieldsOf(usage);
  const durations = fieldsOf(timings);
  return {
    model: typeof model === 'string' && model !== '' ? model : askedModel,
    promptTokens: count(counts['prompt_tokens']),
    outputTokens: count(counts['completion_tokens']),
    loadMs: null,
    promptMs: milliseconds(durations['prompt_ms']),
    generateMs: milliseconds(durations['predicted_ms']),
    totalMs: null,
    doneReason: finishReason,
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function milliseconds(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}
