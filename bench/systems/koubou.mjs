import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../dist/config.js';
import { homePaths, takeHome } from '../../dist/db/home.js';
import { noUsage } from '../../dist/machines/outcome.js';
import { startRuntime } from '../../dist/runtime.js';
import { startServer } from '../../dist/server.js';

/** @import { Door, System, SystemOptions, Task } from './system.mjs' */

const root = fileURLToPath(new URL('../..', import.meta.url));
const slotsPerWorker = 25;
const succeeded = { kind: 'succeeded', output: 'done', usage: noUsage };

/** Faults must be seen; the lines that operators read are left out, as the lower bound writes none. */
const log = { info() {}, warn: console.error, error: console.error };

/** @param {SystemOptions} options @returns {Promise<System>} */
export async function open(options) {
  const config = configOf(options);
  const lock = takeHome(homePaths(config.home), process.pid);
  const runtime = await startRuntime({ config, log, endpointOf: endpointsOf(options) });
  return {
    delegate: async (tasks) => (await runtime.delegate(tasks.map(specOf))).taskIds,
    onCompleted: (listener) => {
      runtime.stream.subscribe(({ fact }) => {
        if (fact.type === 'task.completed') listener(fact.taskId);
      });
    },
    pause: () => runtime.pause(),
    resume: () => runtime.resume(),
    commits: commitsOf(runtime),
    close: async () => {
      await runtime.close();
      lock.release();
    },
  };
}

/** @param {SystemOptions} options @returns {Promise<Door>} */
export async function serve(options) {
  const config = configOf(options);
  const logs = { server: log, pool: log, worker: () => log };
  const server = await startServer({ config, log: logs, pid: process.pid, endpointOf: endpointsOf(options) });
  return {
    url: server.urls.rest,
    workerUrl: server.urls.websocket,
    pause: () => server.runtime.pause(),
    commits: commitsOf(server.runtime),
    close: () => server.stop(),
  };
}

/** Counts the commits that told something: the facts of one commit are told in one go, before any promise goes on. */
function commitsOf(runtime) {
  let count = 0;
  let isTelling = false;
  runtime.stream.subscribe(() => {
    if (isTelling) return;
    isTelling = true;
    count += 1;
    queueMicrotask(() => {
      isTelling = false;
    });
  });
  return () => count;
}

/** The shipped configuration, with workers that have the slots asked for. */
function configOf({ home, slots, workerToken }) {
  const env = { KOUBOU_HOME: home, ...(workerToken && { WORKER_AUTH_TOKEN: workerToken }) };
  const base = loadConfig({ cwd: root, configDir: `${root}/config`, env });
  const workers = Object.entries(slots).flatMap(([type, count]) =>
    Array.from({ length: Math.ceil(count / slotsPerWorker) }, (_, index) => ({
      ...base.workers[0],
      workerId: `${type}-${index}`,
      capabilities: [type],
      requestKinds: ['text', 'chat', 'completion', 'embedding'],
      maxConcurrentTasks: Math.min(slotsPerWorker, count - index * slotsPerWorker),
      standby: false,
    })),
  );
  return {
    ...base,
    workers,
    ports: { ...base.ports, rest: 0, websocket: 0, graphql: 0, logs: 0 },
    // The same prompt each time: an answer that is at hand would measure the cache.
    models: { ...base.models, cache: { ...base.models.cache, enabled: false } },
    // Those that join count too; without any of our own, the shipped numbers are for them.
    pool: workers.length === 0 ? base.pool : poolOf(base.pool, workers),
  };
}

function poolOf(base, workers) {
  const maxActiveTasks = workers.reduce((sum, worker) => sum + worker.maxConcurrentTasks, 0);
  return { ...base, maxWorkers: workers.length, maxActiveTasks };
}

function endpointsOf({ execute }) {
  const backend = async (job) => {
    await execute(job.taskType);
    return succeeded;
  };
  const endpoint = {
    backend,
    probe: async () => ({ models: null, residents: null }),
    takesPlainPrompts: true,
  };
  return () => endpoint;
}

/** @param {Task} task */
export function specOf({ type, priority }) {
  return {
    prompt: 'Answer with the word done.',
    taskType: type,
    priority,
    files: [],
    outputFile: null,
    options: {},
    runAtMs: null,
    createdBy: 'bench',
  };
}
