import { createRequire } from 'node:module';
import { postgresSettings, postgresVersion } from './postgres.mjs';
import { redisSettings, redisVersion } from './redis.mjs';
import { restateProgram, restateSettings } from './restate-server.mjs';

const require = createRequire(import.meta.url);

/**
 * @typedef {object} Entry
 * @property {string} label
 * @property {string} module in this folder, or below ../systems
 * @property {readonly string[]} trials that it can take part in
 * @property {Record<string, unknown>} [options] for `open`
 * @property {string} [package] whose version is told
 * @property {string} [server] the name of its server's process, as the kernel shows it
 * @property {() => string | undefined} [missing] why it cannot run here
 * @property {string} settings
 */

const queueTrials = ['enqueue', 'drain', 'latency', 'backlog', 'fsyncs'];
const noRedis = () => (redisVersion() === undefined ? 'there is no redis-server on the PATH' : undefined);
const noPostgres = () =>
  postgresVersion() === undefined ? 'there is no PostgreSQL (postgres and initdb) here' : undefined;
const noRestate = () =>
  restateProgram() === undefined ? 'there is no restate-server for this kind of machine' : undefined;

/** @type {Readonly<Record<string, Entry>>} */
export const roster = {
  koubou: {
    label: 'Koubou',
    module: '../systems/koubou.mjs',
    trials: [...queueTrials, 'http', 'accept', 'joined'],
    settings: 'as shipped: durability full; the answer cache off',
  },
  'lower-bound': {
    label: 'lower bound',
    module: '../systems/lower-bound.mjs',
    trials: [...queueTrials, 'http'],
    settings: 'SQLite WAL, synchronous FULL, one commit for each turn of the event loop',
  },
  bullmq: {
    label: 'BullMQ',
    module: './bullmq.mjs',
    trials: queueTrials,
    package: 'bullmq',
    server: 'redis-server',
    missing: noRedis,
    settings: `Redis ${redisVersion() ?? '–'}: ${redisSettings}`,
  },
  'graphile-worker': {
    label: 'graphile-worker',
    module: './graphile-worker.mjs',
    trials: queueTrials,
    package: 'graphile-worker',
    server: 'postgres',
    missing: noPostgres,
    settings: `PostgreSQL ${postgresVersion() ?? '–'}: ${postgresSettings}`,
  },
  'graphile-worker-batches': {
    label: 'graphile-worker, local queue',
    module: './graphile-worker.mjs',
    options: { batches: true },
    trials: ['drain'],
    package: 'graphile-worker',
    server: 'postgres',
    missing: noPostgres,
    settings: 'localQueue.size 500, completeJobBatchDelay 0',
  },
  'pg-boss': {
    label: 'pg-boss',
    module: './pg-boss.mjs',
    trials: queueTrials,
    package: 'pg-boss',
    server: 'postgres',
    missing: noPostgres,
    settings: 'the same PostgreSQL; drain: fetch and complete one by one; latency: work, woken by NOTIFY',
  },
  'pg-boss-batches': {
    label: 'pg-boss, batches',
    module: './pg-boss.mjs',
    options: { batches: true },
    trials: ['drain'],
    package: 'pg-boss',
    server: 'postgres',
    missing: noPostgres,
    settings:
      'work, localConcurrency 4, batchSize 100, burstWhenBatchFull, at any concurrency that is asked for',
  },
  plainjob: {
    label: 'plainjob',
    module: './plainjob.mjs',
    trials: queueTrials,
    package: 'plainjob',
    settings:
      'SQLite as it sets it: WAL, synchronous NORMAL; a poll each ms; a worker for each slot, one process',
  },
  liteque: {
    label: 'liteque',
    module: './liteque.mjs',
    trials: queueTrials,
    package: 'liteque',
    settings: 'SQLite as it sets it: WAL, synchronous NORMAL; a poll each ms',
  },
  'restate-1': restate(1),
  'restate-2': restate(2),
};

/** @returns {Entry} */
function restate(partitions) {
  return {
    label: `Restate, ${partitions} partition${partitions === 1 ? '' : 's'}`,
    module: './restate.mjs',
    options: { partitions },
    trials: ['enqueue', 'latency', 'fsyncs', 'http'],
    package: '@restatedev/restate-server',
    server: 'restate',
    missing: noRestate,
    settings: restateSettings,
  };
}

/** @param {string} name of a system */
export function versionOf(name) {
  const { package: named } = roster[name];
  if (named === undefined) return '';
  return require(`./node_modules/${named}/package.json`).version;
}
