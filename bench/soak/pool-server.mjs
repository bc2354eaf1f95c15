import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/koubou.js', import.meta.url));

/** Of each worker; one for each server that generates. */
export const slots = 25;

/** Small limits, so that half an hour shows whether they hold. */
const settings = `retention: { max_ended_tasks: 50000, max_events: 250000 }
logging: { max_size_mib: 2, keep_files: 2 }
`;

/**
 * A server as an operator starts it, in a home of its own that goes with it.
 *
 * @param {readonly number[]} ports of the servers that generate
 */
export async function startPool(ports) {
  const home = mkdtempSync(join(tmpdir(), 'koubou-soak-'));
  const workers = ports.map(
    (port, index) =>
      `    - { worker_id: soak_${index}, backend: openai, model: soak, server_host: "http://127.0.0.1:${port}/v1", max_concurrent_tasks: ${slots} }`,
  );
  mkdirSync(join(home, 'config'));
  const write = (name, text) => writeFileSync(join(home, 'config', name), text);
  write(
    'workers.yaml',
    `workers:\n  local_workers:\n${workers.join('\n')}\n  remote_workers: []\nrouting_policy: { strategy: least_loaded, rules: [] }\npool: { min_workers: 1, max_workers: ${ports.length}, max_active_tasks: ${ports.length * slots} }\n`,
  );
  write('ollama_models.yaml', 'default_model: soak\nmodels: { soak: { name: soak } }\n');
  write('koubou.yaml', settings);
  const doors = ['MCP', 'LOGS', 'WEBSOCKET', 'GRAPHQL', 'DASHBOARD'];
  const free = Object.fromEntries(doors.map((door) => [`KOUBOU_${door}_PORT`, '0']));
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, KOUBOU_HOME: home, ...free };
  const child = spawn(process.execPath, [program, 'start'], {
    env,
    cwd: home,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => {
    said = `${said}${text}`.slice(-20_000);
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(home, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 300 && child.exitCode === null; tries += 1) {
    const { urls } = read(join(home, 'run', 'koubou.json'));
    const isReady = urls !== undefined && (await fetch(`${urls.rest}/readyz`).catch(() => null))?.ok;
    if (isReady)
      return { home, pid: child.pid, urls, stop, said: () => said, hasEnded: () => child.exitCode !== null };
    await pause(100);
  }
  await stop();
  throw new Error(`the server was not ready within 30 s: ${said}`);
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
