import { ollamaProbe } from '../actors/ollama-probe.ts';
import type { Config } from '../config/settings.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import type { Finding } from './home-checks.ts';
import type { Messages } from './messages.ts';

/** A server that loads a model answers late; one that takes longer than this is of no use. In ms. */
const patienceMs = 5_000;

type Words = Messages['doctor'];
/** The models that a server has, or why it does not tell. */
type Endpoint = { readonly models: readonly string[] } | { readonly fault: string };

/** Asks the server of each worker for a sign of life and for its models; a server that several share is asked once. */
export async function checkWorkers(words: Words, config: Config): Promise<readonly Finding[]> {
  if (config.workers.length === 0) {
    return [{ check: 'workers', state: 'warning', detail: words.noWorkers, advice: words.noWorkersAdvice }];
  }
  const endpoints = new Map<string, Promise<Endpoint>>();
  return Promise.all(
    config.workers.map(async (worker) => {
      if (worker.backend === 'demo') return finding(worker, 'ok', words.demoWorker, null);
      const asked = endpoints.get(worker.endpointUrl) ?? ask(worker.endpointUrl);
      endpoints.set(worker.endpointUrl, asked);
      return judge(words, worker, worker.model ?? config.models.defaultModel, await asked);
    }),
  );
}

function judge(words: Words, worker: WorkerConfig, model: string, endpoint: Endpoint): Finding {
  const { endpointUrl } = worker;
  if ('fault' in endpoint)
    return finding(worker, 'broken', endpoint.fault, words.endpointAdvice(endpointUrl));
  const isThere = endpoint.models.some((name) => name === model || name === `${model}:latest`);
  if (isThere) return finding(worker, 'ok', `${endpointUrl}, ${model}`, null);
  return finding(worker, 'broken', words.modelMissing(endpointUrl, model), words.modelAdvice(model));
}

function finding(
  { workerId }: WorkerConfig,
  state: Finding['state'],
  detail: string,
  advice: string | null,
): Finding {
  return { check: `worker ${workerId}`, state, detail, advice };
}

async function ask(endpointUrl: string): Promise<Endpoint> {
  const signal = AbortSignal.timeout(patienceMs);
  try {
    await ollamaProbe(endpointUrl)(signal);
    const response = await fetch(new URL('api/tags', `${endpointUrl.replace(/\/$/, '')}/`), { signal });
    if (!response.ok) return { fault: `${endpointUrl}/api/tags: ${response.status}` };
    const { models } = (await response.json()) as { models: readonly { readonly name: string }[] };
    return { models: models.map(({ name }) => name) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
