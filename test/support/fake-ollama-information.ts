import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** A model that the fake has. What is left out is that of a tiny model in memory. */
export interface FakeModel {
  readonly name: string;
  readonly sizeBytes?: number;
  readonly digest?: string;
  /** False for one that is on the list, and not in memory. */
  readonly isLoaded?: boolean;
  /** False for one that is in memory, and on no list. */
  readonly isListed?: boolean;
  /** Its share of a GPU's memory; 0 for none. */
  readonly vramBytes?: number;
  /** The context that it is loaded with. */
  readonly contextTokens?: number;
  /** The longest that it was made for. */
  readonly contextTokensMax?: number;
}

/** `hang` never answers, `huge` never ends, `garbage` is no JSON, and an object is the body instead of the right one. */
export type InformationFault = 'hang' | 'error-500' | 'garbage' | 'huge' | object;

export interface InformationRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly models: readonly FakeModel[];
  readonly fault: InformationFault | undefined;
  readonly response: ServerResponse;
}

const details = { format: 'gguf', family: 'llama', parameter_size: '0.2M', quantization_level: 'F32' };

/** What Ollama answers to requests that generate nothing. */
export function answerInformation(request: InformationRequest): void {
  const { method, path, fault, response } = request;
  if (fault === 'hang') return;
  if (fault === 'huge') {
    flood(response);
    return;
  }
  if (fault === 'garbage') {
    response.end('<html>Bad gateway</html>');
    return;
  }
  const status = fault === 'error-500' ? 500 : 200;
  const known = typeof fault === 'object' ? fault : informationOf(request)[`${method} ${path}`]?.();
  response.writeHead(known === undefined ? 404 : status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(known ?? { error: 'not found' }));
}

function informationOf({ body, models }: InformationRequest): Readonly<Record<string, () => unknown>> {
  return {
    'GET /': () => 'Ollama is running',
    'GET /api/version': () => ({ version: '0.13.0-fake' }),
    'GET /api/tags': () => ({ models: models.filter(({ isListed }) => isListed !== false).map(listed) }),
    'GET /api/ps': () => ({ models: models.filter(({ isLoaded }) => isLoaded !== false).map(resident) }),
    'POST /api/show': () => {
      const found = models.find(({ name }) => name === body['model']);
      if (found === undefined) return undefined;
      const model_info = {
        'general.architecture': 'llama',
        'llama.context_length': found.contextTokensMax ?? 4_096,
      };
      return { details, model_info, capabilities: ['completion'] };
    },
  };
}

function listed({ name, sizeBytes, digest }: FakeModel): object {
  return {
    name,
    model: name,
    size: sizeBytes ?? 1_000_000,
    digest: digest ?? createHash('sha256').update(name).digest('hex'),
    details,
  };
}

function resident(model: FakeModel): object {
  const { vramBytes, contextTokens } = model;
  return {
    ...listed(model),
    expires_at: '2099-01-01T00:00:00Z',
    size_vram: vramBytes ?? 0,
    context_length: contextTokens ?? 4_096,
  };
}

function flood(response: ServerResponse): void {
  const piece = ' '.repeat(64 * 1_024);
  const send = (): void => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', send);
  send();
}
