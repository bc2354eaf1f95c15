import type { Config } from './settings.ts';

/** A valid configuration in a few lines, for `koubou config check`. Tokens are named, never shown. */
export function summarize(config: Config): readonly string[] {
  const { ports, models, routing, pool } = config;
  const listeners = Object.entries(ports).map(([name, port]) => `${name} ${port === 0 ? 'any' : port}`);
  return [
    `files: ${config.configDir}`,
    `home: ${config.home}, durability ${config.storage.durability}`,
    `host: ${config.host}, ${config.apiToken === null ? 'no API token' : 'API token set'}`,
    `ports: ${listeners.join(', ')}`,
    `workers: ${config.workers.length === 0 ? 'none' : ''}${config.workers.map(describeWorker).join(', ')}`,
    ...(config.joinedNames.length === 0 ? [] : [`workers that join: ${config.joinedNames.join(', ')}`]),
    ...(config.hosts.length === 0 ? [] : [`hosts: ${config.hosts.map(describeHost).join(', ')}`]),
    `pool: ${pool.minWorkers} to ${pool.maxWorkers} workers, ${pool.maxActiveTasks} tasks at once`,
    `routing: ${routing.strategy}, ${routing.rules.length} rules`,
    `models: ${Object.keys(models.catalog).join(', ')}; default ${models.defaultModel}`,
    `files of tasks: ${config.files.roots.length === 0 ? 'none' : config.files.roots.join(', ')}`,
    `task types: ${config.taskTypes.join(', ')}`,
    ...config.notices.map((notice) => `note: ${notice}`),
  ];
}

function describeWorker(worker: Config['workers'][number]): string {
  const standby = worker.standby ? ', standby' : '';
  return `${worker.workerId} (${worker.location}, ${worker.backend}${standby})`;
}

function describeHost({ host, slotsMax, memoryBytes }: Config['hosts'][number]): string {
  const slots = slotsMax === null ? [] : [`${slotsMax} tasks at once`];
  const memory = memoryBytes === null ? [] : [`${Number((memoryBytes / 1_024 ** 3).toFixed(3))} GiB`];
  return `${host} (${[...slots, ...memory].join(', ') || 'no limits'})`;
}
