import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { poolMax } from './peer.mjs';
import { startPostgres } from './postgres.mjs';

/** @import { Peer, PeerOptions } from './peer.mjs' */

const data = { prompt: 'Answer with the word done.' };
/** Its fastest: few workers that claim and complete a hundred at once. */
const batchMode = { localConcurrency: 4, batchSize: 100, burstWhenBatchFull: true };
const pollSeconds = 0.5;

/**
 * Three ways, each documented: `work` woken by NOTIFY, which has the least latency but pauses after each single job; `fetch`
 * and `complete` in a loop, which claims one by one without a pause; and `work` in batches.
 *
 * @param {PeerOptions} options
 * @returns {Promise<Peer>}
 */
export async function open({ home, slots, execute, aim, batches = false }) {
  const server = await startPostgres(home);
  const boss = new PgBoss({
    connectionString: server.connectionString,
    max: poolMax,
    useListenNotify: aim === 'latency',
  });
  let isClosing = false;
  boss.on('error', (error) => {
    if (!isClosing) console.error(error);
  });
  await boss.start();
  for (const type of Object.keys(slots)) await boss.createQueue(type, { notify: aim === 'latency' });
  let tell = () => {};
  let isRunning = false;
  let loops = [];
  tellCompletions(boss, (ids) => {
    for (const id of ids) tell(id);
  });
  const loop = async (type) => {
    while (isRunning) {
      const [job] = await boss.fetch(type);
      if (job === undefined) {
        await new Promise((resolve) => setTimeout(resolve, pollSeconds * 1_000));
        continue;
      }
      await execute(type);
      await boss.complete(type, job.id);
    }
  };
  const work = async ([type, concurrency]) => {
    const options = batches ? batchMode : { batchSize: 1, localConcurrency: concurrency };
    await boss.work(type, { ...options, pollingIntervalSeconds: pollSeconds }, (jobs) =>
      Promise.all(jobs.map(() => execute(type))).then(() => {}),
    );
  };
  return {
    delegate: async (tasks) => {
      if (tasks.length === 1) return [await boss.send(tasks[0].type, data)];
      await boss.insert(
        tasks[0].type,
        tasks.map(() => ({ data })),
      );
      return [];
    },
    onCompleted: (listener) => {
      tell = listener;
    },
    resume: async () => {
      isRunning = true;
      const isWorked = batches || aim === 'latency';
      if (isWorked) for (const slot of Object.entries(slots)) await work(slot);
      else
        loops = Object.entries(slots).flatMap(([type, count]) =>
          Array.from({ length: count }, () => loop(type)),
        );
    },
    pause: async () => {
      isRunning = false;
      await Promise.all(loops);
      if (batches) for (const type of Object.keys(slots)) await boss.offWork(type, { wait: true });
    },
    analyze: async () => {
      const client = new pg.Client({ connectionString: server.connectionString });
      await client.connect();
      await client.query('analyze');
      await client.end();
    },
    close: async () => {
      isClosing = true;
      isRunning = false;
      await boss.stop({ graceful: false, close: true });
      await server.stop();
    },
  };
}

/** It tells nobody of completions: they are seen where its statement for them has been answered. */
function tellCompletions(boss, tell) {
  const db = boss.getDb();
  const execute = db.executeSql.bind(db);
  db.executeSql = async (text, values) => {
    const result = await execute(text, values);
    if (Array.isArray(values?.[1]) && text.includes("state = 'completed'")) tell(values[1]);
    return result;
  };
}
