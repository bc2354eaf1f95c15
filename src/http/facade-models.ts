import { modelKey } from '../machines/model-choice.ts';
import type { WorkerView } from '../runtime/worker-view.ts';
import type { Runtime } from '../runtime.ts';

/** The name under which the pool itself is asked: it chooses the model. */
export const poolModel = 'koubou';

const poolNames: readonly string[] = [poolModel, `${poolModel}:latest`, 'auto'];

/** The model that a task is to name, `null` where the pool chooses: for `koubou`, for `auto`, and where none is named. */
export function modelAskedFor(name: string | null | undefined): string | null {
  return name === undefined || name === null || name === '' || poolNames.includes(name) ? null : name;
}

/** A model that a worker has, or that the model file names. */
export interface KnownModel {
  readonly name: string;
  /** Of its files, in bytes; `null` where nobody says. */
  readonly sizeBytes: number | null;
  readonly contextTokensMax: number | null;
  /** Workers whose server has it. */
  readonly workers: readonly string[];
}

type ModelSource = Pick<Runtime, 'workers' | 'config'>;

/** All models that are known by name, each once, in the order of the alphabet. */
export function knownModels(source: ModelSource): readonly KnownModel[] {
  const known = new Map<string, KnownModel>();
  const add = (model: KnownModel) => {
    const key = modelKey(model.name);
    const before = known.get(key);
    known.set(key, before === undefined ? model : joined(before, model));
  };
  for (const worker of source.workers()) for (const model of modelsOf(worker)) add(model);
  const { catalog, defaultModel } = source.config.models;
  for (const name of [...Object.values(catalog).map((entry) => entry.name), defaultModel])
    add({ name, sizeBytes: null, contextTokensMax: null, workers: [] });
  return [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A model of this name, if one is known: without a tag `latest` is meant. */
export function knownModel(source: ModelSource, name: string): KnownModel | undefined {
  return knownModels(source).find((model) => modelKey(model.name) === modelKey(name));
}

/** Whether nobody has such a model. Where one worker does not say what it has, only a task can tell. */
export function isNobodysModel(source: ModelSource, name: string): boolean {
  const workers = source.workers();
  const allSay = workers.length > 0 && workers.every((worker) => worker.models !== null);
  return allSay && knownModel(source, name) === undefined;
}

function modelsOf(worker: WorkerView): KnownModel[] {
  const sighted = (worker.models ?? []).map((model) => ({
    name: model.name,
    sizeBytes: model.size_bytes,
    contextTokensMax: model.context_tokens_max,
  }));
  const bare = [...worker.loaded, ...(worker.model === null ? [] : [worker.model])].map((name) => ({
    name,
    sizeBytes: null,
    contextTokensMax: null,
  }));
  return [...sighted, ...bare].map((model) => ({ ...model, workers: [worker.worker_id] }));
}

function joined(one: KnownModel, other: KnownModel): KnownModel {
  return {
    name: one.name,
    sizeBytes: one.sizeBytes ?? other.sizeBytes,
    contextTokensMax: one.contextTokensMax ?? other.contextTokensMax,
    workers: [...new Set([...one.workers, ...other.workers])],
  };
}
