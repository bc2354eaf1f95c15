/** What Koubou costs beside the least that is possible. `bench/README.md` tells what is measured, and how. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { measureBacklog } from './measures/backlog.mjs';
import { measureDispatch } from './measures/dispatch.mjs';
import { measureEngine } from './measures/engine.mjs';
import { measureFanout, measureWatching } from './measures/fanout.mjs';
import { canTrace, measureFsyncs } from './measures/fsyncs.mjs';
import { measureHttp } from './measures/http.mjs';
import { measureLatency } from './measures/latency.mjs';
import { measurePrediction } from './measures/prediction.mjs';
import { installPeers } from './peers/install.mjs';
import { planOf, usage } from './plan.mjs';
import { compare, printComparisons } from './report/comparison.mjs';
import { printPrediction } from './report/prediction.mjs';
import { figure, table } from './report/table.mjs';
import { printWatching } from './report/watching.mjs';
import { systems } from './systems/system.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Measures each system once a round, in turn: what disturbs the machine disturbs both. */
async function alternate(title, rounds, measure) {
  const samples = [];
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`${title}, round ${round} of ${rounds}\n`);
    const sample = {};
    for (const name of systems) sample[name] = await measure(name);
    samples.push(sample);
  }
  return samples;
}

function report(title, rounds, lines) {
  const comparisons = compare(rounds, lines);
  console.log(title);
  printComparisons(comparisons);
  return { title, rounds, comparisons };
}

/** Facts to watchers: one commit brings several of them, or one. */
async function fanOut(each, count) {
  const rounds = [];
  for (let round = 1; round <= count; round += 1) {
    process.stderr.write(`fan-out, round ${round} of ${count}\n`);
    const koubou = await measureFanout('ours', each);
    rounds.push({ koubou, 'lower-bound': await measureFanout('plain', each) });
  }
  const title = `${each.perTurn} facts a turn to ${figure(each.clients)} watchers, beside a plain ws.send loop`;
  return report(title, rounds, [
    { label: 'frames/s', field: 'perSecond', goal: { atLeast: each.perTurn > 1 ? 1.4 : 0.9 } },
    { label: 'CPU of the sender (µs/frame)', field: 'cpuMicros' },
  ]);
}

/** @param {ReturnType<typeof planOf>} plan */
function measurements(plan) {
  return {
    http: async () => {
      const rounds = await alternate('HTTP', plan.rounds, (name) =>
        measureHttp(name, plan.http, plan.nodeOptions),
      );
      return report(`Sync tasks by HTTP, ${plan.http.connections} connections`, rounds, [
        { label: 'tasks/s', field: 'perSecond', goal: { atLeast: 0.25 } },
        { label: 'answer p50 (ms)', field: 'p50Ms' },
        { label: 'answer p99 (ms)', field: 'p99Ms' },
        { label: 'CPU of the server (µs/task)', field: 'cpuMicros' },
        { label: 'RSS after start (MB)', field: 'idleRssMb' },
        { label: 'RSS after the run (MB)', field: 'loadedRssMb', own: { atMost: 150 } },
      ]);
    },
    engine: async () => {
      const rounds = await alternate('engine', plan.rounds, (name) =>
        measureEngine(name, plan.engine, plan.nodeOptions),
      );
      return report('Engine without HTTP, 100 slots', rounds, [
        { label: 'end to end (tasks/s)', field: 'endToEndPerSecond', goal: { atLeast: 0.12 } },
        { label: 'end to end, CPU (µs/task)', field: 'endToEndCpuMicros' },
        { label: 'drain (tasks/s)', field: 'drainPerSecond', goal: { atLeast: 0.12 } },
        { label: 'drain, CPU (µs/task)', field: 'drainCpuMicros' },
      ]);
    },
    latency: async () => {
      const rounds = await alternate('latency', plan.rounds, (name) =>
        measureLatency(name, plan.latency, plan.nodeOptions),
      );
      return report('One task at a time, idle', rounds, [
        { label: 'start p50 (ms)', field: 'startP50Ms', digits: 3, goal: { atMost: 3 } },
        { label: 'start p99 (ms)', field: 'startP99Ms', digits: 3 },
        { label: 'done p50 (ms)', field: 'doneP50Ms', digits: 3 },
      ]);
    },
    fsyncs: async () => {
      const how = canTrace() ? 'fsyncs by strace' : 'no strace here: commits alone';
      const rounds = await alternate('fsyncs', 1, async (name) =>
        flat(await measureFsyncs(name, plan.fsyncs)),
      );
      const ways = {
        oneByOne: 'one at a time',
        byHttp: 'HTTP, 64 connections',
        inBulk: '1,000 a call, 100 slots',
      };
      return report(
        `Disk, per task (${how})`,
        rounds,
        Object.entries(ways).flatMap(([way, label]) => [
          { label: `${label}: commits`, field: `${way}.commits`, digits: 4 },
          { label: `${label}: fsyncs`, field: `${way}.fsyncs`, digits: 4 },
        ]),
      );
    },
    backlog: async () => {
      const rounds = await alternate('backlog', Math.min(3, plan.rounds), (name) =>
        measureBacklog(name, plan.backlog),
      );
      return report(`${figure(plan.backlog.tasks)} tasks wait`, rounds, [
        { label: 'RSS before (MB)', field: 'rssBeforeMb' },
        { label: 'RSS with them (MB)', field: 'rssAfterMb' },
        { label: 'grown by (MB)', field: 'grownMb', own: { atMost: 60 } },
        { label: 'next start p50, idle (ms)', field: 'idleStartP50Ms', digits: 3 },
        { label: 'next start p50, beside them (ms)', field: 'fullStartP50Ms', digits: 3 },
      ]);
    },
    dispatch: async () => {
      const result = measureDispatch(plan.dispatch);
      console.log(`Choosing among ${figure(result.tasks)} ready tasks and ${result.workers} workers`);
      const rows = [
        ['', 'µs'],
        ['p50', figure(result.p50Micros)],
        ['p99', figure(result.p99Micros)],
      ];
      console.log(`${table(rows)}\n`);
      return result;
    },
    prediction: async () => {
      const result = measurePrediction(plan.prediction);
      printPrediction(result);
      return result;
    },
    fanout: async () => {
      const bursts = [];
      for (const each of plan.fanout) bursts.push(await fanOut(each, plan.rounds));
      const watching = [];
      for (const each of plan.watching) watching.push(await measureWatching(each));
      printWatching(watching);
      return { bursts, watching };
    },
  };
}

/** `{a: {b: 1}}` as `{'a.b': 1}`. */
function flat(nested) {
  return Object.fromEntries(
    Object.entries(nested).flatMap(([way, counts]) =>
      Object.entries(counts).map(([name, value]) => [`${way}.${name}`, value]),
    ),
  );
}

async function main() {
  const plan = planOf(process.argv.slice(2));
  if (plan.help) {
    console.log(usage);
    return;
  }
  if (!existsSync(here('../dist/server.js'))) throw new Error('dist/ is missing: run `npm run build` first');
  if (plan.peers !== undefined) {
    installPeers();
    // What it needs is there only now.
    const { benchPeers } = await import('./peers/bench.mjs');
    await benchPeers(plan.peers);
    return;
  }
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: availableParallelism() };
  console.log(
    `Node ${machine.node}, ${machine.cores} cores (${machine.cpu}), load ${figure(loadavg()[0])}\n`,
  );
  const startedAt = new Date().toISOString();
  const results = {};
  const all = measurements(plan);
  for (const part of plan.only) results[part] = await all[part]();
  mkdirSync(here('results'), { recursive: true });
  const record = { startedAt, machine, isQuick: plan.isQuick, loadAfter: loadavg(), results };
  writeFileSync(here('results/latest.json'), `${JSON.stringify(record, null, 2)}\n`);
  console.log('written to bench/results/latest.json');
}

try {
  await main();
} catch (error) {
  console.error(error);
  console.error(`\n${usage}`);
  process.exitCode = 1;
}
