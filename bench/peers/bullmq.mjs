import { Queue, Worker } from 'bullmq';
import { startRedis } from './redis.mjs';

/** @import { Peer, PeerOptions } from './peer.mjs' */

const data = { prompt: 'Answer with the word done.' };

/** One queue and one worker for each type. @param {PeerOptions} options @returns {Promise<Peer>} */
export async function open({ home, slots, execute }) {
  const redis = await startRedis(home);
  const connection = { host: '127.0.0.1', port: redis.port };
  const queues = new Map();
  for (const type of Object.keys(slots)) queues.set(type, new Queue(type, { connection }));
  await Promise.all([...queues.values()].map((queue) => queue.waitUntilReady()));
  let workers = [];
  let tell = () => {};
  const start = async ([type, concurrency]) => {
    const worker = new Worker(type, () => execute(type), { connection, concurrency, autorun: false });
    worker.on('completed', ({ id }) => tell(id));
    worker.on('error', (error) => console.error(error));
    await worker.waitUntilReady();
    void worker.run();
    return worker;
  };
  return {
    delegate: async (tasks) => {
      const queue = queues.get(tasks[0].type);
      if (tasks.length === 1) return [(await queue.add('task', data)).id];
      const jobs = await queue.addBulk(tasks.map(() => ({ name: 'task', data })));
      return jobs.map(({ id }) => id);
    },
    onCompleted: (listener) => {
      tell = listener;
    },
    resume: async () => {
      workers = await Promise.all(Object.entries(slots).map(start));
    },
    pause: async () => {
      const ending = workers;
      workers = [];
      await Promise.all(ending.map((worker) => worker.close()));
    },
    close: () => redis.stop(),
  };
}
