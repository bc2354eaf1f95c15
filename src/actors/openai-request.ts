import type {
  ChatRequest,
  ChatTool,
  CompletionRequest,
  EmbeddingRequest,
} from '../machines/model-request.ts';
import { failed } from '../machines/outcome.ts';
import type { Job } from './execution.ts';
import { openaiMessages, userMessage } from './openai-messages.ts';
import { ServerTrouble } from './server-errors.ts';
import { impossibleChoice, offeredTools } from './tool-choice.ts';

/** What a server is asked, and where. JSON leaves out what is `undefined` in the body. */
export interface OpenaiQuestion {
  readonly path: 'chat/completions' | 'completions' | 'embeddings';
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * What a job asks, in OpenAI's words. A prompt is a conversation of one message; only one that is to go to the model as it
 * is, or has a gap in it, goes to the older `/completions`, which has neither pictures nor a system prompt, and at many
 * servers writes 16 tokens where `num_predict` is not set.
 *
 * @throws ServerTrouble `input.refused` for what OpenAI has no words for
 */
export function openaiQuestion(job: Job, model: string): OpenaiQuestion {
  const { request } = job;
  switch (request?.kind) {
    case 'embedding':
      return embeddingsQuestion(request, model);
    case 'chat':
      return conversation(job, model, { messages: openaiMessages(request.messages), ...toolsOf(request) });
    case 'completion':
      return completionQuestion(job, request, model);
    case undefined:
      return conversation(job, model, { messages: [userMessage(job.prompt)] });
  }
}

function conversation(job: Job, model: string, asked: object): OpenaiQuestion {
  const { think } = job.sampling;
  const body = {
    ...samplingOf(job.sampling),
    // The others are on or off, which OpenAI cannot say.
    ...(typeof think === 'string' && { reasoning_effort: think }),
    ...(job.format !== null && { response_format: formatOf(job.format) }),
    ...asked,
    ...streamed(model),
  };
  return { path: 'chat/completions', body };
}

function completionQuestion(job: Job, request: CompletionRequest, model: string): OpenaiQuestion {
  const { system, template, suffix, raw = false, images } = request;
  if (template !== undefined) throw refused('template');
  if (!raw && !suffix) {
    const said = system === undefined ? [] : [{ role: 'system', content: system }];
    return conversation(job, model, { messages: [...said, userMessage(job.prompt, images)] });
  }
  if (system !== undefined) throw refused('system prompt beside a raw prompt or a suffix');
  if (images !== undefined && images.length > 0) throw refused('picture beside a raw prompt or a suffix');
  const body = {
    ...samplingOf(job.sampling),
    prompt: job.prompt,
    suffix: suffix || undefined,
    ...streamed(model),
  };
  return { path: 'completions', body };
}

function embeddingsQuestion({ inputs, dimensions }: EmbeddingRequest, model: string): OpenaiQuestion {
  return { path: 'embeddings', body: { model, input: inputs, dimensions, encoding_format: 'float' } };
}

function streamed(model: string) {
  return { model, stream: true, stream_options: { include_usage: true } };
}

function refused(what: string): ServerTrouble {
  const message = `OpenAI-compatible servers take no ${what}: leave it out, or name a model of an Ollama server.`;
  return new ServerTrouble(failed('input.refused', message));
}

/** Not `strict`: OpenAI takes few schemas then, others decode by any schema as it is, and the answer is checked here. */
function formatOf(format: NonNullable<Job['format']>): object {
  if (format === 'json') return { type: 'json_object' };
  return { type: 'json_schema', json_schema: { name: 'answer', schema: format } };
}

/** Of tools that must not be called the server is not told: some write calls all the same. */
function toolsOf(request: ChatRequest): object {
  const impossible = impossibleChoice(request);
  if (impossible !== null) throw new ServerTrouble(failed('input.refused', impossible));
  const tools = offeredTools(request);
  if (tools.length === 0) return {};
  const { toolChoice: choice } = request;
  return {
    tools: tools.map(toolOf),
    tool_choice: typeof choice === 'object' ? { type: 'function', function: { name: choice.name } } : choice,
  };
}

function toolOf({ name, description, parameters }: ChatTool): object {
  return { type: 'function', function: { name, description, parameters } };
}

/** Options that mean the same under the same name. */
const sameNames = ['temperature', 'top_p', 'seed', 'stop', 'presence_penalty', 'frequency_penalty'] as const;

/** Options that OpenAI has not, under the names that servers took them over with. */
const extensions: Readonly<Record<string, readonly string[]>> = {
  top_k: ['top_k'],
  min_p: ['min_p'],
  repeat_penalty: ['repeat_penalty', 'repetition_penalty'],
};

/**
 * Ollama's sampling options in OpenAI's words. What a server decides when it loads a model (num_ctx, num_gpu, …) is left
 * out, and so is what only Ollama has.
 *
 * The extensions are sent only where the task or its model's entry sets them. llama.cpp (tools/server/README.md) and LM
 * Studio (docs, "Supported payload parameters") know `repeat_penalty`, vLLM (`ChatCompletionRequest`) and SGLang know
 * `repetition_penalty`; each ignores the other's name (vLLM since 0.6.5 with a warning: vllm-project/vllm#10463), so both
 * go out. Servers that refuse fields they do not know (OpenAI itself: "Unrecognized request argument", NVIDIA NIM: 422
 * "Extra inputs are not permitted") would refuse either name: the task then fails with that sentence, rather than run
 * with other sampling than it was told.
 */
function samplingOf(sampling: Job['sampling']): Record<string, unknown> {
  const mapped: Record<string, unknown> = {};
  for (const name of sameNames) mapped[name] = sampling[name];
  for (const [name, names] of Object.entries(extensions)) {
    for (const theirs of names) mapped[theirs] = sampling[name];
  }
  // -1 and -2 are Ollama's words for "no bound". Of the two names for a bound, the older is the one that all servers know.
  const numPredict = sampling['num_predict'];
  if (typeof numPredict === 'number' && numPredict > 0) mapped['max_tokens'] = numPredict;
  return mapped;
}
