import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { freePort, listens, programAt, startServer } from './servers.mjs';

export const redisSettings =
  'appendonly yes, appendfsync everysec, save ""; loopback TCP; all else as shipped';

/** @returns {string | undefined} what is installed here */
export function redisVersion() {
  const program = programAt('redis-server');
  return program && /v=(\S+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1];
}

/** @param {string} home */
export async function startRedis(home) {
  const port = await freePort();
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: home,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = startServer('redis-server', [...args, '--logfile', join(home, 'redis.log')]);
  await server.ready(() => listens(port));
  return { port, stop: () => server.stop() };
}
