import type { Attributes } from '@opentelemetry/api';
import type { Usage } from '../machines/outcome.ts';
import type { BackendName, WorkerConfig } from '../machines/routing-policy.ts';
import type { Job } from './execution.ts';

/*
 * Names of the semantic conventions for generative AI (https://opentelemetry.io/docs/specs/semconv/gen-ai/), and our own
 * under `koubou.`. Nothing here may hold text of a prompt, of an answer or of a message: counts, names and codes alone.
 */

/** What is asked of a model, in the words of the conventions. A plain prompt is put the way that its backend puts it. */
export function operationOf({ request }: Job, backend: BackendName): string {
  switch (request?.kind) {
    case 'chat':
      return 'chat';
    case 'completion':
      return 'text_completion';
    case 'embedding':
      return 'embeddings';
    case undefined:
      return backend === 'openai' ? 'chat' : 'text_completion';
  }
}

/** What is known of a worker before any job of it. */
export function workerAttributes({ workerId, backend, endpointUrl }: WorkerConfig): Attributes {
  return {
    'gen_ai.provider.name': providerOf(backend),
    ...serverOf(endpointUrl),
    'koubou.worker.id': workerId,
  };
}

/** Who generates, as far as we know: whose models a server has is its own affair. */
function providerOf(backend: BackendName): string {
  switch (backend) {
    case 'ollama':
    case 'gemini-repo-cli':
      return 'ollama';
    case 'openai':
      return 'openai';
    case 'joined':
      return 'koubou';
    case 'demo':
      return 'demo';
  }
}

function serverOf(endpointUrl: string): Attributes {
  if (!/^https?:/.test(endpointUrl) || !URL.canParse(endpointUrl)) return {};
  const { protocol, hostname, port } = new URL(endpointUrl);
  const usualPort = protocol === 'https:' ? 443 : 80;
  return {
    'server.address': hostname.replace(/^\[(.*)\]$/, '$1'),
    'server.port': port === '' ? usualPort : Number(port),
  };
}

/** The options that the conventions know, under the names that Ollama gives them. */
const optionNames: readonly (readonly [string, string])[] = [
  ['temperature', 'gen_ai.request.temperature'],
  ['top_p', 'gen_ai.request.top_p'],
  ['top_k', 'gen_ai.request.top_k'],
  ['seed', 'gen_ai.request.seed'],
  ['frequency_penalty', 'gen_ai.request.frequency_penalty'],
  ['presence_penalty', 'gen_ai.request.presence_penalty'],
];

/** What a job asks for, beside its words. */
export function jobAttributes(job: Job): Attributes {
  const { taskId, taskType, priority, attempt, waitedMs, sampling, request, format } = job;
  const attributes: Attributes = {
    'koubou.task.id': taskId,
    'koubou.task.type': taskType,
    'koubou.task.priority': priority,
  };
  if (attempt !== undefined) attributes['koubou.attempt'] = attempt;
  if (waitedMs !== undefined) attributes['koubou.queue.wait_ms'] = waitedMs;
  for (const [option, name] of optionNames) {
    const value = sampling[option];
    if (typeof value === 'number') attributes[name] = value;
  }
  const tokensMax = sampling['num_predict'];
  // Ollama's -1 and -2 mean that there is no limit.
  if (typeof tokensMax === 'number' && tokensMax > 0) attributes['gen_ai.request.max_tokens'] = tokensMax;
  if (format !== null) attributes['gen_ai.output.type'] = 'json';
  // Whatever is generated is streamed, so that it can be watched and stopped.
  if (request?.kind !== 'embedding') attributes['gen_ai.request.stream'] = true;
  if (request?.kind === 'embedding' && request.dimensions !== undefined)
    attributes['gen_ai.embeddings.dimension.count'] = request.dimensions;
  return attributes;
}

/** What a server counted. An answer from memory took nothing now: whoever adds up tokens must not find it. */
export function usageAttributes({ model, promptTokens, outputTokens, doneReason }: Usage): Attributes {
  if (doneReason === 'cached') return { 'koubou.cached': true };
  return {
    ...(model === null ? {} : { 'gen_ai.response.model': model }),
    ...(promptTokens === null ? {} : { 'gen_ai.usage.input_tokens': promptTokens }),
    ...(outputTokens === null ? {} : { 'gen_ai.usage.output_tokens': outputTokens }),
    ...(doneReason === null ? {} : { 'gen_ai.response.finish_reasons': [doneReason] }),
  };
}
