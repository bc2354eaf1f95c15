import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from '../load/load.mjs';
import { memoryMb, meter } from '../machine/processes.mjs';
import { quantile } from '../report/statistics.mjs';
import { Subject } from '../subject/subject.mjs';
import { withJoinedWorker } from './joined-worker.mjs';
import { roster } from './roster.mjs';

const main = fileURLToPath(new URL('./main.mjs', import.meta.url));
const nodeOptions = ['--expose-gc'];

/**
 * What a trial found: its figures by name, and the most that other processes took in any of its measured times, in cores.
 *
 * @typedef {{ figures: Record<string, number>, othersCores: number }} Found
 */

/** A system in a process of its own, ended with its servers whatever happens. */
async function withPeer(name, { slots = { general: 100 }, hang, under, home, ...job }, work) {
  const subject = await Subject.start({ name, slots, hang, under, home, main, nodeOptions, job });
  try {
    const found = await work(subject);
    await subject.call('close');
    return found;
  } finally {
    await subject.end();
  }
}

/** Calls and remembers what they cost. @param {Subject} subject */
function recorder(subject) {
  const figures = {};
  let othersCores = 0;
  const took = (cost) => {
    othersCores = Math.max(othersCores, cost.othersCores);
    return cost;
  };
  return {
    figures,
    took,
    measured: async (call, sizes) => {
      const end = meter(subject.pid);
      const result = await subject.call(call, sizes);
      const { cpuMicros } = took(end());
      return { ...result, cpuMicros: cpuMicros / result.tasks };
    },
    found: () => ({ figures, othersCores }),
  };
}

function put(figures, prefix, { startMs, doneMs }) {
  figures[`${prefix}StartP50Ms`] = quantile(startMs, 0.5);
  figures[`${prefix}StartP99Ms`] = quantile(startMs, 0.99);
  figures[`${prefix}DoneP50Ms`] = quantile(doneMs, 0.5);
  figures[`${prefix}DoneP99Ms`] = quantile(doneMs, 0.99);
}

/** Nothing is worked on meanwhile. @returns {Promise<Found>} */
export function enqueueTrial(name, { ms, warmUpMs }) {
  return withPeer(name, { slots: { general: 1 }, aim: 'enqueue' }, async (subject) => {
    const { figures, measured, found } = recorder(subject);
    await subject.call('pause');
    const ways = { One: [1, 1], Many: [64, 1], Bulk: [1, 1_000] };
    for (const [way, [clients, perCall]] of Object.entries(ways)) {
      if (perCall > 1 && roster[name].module === './restate.mjs') continue; // It has no such call.
      await subject.call('enqueue', { clients, perCall, ms: warmUpMs });
      const { perSecond, cpuMicros } = await measured('enqueue', { clients, perCall, ms });
      figures[`enqueue${way}`] = perSecond;
      figures[`enqueue${way}CpuMicros`] = cpuMicros;
    }
    return found();
  });
}

/** @returns {Promise<Found>} */
export function drainTrial(name, { concurrency, warmUp, tasks, maxMs, fillMaxMs }) {
  return withPeer(name, { slots: { general: concurrency }, aim: 'drain' }, async (subject) => {
    const { figures, measured, found } = recorder(subject);
    await subject.call('pause');
    await subject.call('fill', { tasks: warmUp, maxMs: fillMaxMs });
    await subject.call('drain', { tasks: warmUp, maxMs });
    await subject.call('pause');
    const { tasks: waiting } = await subject.call('fill', { tasks, maxMs: fillMaxMs });
    const { perSecond, cpuMicros } = await measured('drain', { tasks: waiting, maxMs });
    figures[`drain${concurrency}`] = perSecond;
    figures[`drain${concurrency}CpuMicros`] = cpuMicros;
    return found();
  });
}

/** @returns {Promise<Found>} */
export function latencyTrial(name, { warmUp, samples, gapMs, maxMs }) {
  return withPeer(name, { slots: { general: 1 }, aim: 'latency' }, async (subject) => {
    const { figures, measured, found } = recorder(subject);
    await subject.call('resume');
    await subject.call('latency', { samples: warmUp, gapMs: 0, maxMs });
    put(figures, 'idle', await measured('latency', { samples, gapMs, maxMs }));
    await subject.call('collect');
    figures.idleMemoryMb = memoryMb(subject.pid).all;
    return found();
  });
}

/** One worker whose four executions never end, and one with a free slot for the other kind. */
const slots = { code_generation: 4, general: 1 };

/** @returns {Promise<Found>} */
export async function backlogTrial(name, { tasks, fillMaxMs, warmUp, samples, gapMs, maxMs }) {
  const home = mkdtempSync(join(tmpdir(), 'koubou-bench-backlog-'));
  const common = { slots, hang: 'code_generation', home, aim: 'latency' };
  const one = { gapMs, maxMs, priority: 10 };
  try {
    const subject = await Subject.start({ name, ...common, main, nodeOptions, job: common });
    try {
      const { figures, measured, found } = recorder(subject);
      await subject.call('resume');
      await subject.call('latency', { ...one, samples: warmUp });
      put(figures, 'besideNone', await measured('latency', { ...one, samples }));
      await subject.call('collect');
      const { server } = roster[name];
      figures.memoryBeforeMb = memoryMb(subject.pid).all;
      const filled = await subject.call('fill', { tasks, type: common.hang, maxMs: fillMaxMs });
      figures.backlogTasks = filled.tasks;
      await subject.call('collect');
      const { all, part } = memoryMb(subject.pid, server);
      figures.backlogMemoryMb = all;
      figures.backlogServerMemoryMb = server === undefined ? all : part;
      await subject.call('latency', { ...one, samples: warmUp });
      put(figures, 'backlog', await measured('latency', { ...one, samples }));
      if (name !== 'koubou') await subject.call('close');
      // Ended as it is: what follows is the start after a crash.
      await subject.end();
      if (name === 'koubou') figures.readyMs = await readyMs(name, common);
      return found();
    } finally {
      await subject.end();
    }
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** From the start of a server on what it left to its open doors, in ms. */
async function readyMs(name, common) {
  const subject = await Subject.start({ name, ...common, main, nodeOptions, job: { ...common, door: true } });
  try {
    return await subject.call('openMs');
  } finally {
    await subject.end();
  }
}

/** Loads a door, and measures between the begin and the end of the time that counts. */
async function loaded(subject, plan, { took }) {
  let end;
  let cost;
  const result = await load(plan, (phase) => {
    if (phase === 'begin') end = meter(subject.pid);
    else cost = took(end());
  });
  return { ...result, cpuMicros: cost.cpuMicros / result.tasks };
}

/** Sync calls over loopback. @returns {Promise<Found>} */
export function httpTrial(name, plan) {
  return withPeer(name, { door: true, aim: 'drain' }, async (subject) => {
    const record = recorder(subject);
    const url = new URL((await subject.call('url')).url);
    const path = url.pathname === '/' ? undefined : url.pathname;
    const result = await loaded(subject, { url: url.origin, path, ...plan }, record);
    Object.assign(record.figures, {
      httpPerSecond: result.perSecond,
      httpP50Ms: result.p50Ms,
      httpP99Ms: result.p99Ms,
      httpCpuMicros: result.cpuMicros,
    });
    return record.found();
  });
}

/** Accepted with 202 once it is on disk; nothing is worked on. @returns {Promise<Found>} */
export function acceptTrial(name, plan) {
  return withPeer(name, { door: true, aim: 'enqueue' }, async (subject) => {
    const record = recorder(subject);
    const { url } = await subject.call('url');
    await subject.call('pause');
    const task = { prompt: 'Answer with the word done.', type: 'general' };
    const expected = { status: 202 };
    const one = await loaded(subject, { url, ...plan, body: task, expected }, record);
    const tasks = Array.from({ length: 1_000 }, () => task);
    const bulk = { ...plan, connections: 1, path: '/tasks/delegate', body: { tasks }, expected };
    const many = await loaded(subject, { url, ...bulk }, record);
    record.figures.acceptMany = one.perSecond;
    record.figures.acceptManyCpuMicros = one.cpuMicros;
    record.figures.acceptBulk = many.perSecond * tasks.length;
    return record.found();
  });
}

/** One sync call at a time, done by a worker that has joined over its WebSocket. @returns {Promise<Found>} */
export function joinedTrial(name, plan) {
  const workerToken = randomBytes(24).toString('hex');
  return withPeer(name, { slots: {}, door: true, aim: 'latency', workerToken }, async (subject) => {
    const record = recorder(subject);
    const { url, workerUrl } = await subject.call('url');
    await withJoinedWorker({ url: workerUrl, token: workerToken }, async () => {
      const { p50Ms, p99Ms } = await loaded(subject, { url, ...plan, connections: 1 }, record);
      record.figures.joinedDoneP50Ms = p50Ms;
      record.figures.joinedDoneP99Ms = p99Ms;
    });
    return record.found();
  });
}

/** fsync and fdatasync calls of the process and its servers. Traced, all is slower: nothing else is read. */
export async function fsyncsTrial(name, { samples, tasks, maxMs }) {
  const folder = mkdtempSync(join(tmpdir(), 'koubou-bench-strace-'));
  const file = join(folder, 'trace');
  const under = ['strace', '-f', '--seccomp-bpf', '-e', 'trace=fsync,fdatasync', '-o', file];
  const calls = () => readFileSync(file, 'latin1').match(/\b(?:fsync|fdatasync)\(/g)?.length ?? 0;
  const figures = {};
  const counted = async (work) => {
    const before = calls();
    const { tasks: done } = await work();
    return (calls() - before) / done;
  };
  try {
    await withPeer(name, { slots: { general: 1 }, aim: 'latency', under }, async (subject) => {
      await subject.call('resume');
      const one = { gapMs: 2, maxMs };
      await subject.call('latency', { ...one, samples: 20 });
      figures.fsyncsOne = await counted(() => subject.call('latency', { ...one, samples }));
    });
    if (roster[name].trials.includes('drain')) {
      await withPeer(name, { aim: 'drain', under }, async (subject) => {
        await subject.call('pause');
        await subject.call('fill', { tasks, maxMs });
        figures.fsyncsDrain = await counted(() => subject.call('drain', { tasks, maxMs }));
      });
    }
    return { figures, othersCores: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
