import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from '../report/statistics.mjs';

const mib = 2 ** 20;

/**
 * One look at the server.
 *
 * @typedef {object} Sample
 * @property {number} seconds since the load began
 * @property {number} rssMb
 * @property {number} handles open files and sockets
 * @property {number} listeners of the process, as far as Node counts what is active: `koubou_nodejs_active_resources_total`
 * @property {number} dbMb
 * @property {number} walMb
 * @property {number} logsMb
 * @property {number} p50Ms from the acknowledgement to the ending told, of the last second
 * @property {number} p99Ms
 * @property {number} open tasks
 * @property {number} endedPerSecond
 */

/** MiB of the files below a folder whose names end so. */
function sizeMb(folder, ending = '') {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true })) {
    if (!entry.endsWith(ending)) continue;
    try {
      const stat = statSync(join(folder, entry));
      if (stat.isFile()) bytes += stat.size;
    } catch {
      // Rotated away meanwhile.
    }
  }
  return bytes / mib;
}

async function activeResources({ urls }) {
  const text = await (await fetch(`${urls.rest}/metrics`)).text();
  return Number(/^koubou_nodejs_active_resources_total (\S+)/m.exec(text)?.[1] ?? Number.NaN);
}

/**
 * @param {{ home: string, pid: number, urls: { rest: string } }} pool
 * @param {import('./feed.mjs').Ledger} ledger
 * @param {number} seconds
 * @returns {Promise<Sample>}
 */
export async function sampleOf(pool, ledger, seconds) {
  const status = readFileSync(`/proc/${pool.pid}/status`, 'latin1');
  const times = ledger.times;
  ledger.times = [];
  return {
    seconds,
    rssMb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1_024,
    handles: readdirSync(`/proc/${pool.pid}/fd`).length,
    listeners: await activeResources(pool),
    dbMb: sizeMb(pool.home, '.db'),
    walMb: sizeMb(pool.home, '-wal'),
    logsMb: sizeMb(pool.home, '.log') + sizeMb(pool.home, '.gz'),
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    open: ledger.open,
    endedPerSecond: times.length,
  };
}
