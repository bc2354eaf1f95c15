import { join } from 'node:path';
import { buildDBClient, Runner, SqliteQueue } from 'liteque';

/** @import { Peer, PeerOptions } from './peer.mjs' */

const payload = { prompt: 'Answer with the word done.' };
/** It has no default; no time is shorter than this one. */
const pollIntervalMs = 1;
const timeoutSecs = 3_600;

/** It has no way for bulk: many are enqueued one after the other. @param {PeerOptions} options @returns {Promise<Peer>} */
export async function open({ home, slots, execute }) {
  const db = buildDBClient(join(home, 'liteque.db'), { runMigrations: true });
  const settings = { defaultJobArgs: { numRetries: 0 }, keepFailedJobs: false };
  let runners = [];
  let tell = () => {};
  const queues = new Map();
  for (const type of Object.keys(slots)) {
    const queue = new SqliteQueue(type, db, settings);
    const finalize = queue.finalize.bind(queue);
    // Its onComplete comes before the row is written.
    queue.finalize = async (id, ...rest) => {
      await finalize(id, ...rest);
      tell(id);
    };
    queues.set(type, queue);
  }
  const start = ([type, concurrency]) => {
    const runner = new Runner(
      queues.get(type),
      { run: () => execute(type) },
      { concurrency, pollIntervalMs, timeoutSecs },
    );
    return { runner, ended: runner.run() };
  };
  return {
    delegate: async (tasks) => {
      const ids = [];
      for (const { type } of tasks) ids.push((await queues.get(type).enqueue(payload)).id);
      return ids;
    },
    onCompleted: (listener) => {
      tell = listener;
    },
    resume: () => {
      runners = Object.entries(slots).map(start);
    },
    pause: async () => {
      const ending = runners;
      runners = [];
      for (const { runner } of ending) runner.stop();
      await Promise.all(ending.map(({ ended }) => ended));
    },
    close: async () => {},
  };
}
