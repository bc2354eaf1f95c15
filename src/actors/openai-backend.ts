import type { EmbeddingRequest } from '../machines/model-request.ts';
import { failed, type Outcome, type Usage } from '../machines/outcome.ts';
import { objectOf, vectorsOutcome } from './embedding-vectors.ts';
import type { Backend, Job, JobIo } from './execution.ts';
import { wordsOf } from './job-words.ts';
import { OpenaiCalls } from './openai-calls.ts';
import { openaiEndpoint } from './openai-endpoint.ts';
import { openaiServer } from './openai-errors.ts';
import { openaiQuestion } from './openai-request.ts';
import { type CompletionChunk, type CompletionDelta, completionChunks } from './openai-stream.ts';
import { patientFetch } from './patient-fetch.ts';
import { ServerAnswer } from './server-answer.ts';
import { count, serverBackend } from './server-backend.ts';
import { complaintIn } from './server-complaint.ts';
import { type Asked, garbageTrouble, generationTrouble } from './server-errors.ts';
import { askServer } from './server-stream.ts';
import { withTraceHeaders } from './traced-fetch.ts';

export interface OpenaiBackendOptions {
  /** What paths hang on, as OpenAI's clients take it: `http://localhost:1234/v1`. */
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer`, and told to nobody; `null` for servers that want none. */
  readonly apiKey: string | null;
  /** Replaces the way to the network. It must honour `init.signal` in every phase; the default does, and has no timeouts. */
  readonly fetch?: typeof fetch;
}

/**
 * Runs jobs on any server that speaks OpenAI's protocol (LM Studio, llama.cpp, vLLM, LocalAI), one connection a job.
 * Always streams what is generated: so text can be watched, and the server notices at once when the connection is closed.
 * Vectors come at once.
 *
 * @throws KoubouError `config.invalid` when the base URL is not an address, or the key cannot stand in a header
 */
export function openaiBackend({ baseUrl, apiKey, fetch = patientFetch }: OpenaiBackendOptions): Backend {
  const { address, headers: knock, urlOf } = openaiEndpoint(baseUrl, apiKey);
  return serverBackend(async ({ job, model, io, signal }) => {
    const { path, body } = openaiQuestion(job, model);
    const server = openaiServer(path);
    const asked: Asked = { server, address, model, prompt: wordsOf(job), secret: apiKey };
    const accept = path === 'embeddings' ? 'application/json' : 'text/event-stream';
    const headers = { ...knock, 'content-type': 'application/json', accept };
    const question = { method: 'POST', headers, body: JSON.stringify(body), signal };
    const pieces = await askServer(withTraceHeaders(fetch, job.trace), asked, [urlOf(path), question]);
    if (job.request?.kind !== 'embedding') return read(completionChunks(pieces, asked), job, asked, io);
    return vectors(await objectOf(pieces, asked), job.request, asked);
  });
}

/** What is told besides the text, as far as it has come. */
interface Telling {
  model: unknown;
  finishReason: string | null;
  usage: unknown;
  timings: unknown;
}

async function read(
  chunks: AsyncIterable<CompletionChunk>,
  job: Job,
  asked: Asked,
  io: JobIo,
): Promise<Outcome> {
  const answer = new ServerAnswer(asked, job, io);
  const calls = new OpenaiCalls(answer);
  const told: Telling = { model: null, finishReason: null, usage: null, timings: null };
  for await (const chunk of chunks) {
    if (io.signal.aborted) return { kind: 'cancelled' };
    const [choice] = chunk.choices;
    answer.thought(thoughtIn(choice?.delta));
    answer.text(choice?.delta?.content ?? choice?.text ?? '');
    calls.add(choice?.delta);
    told.finishReason = choice?.finish_reason ?? told.finishReason;
    told.model = chunk.model ?? told.model;
    told.usage = chunk.usage ?? told.usage;
    told.timings = chunk.timings ?? told.timings;
  }
  return ending(answer, calls, told, asked);
}

function thoughtIn(delta: CompletionDelta | null | undefined): string {
  const thoughts = [delta?.reasoning_content, delta?.reasoning];
  return (
    (thoughts.find((thought) => typeof thought === 'string' && thought !== '') as string | undefined) ?? ''
  );
}

/** Reasons with which vLLM and gateways end, in order, a generation that they have given up. */
const abandonments: ReadonlySet<string> = new Set(['abort', 'error']);

/** What the end of a stream means. */
function ending(answer: ServerAnswer, calls: OpenaiCalls, told: Telling, asked: Asked): Outcome {
  const { finishReason } = told;
  if (finishReason !== null && abandonments.has(finishReason)) {
    return generationTrouble(asked, { message: `it ended with "${finishReason}"`, names: [] }).outcome;
  }
  // Final: the filter would stop the same prompt again. Text that came before it is kept, as with `length`.
  if (finishReason === 'content_filter' && !answer.hasText) {
    const who = `${asked.model} at ${asked.address}`;
    return failed('input.refused', `A content filter stopped ${who} before it wrote any text.`);
  }
  const usage = usageOf(told, asked.model);
  return answer.end(calls.all, { usage, emptyBecause: emptyBecause(finishReason, answer.hasThought) });
}

function emptyBecause(finishReason: string | null, hasThought: boolean): string {
  if (finishReason === 'length') {
    const where = hasThought ? 'in thought, ' : '';
    return `used up its tokens ${where}before it wrote any text: raise num_predict, or load it with a longer context.`;
  }
  if (finishReason === 'tool_calls') return 'called a tool instead of answering.';
  if (hasThought) return 'thought, but wrote no answer: turn its reasoning down, or take another model.';
  return 'answered with no text.';
}

/** Each vector says the place of its input; a server that leaves all of these out gives them in order. */
function vectors(body: Readonly<Record<string, unknown>>, request: EmbeddingRequest, asked: Asked): Outcome {
  const { data, error, usage, model } = body;
  if (error !== undefined && error !== null) return generationTrouble(asked, complaintIn(body)).outcome;
  if (!Array.isArray(data)) return garbageTrouble(asked, 'answered without vectors').outcome;
  const places = data.map((entry, place) => fieldsOf(entry)['index'] ?? place);
  const ordered = data.map((_, place) => fieldsOf(data[places.indexOf(place)])['embedding']);
  const told = { model, usage, finishReason: null, timings: null };
  return vectorsOutcome(ordered, request, usageOf(told, asked.model), asked);
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
