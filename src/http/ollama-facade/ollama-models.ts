import { createHash } from 'node:crypto';
import type { Context, Hono } from 'hono';
import { modelKey } from '../../machines/model-choice.ts';
import type { WorkerView } from '../../runtime/worker-view.ts';
import type { Runtime } from '../../runtime.ts';
import { version } from '../../version.ts';
import {
  isNobodysModel,
  type KnownModel,
  knownModel,
  knownModels,
  modelAskedFor,
  poolModel,
} from '../facade-models.ts';
import { check, readJson } from '../request-body.ts';
import { modelUnknown, refused } from './ollama-refusals.ts';
import { showSchema } from './ollama-schemas.ts';

/** Of Ollama, whose interface this is: clients compare it, to know what they may send. */
const ollamaVersion = '0.13.0';

const details = {
  parent_model: '',
  format: '',
  family: poolModel,
  families: [poolModel],
  parameter_size: '',
  quantization_level: '',
};

/** What clients ask about models. What only the servers of the workers know of them is left out. */
export function ollamaModelRoutes(app: Hono, runtime: Runtime): void {
  // Nobody says when a model was changed, and clients want a time.
  const modifiedAt = new Date(runtime.clock.now()).toISOString();
  app.get('/api/version', (c) => c.json({ version: ollamaVersion, koubou: version }));
  app.get('/api/tags', (c) => {
    const models = [unknownOf(poolModel), ...knownModels(runtime)];
    return c.json({ models: models.map((model) => ({ ...tagOf(model), modified_at: modifiedAt })) });
  });
  app.get('/api/ps', (c) => c.json({ models: residentsOf(runtime.workers()) }));
  app.post('/api/show', async (c) => {
    const name = check(showSchema, await readJson(c));
    if (name === '') return refused(c, 400, 'model is missing');
    if (modelAskedFor(name) !== null && isNobodysModel(runtime, name)) return modelUnknown(c, name);
    const model = knownModel(runtime, name) ?? unknownOf(name);
    return c.json({ ...shown(runtime, model), modified_at: modifiedAt });
  });
  forbidChanges(app);
}

/** Models belong to the servers of the workers: nothing here pulls or removes one. */
function forbidChanges(app: Hono): void {
  const refuse = (c: Context) =>
    refused(
      c,
      501,
      'Koubou does not change models: pull, create or delete them at the servers of its workers',
    );
  for (const verb of ['pull', 'push', 'create', 'copy']) app.post(`/api/${verb}`, refuse);
  app.delete('/api/delete', refuse);
  app.on(['POST', 'GET'], '/api/blobs/:digest', refuse);
}

function unknownOf(name: string): KnownModel {
  return { name, sizeBytes: null, contextTokensMax: null, workers: [] };
}

function tagOf({ name, sizeBytes }: KnownModel) {
  return { ...named(name), ...(sizeBytes === null ? {} : { size: sizeBytes }), details };
}

/** Clients cut a digest to its beginning, and some take a list without digests for broken; this one is of the name. */
function named(name: string) {
  return { name, model: name, digest: createHash('sha256').update(modelKey(name)).digest('hex') };
}

interface Resident {
  readonly name: string;
  memoryBytes: number | null;
  contextTokens: number | null;
}

/** Each model once, with what it takes on all servers together. */
function residentsOf(workers: readonly WorkerView[]): readonly object[] {
  const found = new Map<string, Resident>();
  // Workers may share a server; what it has loaded counts once.
  const servers = new Map(workers.map((worker) => [worker.endpoint_url ?? worker.worker_id, worker]));
  for (const { loaded, residents } of servers.values()) {
    for (const key of loaded) {
      const seen = residents.find(({ name }) => modelKey(name) === key);
      const entry = found.get(key) ?? { name: seen?.name ?? key, memoryBytes: null, contextTokens: null };
      found.set(key, entry);
      if (seen === undefined) continue;
      entry.memoryBytes = (entry.memoryBytes ?? 0) + seen.memory_bytes;
      if (seen.context_tokens !== null)
        entry.contextTokens = Math.max(entry.contextTokens ?? 0, seen.context_tokens);
    }
  }
  return [...found.values()].map(({ name, memoryBytes, contextTokens }) => ({
    ...named(name),
    ...(memoryBytes === null ? {} : { size: memoryBytes, size_vram: memoryBytes }),
    ...(contextTokens === null ? {} : { context_length: contextTokens }),
    details,
  }));
}

function shown(runtime: Runtime, { name, contextTokensMax, workers }: KnownModel): object {
  const context = contextTokensMax === null ? {} : { [`${poolModel}.context_length`]: contextTokensMax };
  const { catalog } = runtime.config.models;
  const entry = Object.values(catalog).find((each) => modelKey(each.name) === modelKey(name));
  const parameters = Object.entries(entry?.options ?? {}).map(([key, value]) => `${key} ${value}`);
  return {
    license: '',
    modelfile: '',
    parameters: parameters.join('\n'),
    template: '',
    details,
    model_info: { 'general.architecture': poolModel, ...context },
    capabilities: capabilitiesOf(runtime, workers),
  };
}

/**
 * What the workers pass on to a model. Whether it can do all of that its server knows, and says when it is asked to.
 *
 * @param names of the workers that have it; of all where nobody is known to
 */
function capabilitiesOf({ config }: Pick<Runtime, 'config'>, names: readonly string[]): readonly string[] {
  const those = config.workers.filter(({ workerId }) => names.length === 0 || names.includes(workerId));
  const kinds = new Set(those.flatMap(({ requestKinds }) => requestKinds));
  return ['completion', ...(kinds.has('chat') ? ['tools'] : [])];
}
