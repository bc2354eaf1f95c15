import type { Job } from './execution.ts';

/** The body of `POST /chat/completions` for a job; JSON leaves out what is `undefined` in it. */
export function completionRequest(job: Pick<Job, 'prompt' | 'sampling'>, model: string): object {
  return {
    ...samplingOf(job.sampling),
    model,
    messages: [{ role: 'user', content: job.prompt }],
    stream: true,
    stream_options: { include_usage: true },
  };
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
