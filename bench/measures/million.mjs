/**
 * A million tasks that wait: the start of a server with them, the start of the next task, and what clients and operators ask,
 * each beside the same on an empty home. `node --expose-gc bench/measures/million.mjs [tasks]` runs it alone.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../dist/config.js';
import { homePaths, takeHome } from '../../dist/db/home.js';
import { noUsage } from '../../dist/machines/outcome.js';
import { cancelMany } from '../../dist/runtime/bulk-cancel.js';
import { startRuntime } from '../../dist/runtime.js';
import { quantile } from '../report/statistics.mjs';
import { answerCalls, emptyExecutions } from '../subject/calls.mjs';
import { withSubject } from '../subject/subject.mjs';
import { fill, latency } from '../subject/workloads.mjs';
import { specOf } from '../systems/koubou.mjs';

const main = fileURLToPath(import.meta.url);
const root = fileURLToPath(new URL('../..', import.meta.url));
const slots = { code_generation: 4, general: 1 };
const waiting = { type: 'code_generation', priority: 5 };
const next = { type: 'general', priority: 10 };
/** What is asked of the readers; each so often, the first time apart. */
const rounds = 7;
const reads = {
  counts: () => ({ kind: 'counts' }),
  newest: () => ({ kind: 'page', status: null, limit: 50, offset: 0, before: null }),
  pendingPage: () => ({ kind: 'page', status: 'pending', limit: 50, offset: 0, before: null }),
  queue: () => ({ kind: 'queue', limit: 20, nowMs: Date.now() }),
  tiers: () => ({ kind: 'tiers' }),
  active: () => ({ kind: 'active', limit: 50 }),
  searchRare: () => ({
    kind: 'search',
    filter: { text: 'nowhere in any prompt' },
    order: 'newest',
    cursor: null,
    limit: 50,
  }),
  metrics: () => ({ kind: 'metrics', nowMs: Date.now(), windowMs: 24 * 3_600_000 }),
};

/**
 * @param {{ tasks: number, warmUp: number, samples: number, gapMs: number, cancel: number }} plan
 */
export async function measureMillion({ tasks, warmUp, samples, gapMs, cancel }) {
  const home = mkdtempSync(join(tmpdir(), 'koubou-million-'));
  const options = {
    name: 'koubou',
    main,
    home,
    slots,
    nodeOptions: ['--expose-gc'],
    job: { hang: waiting.type },
  };
  const look = (subject) => looked(subject, { warmUp, samples, gapMs });
  try {
    const empty = await withSubject(options, look);
    const filledMs = await withSubject(options, (subject) =>
      subject.call('fill', { slots: slots[waiting.type], tasks, task: waiting }),
    );
    const { database } = homePaths(home);
    const bytes = statSync(database).size + statSync(`${database}-wal`).size;
    // Killed with all of it waiting: what follows is a start that recovers.
    const full = await withSubject(options, async (subject) => {
      const seen = await look(subject);
      return { ...seen, cancelled: await subject.call('cancelMany', { count: cancel }) };
    });
    return { tasks, filledMs, bytesPerTask: Math.round(bytes / tasks), empty, full };
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function looked(subject, { warmUp, samples, gapMs }) {
  const readyMs = await subject.call('open');
  const rssMb = await subject.call('settledRssMb');
  await subject.call('latency', { samples: warmUp, gapMs: 0, task: next });
  const { startMs } = await subject.call('latency', { samples, gapMs, task: next });
  const startP50Ms = quantile(startMs, 0.5);
  const startP99Ms = quantile(startMs, 0.99);
  return { readyMs, rssMb, startP50Ms, startP99Ms, readsMs: await subject.call('reads') };
}

/** The process of the server: it does what its parent asks. */
async function serve() {
  const { home, slots: own, hang } = JSON.parse(process.argv[2] ?? '{}');
  const { execute, onExecute } = emptyExecutions(hang);
  let opening;
  const opened = () => {
    opening ??= openPool({ home, slots: own, execute });
    return opening;
  };
  const calls = {
    /** From the start of the process. */
    open: async () => {
      await opened();
      return performance.now();
    },
    settledRssMb: async () => {
      for (let round = 0; round < 5; round += 1) {
        globalThis.gc?.();
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      return process.memoryUsage.rss() / 2 ** 20;
    },
    fill: async (sizes) => {
      const system = await opened();
      const startedAt = performance.now();
      await fill(system, sizes);
      return performance.now() - startedAt;
    },
    latency: async (sizes) => latency(await opened(), { onExecute, ...sizes }),
    reads: async () => timesOf((await opened()).runtime),
    cancelMany: async ({ count }) => {
      const { runtime } = await opened();
      const startedAt = performance.now();
      const which = { filter: {}, statuses: ['pending'] };
      const { cancelled, found, is_whole } = await cancelMany(runtime, which, {
        limit: count,
        dryRun: false,
      });
      return { cancelled: cancelled.length, found, is_whole, ms: performance.now() - startedAt };
    },
  };
  answerCalls(calls);
}

/** Ours as it is shipped, with these workers; each says at once what it is asked to say. */
async function openPool({ home, slots: own, execute }) {
  const base = loadConfig({ cwd: root, configDir: `${root}/config`, env: { KOUBOU_HOME: home } });
  const workers = Object.entries(own).map(([type, count]) => ({
    ...base.workers[0],
    workerId: `for_${type}`,
    capabilities: [type],
    maxConcurrentTasks: count,
    standby: false,
  }));
  const slotsMax = workers.reduce((sum, { maxConcurrentTasks }) => sum + maxConcurrentTasks, 0);
  const config = {
    ...base,
    workers,
    models: { ...base.models, cache: { ...base.models.cache, enabled: false } },
    pool: { ...base.pool, maxWorkers: workers.length, maxActiveTasks: slotsMax },
  };
  takeHome(homePaths(home), process.pid);
  const backend = async ({ taskType }) => {
    await execute(taskType);
    return { kind: 'succeeded', output: 'done', usage: noUsage };
  };
  const endpoint = {
    backend,
    probe: async () => ({ models: null, residents: null }),
    takesPlainPrompts: true,
  };
  const log = { info() {}, warn: console.error, error: console.error };
  const runtime = await startRuntime({ config, log, endpointOf: () => endpoint });
  return {
    runtime,
    delegate: async (tasks) => (await runtime.delegate(tasks.map(specOf))).taskIds,
    onCompleted: (listener) => {
      runtime.stream.subscribe(({ fact }) => {
        if (fact.type === 'task.completed') listener(fact.taskId);
      });
    },
  };
}

async function timesOf(runtime) {
  const times = {};
  for (const [name, query] of Object.entries(reads)) {
    const took = [];
    for (let round = 0; round <= rounds; round += 1) {
      const startedAt = performance.now();
      await runtime.list(query());
      took.push(performance.now() - startedAt);
    }
    times[name] = { first: took[0], p50: quantile(took.slice(1), 0.5) };
  }
  return times;
}

if (process.argv[1] === main) {
  if (process.send !== undefined) await serve();
  else {
    const tasks = Number(process.argv[2] ?? 999_000);
    const plan = { tasks, warmUp: 200, samples: 300, gapMs: 5, cancel: 1_000 };
    const load = loadavg();
    console.log(JSON.stringify({ load, ...(await measureMillion(plan)), loadAfter: loadavg() }, null, 1));
  }
}
