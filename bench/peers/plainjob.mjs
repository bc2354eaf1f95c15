import { join } from 'node:path';
import Database from 'better-sqlite3';
import { better, defineQueue, defineWorker } from 'plainjob';

/** @import { Peer, PeerOptions } from './peer.mjs' */

const data = { prompt: 'Answer with the word done.' };
/** 1 s as shipped; no time is shorter than this one. */
const pollMs = 1;
const logger = { info() {}, debug() {}, warn: console.error, error: console.error };

/** A worker does one job at a time: so many workers as slots. @param {PeerOptions} options @returns {Promise<Peer>} */
export async function open({ home, slots, execute }) {
  const queue = defineQueue({ connection: better(new Database(join(home, 'plainjob.db'))), logger });
  let workers = [];
  let tell = () => {};
  const startWorkers = ([type, count]) =>
    Array.from({ length: count }, () => {
      const worker = defineWorker(type, () => execute(type), {
        queue,
        logger,
        pollIntervall: pollMs,
        onCompleted: ({ id }) => tell(id),
      });
      return { worker, ended: worker.start() };
    });
  const pause = async () => {
    const ending = workers;
    workers = [];
    await Promise.all(ending.map(({ worker }) => worker.stop()));
    await Promise.all(ending.map(({ ended }) => ended));
  };
  return {
    delegate: async (tasks) => {
      if (tasks.length === 1) return [queue.add(tasks[0].type, data).id];
      return queue.addMany(
        tasks[0].type,
        tasks.map(() => data),
      ).ids;
    },
    onCompleted: (listener) => {
      tell = listener;
    },
    resume: () => {
      workers = Object.entries(slots).flatMap(startWorkers);
    },
    pause,
    close: async () => {
      // A worker at an execution that never ends would end at the next turn only.
      await Promise.race([pause(), new Promise((resolve) => setTimeout(resolve, 100))]);
      queue.close();
    },
  };
}
