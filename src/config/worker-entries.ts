/** From the entries of `workers.yaml`, which are valid by now, to workers and machines. */

import { workerId } from '../machines/identifiers.ts';
import { requestKinds } from '../machines/model-request.ts';
import type { HostConfig, WorkerConfig } from '../machines/routing-policy.ts';
import { toBytes, toMs } from './fields.ts';
import { bracketed, hostOf, hostOfUrl } from './host-name.ts';
import { taskTypeNamed } from './task-types.ts';
import type { LocalWorkerEntry, RemoteWorkerEntry, WorkersFile } from './workers-file.ts';

type Entry = LocalWorkerEntry | RemoteWorkerEntry;

/** Ollama's own port, and the one that vLLM listens on. */
const remotePorts = { ollama: 11_434, 'gemini-repo-cli': 11_434, demo: 11_434, openai: 8_000 } as const;

/** Local workers first. `ollamaUrl` is the server of those that name none. */
export function workersOf({ workers }: WorkersFile, ollamaUrl: string): readonly WorkerConfig[] {
  return [
    ...(workers.local_workers ?? []).map((entry) => anyWorker(entry, entry.server_host ?? ollamaUrl)),
    ...(workers.remote_workers ?? []).map((entry) => anyWorker(entry, remoteUrl(entry))),
  ];
}

/** The limits of machines, by the names that workers have for them. */
export function hostsOf({ hosts }: WorkersFile): readonly HostConfig[] {
  return Object.entries(hosts ?? {}).map(([name, limits]) => ({
    host: hostOf(name) ?? name,
    slotsMax: limits.max_concurrent_tasks ?? null,
    memoryBytes: limits.memory_gib === undefined ? null : toBytes(limits.memory_gib),
  }));
}

function remoteUrl({ remote_host: host, remote_port: port, backend }: RemoteWorkerEntry): string {
  return `http://${bracketed(host)}:${port ?? remotePorts[backend]}`;
}

function anyWorker(entry: Entry, serverUrl: string): WorkerConfig {
  const endpointUrl = entry.backend === 'openai' ? apiBase(serverUrl) : serverUrl;
  return {
    workerId: workerId(entry.worker_id),
    location: entry.worker_type,
    backend: entry.backend,
    model: entry.model ?? null,
    endpointUrl,
    apiKey: entry.api_key === undefined || entry.api_key === '' ? null : entry.api_key,
    command: entry.command ?? 'gemini-repo-cli',
    host: hostOfUrl(endpointUrl),
    performanceFactor: entry.performance_factor,
    maxConcurrentTasks: entry.max_concurrent_tasks,
    maxTokens: entry.max_tokens ?? null,
    networkTimeoutMs: entry.network_timeout === undefined ? null : toMs(entry.network_timeout),
    capabilities: [...new Set(entry.capabilities.map(taskTypeNamed))],
    requestKinds: entry.backend === 'gemini-repo-cli' ? ['text'] : requestKinds,
    standby: entry.standby,
  };
}

/** Where the OpenAI API of a server begins: at `/v1`, unless the URL names another path. No slash at the end. */
function apiBase(serverUrl: string): string {
  const url = new URL(serverUrl);
  if (url.pathname === '/') url.pathname = '/v1';
  return url.href.replace(/\/+$/, '');
}
