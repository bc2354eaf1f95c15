/**
 * What the dashboard costs whoever looks, and the server: frames and memory of the page under load, CPU of the server with
 * and without a watcher, and how fast a chart opens. `node bench/page/page.mjs [--seconds 120]`, after a build.
 */
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { figure, table } from '../report/table.mjs';
import { frames, goTo, heapMb, openPage } from './chromium-page.mjs';
import { cpuSeconds, startDemoServer } from './demo-server.mjs';
import { feedEvenly, keepWaiting, untilWaiting } from './task-feed.mjs';

const eventsPerMinute = 10_000;
const eventsPerTask = 3;
const actors = 10_000;
/** Lists of the page are as long as they will be by then. */
const warmUpMs = 20_000;
const cpuTurnMs = 20_000;
const cpuRounds = 3;
const machines = ['pool', 'worker', 'endpoint', 'task', 'journal', 'join'];

const at = process.argv.indexOf('--seconds');
const loadMs = 1_000 * (at === -1 ? 120 : Number(process.argv[at + 1]));

const load = () =>
  `load of the machine ${loadavg()
    .map((value) => value.toFixed(2))
    .join(' ')}`;

function print(title, rows) {
  console.log(`${title} (${load()})\n${table(rows)}\n`);
}

function frameRows({ perSecond, p99Ms, longestMs, long, count }) {
  return [
    ['frames a second', figure(perSecond)],
    ['frames over 100 ms', `${long} of ${count}`],
    ['99 % of the frames within (ms)', figure(p99Ms)],
    ['longest frame (ms)', figure(longestMs)],
  ];
}

/** Runs something while something else goes on. */
async function during(background, measure) {
  const stop = new AbortController();
  const going = background(stop.signal);
  try {
    return await measure();
  } finally {
    stop.abort();
    await going;
  }
}

async function overviewUnderLoad(server) {
  const { browser, page, devtools } = await openPage(`${server.urls.dashboard}/#/overview`);
  const perSecond = eventsPerMinute / 60 / eventsPerTask;
  await during(
    (signal) => feedEvenly(server, perSecond, signal),
    async () => {
      await pause(warmUpMs);
      const beforeMb = await heapMb(devtools);
      const watched = await frames(page, loadMs);
      const afterMb = await heapMb(devtools);
      print(`The overview at ${figure(eventsPerMinute)} events a minute for ${loadMs / 1_000} s`, [
        ['what', 'value'],
        ...frameRows(watched),
        ['heap before, after collection (MiB)', figure(beforeMb)],
        ['heap after, after collection (MiB)', figure(afterMb)],
      ]);
    },
  );
  await browser.close();
}

/** Shares of a core, in percent. */
async function cpuShare(server, forMs) {
  const [before, beganMs] = [await cpuSeconds(server), performance.now()];
  await pause(forMs);
  const after = await cpuSeconds(server);
  return ((after - before) * 100_000) / (performance.now() - beganMs);
}

async function chartsOfManyActors(server) {
  const rounds = [];
  let watched;
  await during(
    (signal) => keepWaiting(server, actors, signal),
    async () => {
      await untilWaiting(server, 0.99 * actors);
      for (let round = 0; round < cpuRounds; round += 1) {
        const without = await cpuShare(server, cpuTurnMs);
        const { browser, page } = await openPage(`${server.urls.dashboard}/#/actors`);
        await goTo(page, '#/actors/machine/task', '.chart');
        await pause(2_000);
        const [withOne, seen] = await Promise.all([cpuShare(server, cpuTurnMs), frames(page, cpuTurnMs)]);
        rounds.push({ without, withOne });
        watched = seen;
        await browser.close();
      }
    },
  );
  const mean = (name) => rounds.reduce((sum, round) => sum + round[name], 0) / rounds.length;
  print(`The chart of all tasks, with ${figure(actors)} live actors`, [
    ['what', 'value'],
    ...frameRows(watched),
    ['CPU of the server, nobody watching (% of a core)', figure(mean('without'))],
    ['CPU of the server, one watcher (% of a core)', figure(mean('withOne'))],
    ...rounds.map(({ without, withOne }, index) => [
      `difference in round ${index + 1} (points)`,
      figure(withOne - without),
    ]),
  ]);
}

async function openingOfCharts(server) {
  const { browser, page } = await openPage(`${server.urls.dashboard}/#/actors`);
  await page.locator('main h1').waitFor();
  const rows = [];
  for (const machine of machines) {
    const times = [];
    for (let round = 0; round < 3; round += 1) {
      await goTo(page, '#/actors', 'main table');
      times.push(await goTo(page, `#/actors/machine/${machine}`, '.chart'));
    }
    const shapes = await page.locator('.chart [data-state], .chart [data-way]').count();
    rows.push([machine, figure(shapes), ...times.map((ms) => figure(ms))]);
  }
  print('Opening a chart, from the click to the screen (ms); the first time its drawing is loaded', [
    ['machine', 'boxes and ways', 'first', 'second', 'third'],
    ...rows,
  ]);
  await browser.close();
}

const server = await startDemoServer();
try {
  await overviewUnderLoad(server);
  await openingOfCharts(server);
  await chartsOfManyActors(server);
} finally {
  await server.stop();
}
