import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/koubou.js', import.meta.url));

/** A demo worker answers JSON in one piece, after 40 ms: three slots do some 70 tasks a second. */
const slots = 3;

const workers = `workers:
  local_workers:
    - { worker_id: demo_001, backend: demo, max_concurrent_tasks: ${slots} }
  remote_workers: []
routing_policy: { strategy: least_loaded, rules: [] }
pool: { min_workers: 1, max_workers: 1, max_active_tasks: ${slots} }
`;
const models = `default_model: demo
models: { demo: { name: demo } }
`;

/**
 * A server as an operator starts it, with a worker that writes placeholder text, in a home of its own.
 *
 * @returns its addresses, its id, and what ends it
 */
export async function startDemoServer() {
  const home = mkdtempSync(join(tmpdir(), 'koubou-page-'));
  mkdirSync(join(home, 'config'));
  writeFileSync(join(home, 'config', 'workers.yaml'), workers);
  writeFileSync(join(home, 'config', 'ollama_models.yaml'), models);
  const doors = ['MCP', 'LOGS', 'WEBSOCKET', 'GRAPHQL', 'DASHBOARD'];
  const ports = Object.fromEntries(doors.map((door) => [`KOUBOU_${door}_PORT`, '0']));
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, KOUBOU_HOME: home, ...ports };
  const child = spawn(process.execPath, [program, 'start'], { env, cwd: home, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(home, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 200; tries += 1) {
    const { urls } = read(join(home, 'run', 'koubou.json'));
    const isReady = urls !== undefined && (await fetch(`${urls.rest}/readyz`).catch(() => null))?.ok;
    if (isReady) return { urls, stop };
    await pause(100);
  }
  await stop();
  throw new Error('the server was not ready within 20 s');
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

/** Seconds of CPU that the server has taken so far. */
export async function cpuSeconds({ urls }) {
  const text = await (await fetch(`${urls.rest}/metrics`)).text();
  return Number(/^koubou_process_cpu_seconds_total (\S+)/m.exec(text)?.[1]);
}
