import { EventEmitter } from 'node:events';
import { setTimeout as pauseMs } from 'node:timers/promises';
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';
import { poolMax } from './peer.mjs';
import { startPostgres } from './postgres.mjs';

/** @import { Peer, PeerOptions } from './peer.mjs' */

const payload = { prompt: 'Answer with the word done.' };
const jobs = 'graphile_worker._private_jobs';
/** Its documentation proposes more than the jobs that run at once, and far more for short ones. */
const localQueueSize = 500;
const batching = { localQueue: { size: localQueueSize }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
const silent = new Logger(() => () => {});

/** @param {PeerOptions} options @returns {Promise<Peer>} */
export async function open({ home, slots, execute, batches = false }) {
  const server = await startPostgres(home);
  const pgPool = new pg.Pool({ connectionString: server.connectionString, max: poolMax });
  // Only when the server ends do connections break; it wants to be told that somebody listens.
  pgPool.on('error', () => {});
  pgPool.on('connect', (client) => client.on('error', () => {}));
  const utils = await makeWorkerUtils({ pgPool, logger: silent });
  await utils.migrate();
  const isEmpty = async () => {
    const { rows } = await pgPool.query(`select 1 from ${jobs} where locked_at is not null limit 1`);
    return rows.length === 0;
  };
  let runners = [];
  let tell = () => {};
  const start = ([type, concurrency]) => {
    const events = new EventEmitter();
    events.on('job:complete', ({ job, error }) => {
      if (error) console.error(error);
      tell(job.id);
    });
    return run({
      pgPool,
      logger: silent,
      events,
      concurrency,
      noHandleSignals: true,
      taskList: { [type]: () => execute(type) },
      ...(batches ? { preset: { worker: batching } } : {}),
    });
  };
  const pause = async () => {
    const ending = runners;
    runners = [];
    await Promise.all(ending.map((runner) => runner.stop()));
  };
  return {
    delegate: async (tasks) => {
      if (tasks.length === 1) return [(await utils.addJob(tasks[0].type, payload)).id];
      return (await utils.addJobs(tasks.map(({ type }) => ({ identifier: type, payload })))).map(
        ({ id }) => id,
      );
    },
    onCompleted: (listener) => {
      tell = listener;
    },
    resume: async () => {
      runners = await Promise.all(Object.entries(slots).map(start));
    },
    pause,
    analyze: async () => {
      await pgPool.query('analyze');
    },
    emptied: async () => {
      while (!(await isEmpty())) await pauseMs(10);
    },
    close: async () => {
      // One at an execution that never ends does not stop.
      await Promise.race([pause(), pauseMs(500)]);
      await server.stop();
    },
  };
}
