import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./backend.mjs', import.meta.url));

/** One server is killed this often, and comes back after a while; in ms. */
const restartEveryMs = 45_000;
const downMs = 2_000;

async function start(port) {
  const child = fork(program, [String(port)]);
  const [message] = await once(child, 'message');
  return { child, port: message.port };
}

/**
 * Servers that generate, each in a process of its own, of which one at a time is killed and started again on its port.
 *
 * @param {number} count
 */
export async function startBackends(count) {
  const backends = await Promise.all(Array.from({ length: count }, () => start(0)));
  let restarts = 0;
  return {
    ports: backends.map(({ port }) => port),
    get restarts() {
      return restarts;
    },
    /** @param {AbortSignal} signal */
    async restartNowAndThen(signal) {
      while (await rest(restartEveryMs, signal)) {
        const backend = backends[restarts % count];
        backend.child.kill('SIGKILL');
        await rest(downMs, signal);
        backend.child = (await start(backend.port)).child;
        restarts += 1;
      }
    },
    stop() {
      for (const { child } of backends) child.kill('SIGKILL');
    },
  };
}

/** False when it was aborted. */
export async function rest(ms, signal) {
  return pause(ms, true, { signal }).catch(() => false);
}
