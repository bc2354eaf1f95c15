/**
 * A real server under steady load, with faults, for long: whether anything grows, slows down or gets lost.
 * `node bench/soak/soak.mjs [--minutes 30] [--rate N]`, after a build.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { load } from '../load/load.mjs';
import { lineChart } from '../report/lines.mjs';
import { verdictsOn } from '../report/soak-verdict.mjs';
import { figure, table } from '../report/table.mjs';
import { feed, Ledger } from './feed.mjs';
import { rest, startBackends } from './flaky-backends.mjs';
import { slots, startPool } from './pool-server.mjs';
import { sampleOf } from './samples.mjs';
import { comeAndGo, followEndings } from './watchers.mjs';

const servers = 2;
/** The most that it does is measured by twice as many callers as there are slots, each waiting for its answer. */
const maximum = { connections: 2 * servers * slots, warmUpMs: 3_000, measureMs: 10_000 };
/** What is still open at the end gets this long to end, in ms. */
const settleMs = 60_000;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, rate: { type: 'string' } },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new TypeError('--minutes must be a number above 0');

/** Tasks per second, each with an answer waited for; failures on purpose count as answers. */
async function mostOf(pool) {
  const { perSecond } = await load({ url: pool.urls.rest, ...maximum, expected: { status: 200 } }, () => {});
  return perSecond;
}

/** Ends once nothing is open, or after a while; what it does not know of is asked for. @returns how many are lost */
async function lostOf(pool, ledger) {
  const endAt = performance.now() + settleMs;
  while (ledger.open > 0 && performance.now() < endAt) await rest(500);
  let lost = 0;
  for (const id of ledger.openIds) {
    const response = await fetch(`${pool.urls.rest}/task/${id}`);
    const { status } = response.ok ? await response.json() : {};
    if (!['completed', 'failed', 'cancelled'].includes(status)) lost += 1;
  }
  return lost;
}

async function soak(pool, backends) {
  const perSecond =
    values.rate === undefined ? Math.max(1, Math.floor((await mostOf(pool)) / 2)) : Number(values.rate);
  console.log(`${perSecond} tasks/s for ${minutes} minutes, load of the machine ${figure(loadavg()[0])}`);
  const ledger = new Ledger();
  const [loading, watching] = [new AbortController(), new AbortController()];
  const background = [
    followEndings(pool.urls.websocket, (id) => ledger.end(id), watching.signal),
    comeAndGo(pool.urls.websocket, loading.signal),
    backends.restartNowAndThen(loading.signal),
  ];
  await rest(1_000);
  ledger.settle();
  const feeding = feed(pool.urls.rest, { perSecond, ledger, signal: loading.signal });
  const samples = [];
  const begunMs = performance.now();
  const secondsOf = () => (performance.now() - begunMs) / 1_000;
  while (secondsOf() < minutes * 60 && !pool.hasEnded()) {
    await rest(1_000);
    samples.push(await sampleOf(pool, ledger, secondsOf()));
    if (samples.length % 60 === 0) {
      const { rssMb, p50Ms, open } = samples.at(-1);
      process.stderr.write(
        `${samples.length / 60} min: RSS ${figure(rssMb)} MB, p50 ${figure(p50Ms)} ms, ${open} open\n`,
      );
    }
  }
  if (pool.hasEnded()) throw new Error(`the server ended early: ${pool.said()}`);
  loading.abort();
  await feeding;
  const lost = await lostOf(pool, ledger);
  watching.abort();
  const [, watches] = await Promise.all(background);
  const leakWarnings = pool.said().split('MaxListenersExceededWarning').length - 1;
  return { perSecond, samples, lost, leakWarnings, ledger, watches, restarts: backends.restarts };
}

function chartOf({ samples, perSecond }) {
  const of = (field) => samples.map((sample) => sample[field]);
  return lineChart({
    title: `${perSecond} tasks/s with faults`,
    seconds: of('seconds'),
    panels: [
      { title: 'RSS, MB', lines: [of('rssMb')] },
      {
        title: 'files and sockets; dashed: active resources of Node',
        lines: [of('handles'), of('listeners')],
      },
      {
        title: 'from the acknowledgement to the ending told, ms: p50; dashed: p99',
        lines: [of('p50Ms'), of('p99Ms')],
      },
      { title: 'ended in the second; dashed: open', lines: [of('endedPerSecond'), of('open')] },
      { title: 'database, MB', lines: [of('dbMb')] },
      { title: 'WAL, MB; dashed: logs', lines: [of('walMb'), of('logsMb')] },
    ],
  });
}

function report(result) {
  const { ledger, samples, watches, restarts } = result;
  const { accepted, refused, cancels, ended } = ledger;
  const verdicts = verdictsOn(result);
  const rows = verdicts.map(({ what, first, last, wanted, isReached }) => [
    what,
    figure(first),
    figure(last),
    wanted,
    isReached ? 'reached' : 'MISSED',
  ]);
  console.log(
    `${accepted} accepted, ${ended} told as ended, ${cancels} cancelled by us, ${refused} refused, ${watches} watchers came and went, ${restarts} restarts of a server\n`,
  );
  console.log(table([['', 'after warm-up', 'at the end', 'wanted', ''], ...rows]));
  const folder = fileURLToPath(new URL('../results', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const counts = { accepted, refused, cancels, ended, watches, restarts };
  const record = { endedAt: new Date(), minutes, perSecond: result.perSecond, counts, verdicts, samples };
  writeFileSync(`${folder}/soak.json`, `${JSON.stringify(record)}\n`);
  writeFileSync(`${folder}/soak.svg`, chartOf(result));
  console.log('\nwritten to bench/results/soak.json and soak.svg');
  if (!verdicts.every(({ isReached }) => isReached)) process.exitCode = 1;
}

const backends = await startBackends(servers);
try {
  const pool = await startPool(backends.ports);
  try {
    report(await soak(pool, backends));
  } finally {
    await pool.stop();
  }
} finally {
  backends.stop();
}
