import { spawn } from 'node:child_process';
import type { Probe } from '../actors/heartbeat.ts';
import { ollamaProbe } from '../actors/ollama-probe.ts';
import { openaiProbe } from '../actors/openai-probe.ts';
import type { Config } from '../config/settings.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import type { Finding } from './home-checks.ts';
import type { Messages } from './messages.ts';

/** A server that loads a model answers late; one that takes longer than this is of no use. In ms. */
const patienceMs = 5_000;

/** Some servers have thousands. */
const modelsToldMax = 10;

type Words = Messages['doctor'];
/** The models that a server has (`null` where it does not say), or why it cannot be used, and by whose fault. */
type Endpoint =
  | { readonly models: readonly string[] | null }
  | { readonly fault: string; readonly of: 'server' | 'program' };

/**
 * Asks the server of each worker for a sign of life and for its models, and looks whether programs can be started. What
 * several workers share is asked once.
 */
export async function checkWorkers(words: Words, config: Config): Promise<readonly Finding[]> {
  if (config.workers.length === 0) {
    return [{ check: 'workers', state: 'warning', detail: words.noWorkers, advice: words.noWorkersAdvice }];
  }
  const asked = new Map<string, Promise<Endpoint>>();
  return Promise.all(
    config.workers.map(async (worker) => {
      const probe = probeOf(worker);
      if (probe === null) return finding(worker, 'ok', words.demoWorker, null);
      const program = worker.backend === 'gemini-repo-cli' ? worker.command : null;
      // The address alone does not tell apart two keys, or two protocols of one server.
      const key = JSON.stringify([program, worker.backend === 'openai', worker.endpointUrl, worker.apiKey]);
      const endpoint = asked.get(key) ?? ask(probe, program);
      asked.set(key, endpoint);
      return judge(words, worker, worker.model ?? config.models.defaultModel, await endpoint);
    }),
  );
}

/** `null` for a worker that asks nobody. */
function probeOf({ backend, endpointUrl, apiKey }: WorkerConfig): Probe | null {
  switch (backend) {
    case 'ollama':
    case 'gemini-repo-cli':
      return ollamaProbe(endpointUrl, { lookingMs: patienceMs });
    case 'openai':
      return openaiProbe(endpointUrl, apiKey);
    case 'demo':
    case 'joined': // In no file: it joins a server that runs.
      return null;
  }
}

function judge(words: Words, worker: WorkerConfig, model: string, endpoint: Endpoint): Finding {
  const { backend, endpointUrl } = worker;
  const isOllama = backend !== 'openai';
  if ('fault' in endpoint) {
    return finding(worker, 'broken', endpoint.fault, adviceFor(words, worker, endpoint.of));
  }
  // It lives, and whether it has the model is open.
  if (endpoint.models === null) {
    return finding(worker, 'warning', `${endpointUrl}, ${model}: ?`, words.modelsUntold(model));
  }
  const isThere = endpoint.models.some((name) => name === model || (isOllama && name === `${model}:latest`));
  if (isThere) return finding(worker, 'ok', `${endpointUrl}, ${model}`, null);
  const missing = words.modelMissing(endpointUrl, model);
  // Some OpenAI-compatible servers take any name for the one model that they have.
  if (!isOllama) {
    const others = endpoint.models.slice(0, modelsToldMax).join(', ');
    return finding(worker, 'warning', `${missing} (${others})`, words.openaiModelAdvice);
  }
  return finding(worker, 'broken', missing, words.modelAdvice(model));
}

/** To start Ollama would mislead whoever lacks something else. */
function adviceFor(
  words: Words,
  { backend, command, endpointUrl }: WorkerConfig,
  of: 'server' | 'program',
): string {
  if (of === 'program') return words.programAdvice(command);
  return backend === 'openai' ? words.openaiAdvice(endpointUrl) : words.endpointAdvice(endpointUrl);
}

function finding(
  { workerId }: WorkerConfig,
  state: Finding['state'],
  detail: string,
  advice: string | null,
): Finding {
  return { check: `worker ${workerId}`, state, detail, advice };
}

async function ask(probe: Probe, program: string | null): Promise<Endpoint> {
  let of: 'server' | 'program' = 'program';
  try {
    if (program !== null) await startAndEnd(program);
    of = 'server';
    const { models } = await probe(AbortSignal.timeout(patienceMs));
    return { models: models?.map(({ name }) => name) ?? null };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error), of };
  }
}

/** Rejects when the program cannot be started; what it does is of no interest. */
function startAndEnd(program: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['--help'], { stdio: 'ignore', timeout: patienceMs });
    child.once('error', reject);
    child.once('spawn', () => child.kill('SIGKILL'));
    child.once('exit', () => resolve());
  });
}
