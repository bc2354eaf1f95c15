import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./main.mjs', import.meta.url));

/**
 * Loads a server from a process of its own.
 *
 * @param {{ url: string, connections: number, warmUpMs: number, measureMs: number, gapMs?: number, path?: string, body?: unknown, expected?: { status: number, holds?: string } }} plan
 *   what is sent is one sync task, if nothing else is said
 * @param {(phase: 'begin' | 'end') => void} onPhase the measured time begins, and has ended
 * @returns {Promise<{ perSecond: number, tasks: number, p50Ms: number, p99Ms: number }>}
 */
export function load(plan, onPhase) {
  return new Promise((resolve, reject) => {
    const child = fork(main, [JSON.stringify(plan)]);
    let result;
    child.on('message', ({ phase, ...rest }) => {
      if (phase === 'end') result = rest;
      onPhase(phase);
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0 && result !== undefined) resolve(result);
      else reject(new Error(`the load generator ended with ${code}`));
    });
  });
}
