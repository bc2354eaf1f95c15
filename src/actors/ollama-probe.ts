import type { Probe } from './heartbeat.ts';

/** A sign of life of an Ollama server: `/api/version` answers without a model and without tokens. */
export function ollamaProbe(endpointUrl: string): Probe {
  const url = new URL('api/version', `${endpointUrl.replace(/\/$/, '')}/`);
  return async (signal) => {
    const response = await fetch(url, { signal }).catch((error: unknown) => {
      throw new Error(`${url.origin} does not answer: ${reasonOf(error)}`);
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`${url.origin} answers ${response.status} to a probe`);
  };
}

/** `fetch` hides the reason (`ECONNREFUSED`) in the cause of its error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return error.message;
}
