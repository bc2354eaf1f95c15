import { z } from 'zod';
import {
  count,
  nonEmptyText,
  seconds,
  secondsOrZero,
  serverUrl,
  switchedOn,
  taskTypeName,
} from './fields.ts';
import { conditionShape } from './task-size-condition.ts';

/** Options of Ollama's own API, by its names: https://docs.ollama.com/modelfile#parameter and its `Options` type. */
const samplingOptions = z
  .strictObject({
    temperature: z.number().min(0).describe('Higher is more varied, 0 is greedy.'),
    num_ctx: count('Tokens of the context window, prompt and answer together.'),
    num_predict: count('Tokens generated at most; -1 for no limit.', -1),
    num_keep: count('Tokens of the prompt kept when the window overflows.', -1),
    top_p: z.number().min(0).max(1).describe('Share of probability that is sampled from.'),
    top_k: count('Tokens that are sampled from.', 0),
    min_p: z.number().min(0).max(1).describe('Least probability, relative to the most likely token.'),
    typical_p: z.number().min(0).max(1).describe('Locally typical sampling; 1 switches it off.'),
    repeat_penalty: z.number().min(0).describe('Penalty on repetition; 1 switches it off.'),
    repeat_last_n: count('Tokens that are watched for repetition; -1 for the whole window.', -1),
    presence_penalty: z.number().describe('Penalty on tokens that have appeared.'),
    frequency_penalty: z.number().describe('Penalty on tokens by how often they have appeared.'),
    seed: z.int().describe('Fixes the sampling, so that the same prompt gets the same answer.'),
    stop: z.array(z.string().min(1)).describe('Texts at which the generation stops.'),
    num_batch: count('Tokens of the prompt processed at once.'),
    num_gpu: count('Layers on the GPU; -1 for all that fit.', -1),
    main_gpu: count('GPU for small tensors.', 0),
    num_thread: count('CPU threads.'),
    use_mmap: switchedOn('Map the model file into memory.'),
    numa: switchedOn('NUMA support.'),
  })
  .partial()
  .prefault({})
  .describe('Sampling options, by the names of Ollama.');

const model = z.strictObject({
  name: nonEmptyText('Name of the model at the server.').meta({ examples: ['gpt-oss:20b'] }),
  description: z.string().default('').describe('For people.'),
  options: samplingOptions,
  use_cases: z.array(z.string()).default([]).describe('For people.'),
});

const modelKey = nonEmptyText('A key under models.');

const server = z
  .strictObject({
    host: serverUrl('URL of the Ollama server of workers that name none.').default('http://localhost:11434'),
    timeout: seconds('Seconds for one request.').default(300),
    retry_count: count('Further tries after a failed one.', 0, 50).default(3),
    retry_delay: secondsOrZero('Seconds before the first of them; later ones wait longer.').default(5),
  })
  .prefault({})
  .describe('The Ollama server.');

const autoSelect = z
  .strictObject({
    enabled: switchedOn('Choose the model by the size of the prompt.').default(false),
    rules: z
      .array(
        z.strictObject({
          condition: z
            .string()
            .regex(conditionShape)
            .meta({
              description: 'A comparison of task_size, the characters of the prompt.',
              examples: ['task_size < 100'],
            }),
          model: modelKey,
        }),
      )
      .default([])
      .describe('The first rule whose condition holds decides.'),
  })
  .prefault({})
  .describe('Models by size of the prompt, for tasks that name none and whose type has no recommendation.');

const fallback = z
  .strictObject({
    enabled: switchedOn('Try other models when one fails.').default(false),
    chain: z.array(modelKey).default([]).describe('Keys under models, in the order in which they are tried.'),
  })
  .prefault({})
  .describe('What is tried when a model fails.');

const cache = z
  .strictObject({
    enabled: switchedOn('Answer a repeated prompt from memory.').default(false),
    ttl: seconds('Seconds for which an answer is kept.').default(3_600),
    max_size: count('Answers kept at most.').default(100),
  })
  .prefault({})
  .describe('Answers kept for repeated prompts.');

const originalLogging = z
  .strictObject({
    level: z.string(),
    detailed_prompts: z.boolean(),
    save_responses: z.boolean(),
    response_dir: z.string(),
  })
  .partial()
  .describe('Accepted for files of the original, without effect: koubou.yaml sets up the logs.');

/** `ollama_models.yaml`, a superset of the original's; times are seconds. */
export const modelsFileSchema = z
  .strictObject({
    default_model: modelKey.describe('Key of the model for tasks that nothing else decides.'),
    server,
    models: z.record(z.string().min(1), model).describe('The models, each under a key of its own.'),
    task_recommendations: z
      .record(taskTypeName, modelKey)
      .default({})
      .describe('Which model for which task type; a type named here is accepted by the API.'),
    performance: z
      .strictObject({ auto_select: autoSelect, fallback, cache })
      .prefault({})
      .describe('Choice of models, fallback and cache.'),
    logging: originalLogging.optional(),
  })
  .meta({ title: 'ollama_models.yaml', description: 'Koubou: models and the choice among them.' });

export type ModelsFile = z.output<typeof modelsFileSchema>;
