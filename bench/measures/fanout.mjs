import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../fanout/${name}.mjs`, import.meta.url));

async function ask(child, message) {
  child.send(message);
  const [answer] = await once(child, 'message');
  return answer;
}

/** A sender and its readers, each in a process. */
async function withFanout(mode, { clients, command }, measure) {
  const sender = fork(path('sender'));
  const [{ port }] = await once(sender, 'message');
  sender.send({ call: 'mode', mode });
  const readers = fork(path('readers'));
  await ask(readers, { call: 'open', port, count: clients, command });
  try {
    return await measure(sender, readers);
  } finally {
    for (const child of [sender, readers]) child.kill();
  }
}

const subscribe = (batch) => JSON.stringify({ command: 'subscribe', channel: 'task', batch });

/**
 * Facts told to many clients one by one, as fast as it goes: by the door, and by a plain `ws.send` loop.
 *
 * @param {'ours' | 'plain'} way
 * @param {{ clients: number, facts: number, perTurn: number }} plan
 */
export function measureFanout(way, { clients, facts, perTurn }) {
  const command = way === 'ours' ? subscribe(false) : undefined;
  return withFanout(way, { clients, command }, async (sender) => {
    await ask(sender, { call: 'burst', way, facts: facts / 4, perTurn });
    const { ms, cpuMs } = await ask(sender, { call: 'burst', way, facts, perTurn });
    return { perSecond: (facts * clients * 1_000) / ms, cpuMicros: (cpuMs * 1_000) / (facts * clients) };
  });
}

/**
 * A steady stream of facts to watchers: whether any falls behind.
 *
 * @param {{ clients: number, perSecond: number, ms: number, batch: boolean }} plan
 */
export function measureWatching({ clients, perSecond, ms, batch }) {
  return withFanout('ours', { clients, command: subscribe(batch) }, async (sender, readers) => {
    const steady = await ask(sender, { call: 'steady', perSecond, ms });
    const { lost, bytes } = await ask(readers, { call: 'count' });
    return { ...steady, lost, mib: bytes / 1_048_576, clients, perSecond };
  });
}
