import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const self = fileURLToPath(import.meta.url);

/**
 * A worker in a process of its own, which has joined and does nothing for each task.
 *
 * @template T
 * @param {{ url: string, token: string }} door
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withJoinedWorker(door, work) {
  const child = fork(self, [JSON.stringify(door)]);
  try {
    const [message] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => [{ fault: 'it ended' }]),
    ]);
    if (message.fault !== undefined) throw new Error(`the worker did not join: ${message.fault}`);
    return await work();
  } finally {
    child.kill();
  }
}

async function join({ url, token }) {
  const { systemClock: clock } = await import('../../dist/actors/clock.js');
  const { JoinClient } = await import('../../dist/actors/join-client.js');
  const { dialPool } = await import('../../dist/actors/join-socket.js');
  const { systemRandom } = await import('../../dist/actors/random.js');
  const { noUsage } = await import('../../dist/machines/outcome.js');
  const { unseen } = await import('../../dist/machines/sighting.js');
  const random = systemRandom();
  const name = 'joined';
  const client = new JoinClient({
    clock,
    random,
    dial: dialPool({ url: `${url}/worker`, token, clock, heartbeatMs: 15_000 }),
    backend: async () => ({ kind: 'succeeded', output: 'done', usage: noUsage }),
    look: async () => unseen,
    announced: {
      workerId: name,
      slots: 64,
      models: null,
      capabilities: [],
      labels: {},
      performanceFactor: 1,
    },
    instance: random.suffix(20),
    drainGraceMs: 1_000,
    onNews: ({ kind }) => {
      if (kind === 'joined') process.send?.({ joined: true });
    },
    onFault: (error) => console.error(error),
  });
  void client.start();
  const ending = await client.ended;
  process.send?.({ fault: JSON.stringify(ending) });
}

if (process.argv[1] === self) {
  process.on('disconnect', () => process.exit(0));
  await join(JSON.parse(process.argv[2] ?? '{}'));
}
