import { Agent, request } from 'node:http';
import { createServer } from 'node:http2';
import { startRestate } from './restate-server.mjs';

/** @import { Peer, PeerOptions } from './peer.mjs' */

// Its SDK wants a Node that has this; nothing else of it does.
Promise.withResolvers ??= () => {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};
const restate = await import('@restatedev/restate-sdk');

const body = JSON.stringify({ prompt: 'Answer with the word done.' });
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/**
 * It calls a handler as soon as it knows of a task, and can neither wait nor pause: tasks are sent one-way where enqueueing is
 * measured, and called, with the answer as the completion, where latency is.
 *
 * @param {PeerOptions} options
 * @returns {Promise<Peer & { url: string }>}
 */
export async function open({ home, slots, execute, aim, partitions = 1 }) {
  const server = await startRestate(home, partitions);
  const [type] = Object.keys(slots);
  const run = async () => {
    await execute(type);
    return { status: 'completed' };
  };
  const service = restate.service({ name: 'bench', handlers: { run } });
  const endpoint = createServer(restate.createEndpointHandler({ services: [service], logger: () => {} }));
  await new Promise((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  await server.register(`http://127.0.0.1:${endpoint.address().port}`);
  let tell = () => {};
  const path = aim === 'latency' ? '/bench/run' : '/bench/run/send';
  return {
    url: `${server.ingress}/bench/run`,
    delegate: async (tasks) => {
      for (const _ of tasks) await post(`${server.ingress}${path}`);
      if (aim === 'latency') for (const task of tasks) tell(task);
      return [];
    },
    onCompleted: (listener) => {
      tell = listener;
    },
    resume: () => {},
    pause: () => {},
    close: () => server.stop(),
  };
}

function post(url) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.once('end', () => {
        if (response.statusCode < 300) resolve();
        else reject(new Error(`Restate answered ${response.statusCode}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
