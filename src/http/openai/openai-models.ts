import type { Hono } from 'hono';
import type { Runtime } from '../../runtime.ts';
import { knownModel, knownModels, modelAskedFor, poolModel } from '../facade-models.ts';
import { unknownModel } from './asked-task.ts';
import { refuseFor } from './openai-refusals.ts';

/** `GET /v1/models`: those of the workers and of the model file, and first the one that leaves the choice to the pool. */
export function openAiModelRoutes(app: Hono, runtime: Runtime): void {
  app.get('/v1/models', (c) => {
    const names = [poolModel, ...knownModels(runtime).map(({ name }) => name)];
    return c.json({ object: 'list', data: names.map(entryOf) });
  });
  // Names of models have slashes, which not every client escapes.
  app.get('/v1/models/:name{.+}', (c) => {
    const name = c.req.param('name');
    const found = modelAskedFor(name) === null ? poolModel : knownModel(runtime, name)?.name;
    return found === undefined ? refuseFor(c, unknownModel(name)) : c.json(entryOf(found));
  });
}

function entryOf(id: string) {
  // When a model was made is not known; clients want a number.
  return { id, object: 'model', created: 0, owned_by: poolModel };
}
