/** What the files say without effect: nobody shall wait for it. One sentence each. */

import type { HostConfig, WorkerConfig } from '../machines/routing-policy.ts';
import type { ModelsFile } from './models-file.ts';
import { nearestNames } from './nearest.ts';

interface Noticed {
  readonly workers: readonly WorkerConfig[];
  readonly hosts: readonly HostConfig[];
  readonly taskTypes: readonly string[];
  readonly models: ModelsFile;
}

export function noticesOf({ workers, hosts, taskTypes, models }: Noticed): readonly string[] {
  return [
    'workers.yaml: performance.metrics_interval has no effect yet.',
    ...idleCapabilities(workers, taskTypes),
    ...idleHosts(hosts, workers),
    'ollama_models.yaml: server.timeout has no effect; default_timeout and remote_timeout in workers.yaml end an attempt.',
    ...(models.logging === undefined
      ? []
      : ['ollama_models.yaml: the section logging has no effect; koubou.yaml sets up the logs.']),
  ];
}

/** Files of the original name capabilities that are no task types, so this is not refused. */
function idleCapabilities(workers: readonly WorkerConfig[], taskTypes: readonly string[]): readonly string[] {
  const named = new Set(workers.flatMap(({ capabilities }) => capabilities));
  const idle = [...named].filter((name) => !taskTypes.includes(name));
  return idle.map((name) => {
    const having = workers.filter(({ capabilities }) => capabilities.includes(name));
    const owners = having.map(({ workerId }) => workerId).join(', ');
    const hint = ask(name, taskTypes) ?? 'task_types in koubou.yaml adds types.';
    return `workers.yaml: no task is of the type "${name}", a capability of ${owners}; ${hint}`;
  });
}

/** Limits may be written before the worker is; a name that is merely misspelt shall be seen all the same. */
function idleHosts(hosts: readonly HostConfig[], workers: readonly WorkerConfig[]): readonly string[] {
  const known = [...new Set(workers.map(({ host }) => host))];
  return hosts
    .filter(({ host }) => !known.includes(host))
    .map(({ host }) => {
      const hint = ask(host, known) ?? `workers are on ${known.length === 0 ? 'none' : known.join(', ')}.`;
      return `workers.yaml: no worker of the file is on the host "${host}" of the section hosts; ${hint}`;
    });
}

function ask(written: string, known: readonly string[]): string | null {
  const near = nearestNames(written, known);
  return near.length === 0 ? null : `did you mean ${near.join(' or ')}?`;
}
