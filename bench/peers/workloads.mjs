import { setTimeout as pauseMs } from 'node:timers/promises';

/** @import { Peer } from './peer.mjs' */

/** Tasks in one call: what `POST /tasks/delegate` takes at most. */
const bulk = 1_000;
const task = { type: 'general', priority: 5 };

/** Counts what is told as completed, and says when as many as wanted have been. @param {Peer} system */
export function completionsOf(system) {
  let count = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let finish = () => {};
  system.onCompleted(() => {
    count += 1;
    if (count >= wanted) finish();
  });
  return {
    get count() {
      return count;
    },
    /** Resolves once so many more have been told, or when the time is over. */
    async more(tasks, maxMs) {
      const aim = count + tasks;
      let timer;
      await new Promise((resolve) => {
        finish = resolve;
        wanted = aim;
        timer = setTimeout(resolve, maxMs);
      });
      clearTimeout(timer);
      wanted = Number.POSITIVE_INFINITY;
      return tasks - Math.max(0, aim - count);
    },
  };
}

/**
 * One caller after the other, or several side by side, for a fixed time.
 *
 * @param {Peer} system
 * @param {{ clients: number, perCall: number, ms: number }} sizes
 */
export async function enqueue(system, { clients, perCall, ms }) {
  const tasks = Array.from({ length: perCall }, () => task);
  const startedAt = performance.now();
  let count = 0;
  const client = async () => {
    while (performance.now() - startedAt < ms) {
      await system.delegate(tasks);
      count += perCall;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { tasks: count, perSecond: count / ((performance.now() - startedAt) / 1_000) };
}

/**
 * Lets so many tasks wait, or as many as it takes in the time.
 *
 * @param {Peer} system
 * @param {{ tasks: number, type?: string, maxMs: number }} sizes
 */
export async function fill(system, { tasks, type = task.type, maxMs }) {
  const startedAt = performance.now();
  let count = 0;
  while (count < tasks && performance.now() - startedAt < maxMs) {
    const size = Math.min(bulk, tasks - count);
    await system.delegate(Array.from({ length: size }, () => ({ ...task, type })));
    count += size;
  }
  await system.analyze?.();
  return { tasks: count };
}

/**
 * The work alone, of tasks that wait already: from the beginning of the first execution to the last completion told, or to
 * the end of the time.
 *
 * @param {Peer} system
 * @param {{ completions: ReturnType<typeof completionsOf>, onExecute: (listener: () => void) => void, tasks: number, maxMs: number }} options
 */
export async function drain(system, { completions, onExecute, tasks, maxMs }) {
  let startedAt = 0;
  onExecute(() => {
    if (startedAt === 0) startedAt = performance.now();
  });
  const ended = completions.more(tasks, maxMs);
  await system.resume();
  const done = await ended;
  if (done === tasks) await system.emptied?.();
  const seconds = (performance.now() - startedAt) / 1_000;
  return { tasks: done, perSecond: startedAt === 0 ? 0 : done / seconds };
}

/**
 * One task at a time with gaps between them: ms from the call of delegate to the beginning of the execution, and to the
 * completion told.
 *
 * @param {Peer} system
 * @param {{ completions: ReturnType<typeof completionsOf>, onExecute: (listener: (type: string) => void) => void, samples: number, gapMs: number, priority?: number, maxMs: number }} options
 */
export async function latency(system, { completions, onExecute, samples, gapMs, priority = 5, maxMs }) {
  const startMs = [];
  const doneMs = [];
  const endAt = performance.now() + maxMs;
  let calledAt = 0;
  onExecute((type) => {
    if (type === task.type) startMs.push(performance.now() - calledAt);
  });
  for (let sample = 0; sample < samples && performance.now() < endAt; sample += 1) {
    await pauseMs(gapMs);
    const ended = completions.more(1, maxMs);
    calledAt = performance.now();
    const sent = system.delegate([{ ...task, priority }]);
    if ((await ended) === 0) break;
    doneMs.push(performance.now() - calledAt);
    await sent;
  }
  return { startMs, doneMs, tasks: doneMs.length };
}
