import { type SightedModel, type Sighting, unseen } from '../machines/sighting.ts';
import { callOver } from './call-over.ts';
import type { Probe } from './heartbeat.ts';
import { openaiEndpoint } from './openai-endpoint.ts';
import { patientFetch } from './patient-fetch.ts';
import { bodyWithin, decoded, parseObject } from './server-stream.ts';

/** So much of a list of models is read: some 5,000 of them. */
const bodyBytesMax = 1024 * 1024;

/**
 * A sign of life of an OpenAI-compatible server: `GET /models` takes no tokens. Any good answer is one, whatever is in
 * its body; where it is a list, the models are seen too. The rejection names neither the key nor credentials in the URL.
 *
 * @throws KoubouError `config.invalid` as `openaiBackend` does
 */
export function openaiProbe(baseUrl: string, apiKey: string | null): Probe {
  const { address, urlOf, headers } = openaiEndpoint(baseUrl, apiKey);
  const url = urlOf('models');
  return async (signal) => {
    const stop = new AbortController();
    try {
      const init = { headers, signal: AbortSignal.any([signal, stop.signal]) };
      const response = await patientFetch(url, init).catch((error: unknown) => {
        throw new Error(`${address} does not answer: ${reasonOf(error)}`);
      });
      if (!response.ok)
        throw new Error(`${address} answers ${response.status} to a probe${hintAt(response)}`);
      return sightingIn(await bodyWithin(response, bodyBytesMax));
    } finally {
      stop.abort(callOver); // what is not read of a body goes with its connection
    }
  };
}

function hintAt({ status }: Response): string {
  if (status === 401 || status === 403) return ": check the worker's API key";
  return status === 404 ? ': does its base URL end as the server wants it, as in /v1?' : '';
}

/** Sockets fail with a code (`ECONNREFUSED`). */
function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}

function sightingIn(body: Buffer | null): Sighting {
  const list = body === null ? undefined : parseObject(decoded(body))?.['data'];
  if (!Array.isArray(list)) return unseen;
  return { models: list.flatMap(modelOf), residents: null };
}

function modelOf(entry: unknown): SightedModel[] {
  const { id, ...rest } = fieldsOf(entry);
  if (typeof id !== 'string' || id === '') return [];
  return [{ name: id, sizeBytes: null, contextTokensMax: contextOf(rest) }];
}

/** OpenAI's list has no context lengths; servers that tell them each have a name of their own. */
function contextOf(entry: Readonly<Record<string, unknown>>): number | null {
  const told = [
    entry['max_model_len'], // vLLM
    fieldsOf(entry['meta'])['n_ctx_train'], // llama.cpp
    entry['context_length'], // OpenRouter
    entry['max_context_length'], // LM Studio, in some versions
  ];
  const tokens = told.find((value) => Number.isSafeInteger(value) && Number(value) > 0);
  return typeof tokens === 'number' ? tokens : null;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
