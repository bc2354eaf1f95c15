import { spawn, spawnSync } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const children = new Set();
// However this process ends, the servers that it started end with it.
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/**
 * A server of a peer, as a child of this process, so that whoever measures this process finds it in the same family.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions & { stopSignal?: NodeJS.Signals }} [options]
 */
export function startServer(command, args, { stopSignal = 'SIGTERM', ...options } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-4_000);
  });
  children.add(child);
  let fault;
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
    child.once('error', (error) => {
      fault = error;
      resolve();
    });
  }).then(() => children.delete(child));
  return {
    /** Resolves when the server answers. @param {() => Promise<boolean>} answers */
    async ready(answers) {
      for (let tries = 0; tries < 600; tries += 1) {
        if (!children.has(child)) throw new Error(`${command} ended early: ${fault?.message ?? said}`);
        if (await answers()) return;
        await pause(50);
      }
      throw new Error(`${command} did not answer within 30 s: ${said}`);
    },
    async stop() {
      child.kill(stopSignal);
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(late);
    },
  };
}

/** A TCP port on loopback that was free a moment ago. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @param {number} port */
export function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** The path of a program, or `undefined`. @param {string} name */
export function programAt(name) {
  const { status, stdout } = spawnSync('which', [name], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
