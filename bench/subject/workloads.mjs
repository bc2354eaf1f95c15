import { setTimeout as pause } from 'node:timers/promises';

/** @import { System, Task } from '../systems/system.mjs' */

/** Tasks in one call: what `POST /tasks/delegate` takes at most. */
const bulk = 1_000;

/** @param {System} system @param {number} count @param {Task} task */
async function delegateInBulk(system, count, task) {
  for (let left = count; left > 0; left -= bulk) {
    await system.delegate(Array.from({ length: Math.min(bulk, left) }, () => task));
  }
}

/** Resolves when so many completions have been told from now on. @param {System} system */
function completions(system) {
  let left = 0;
  let finish = () => {};
  system.onCompleted(() => {
    left -= 1;
    if (left === 0) finish();
  });
  return (count) =>
    new Promise((resolve) => {
      left += count;
      finish = resolve;
    });
}

/** Tasks per second and CPU per task while `work` handles so many of them. */
async function timed(count, work) {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await work();
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { perSecond: count / (ms / 1_000), cpuMicros: (user + system) / count };
}

/**
 * From the first call of delegate to the last completion told; and the work alone, of tasks that wait on disk already.
 *
 * @param {System} system
 * @param {{ warmUp: number, tasks: number }} sizes
 */
export async function throughput(system, { warmUp, tasks }) {
  const completed = completions(system);
  const task = { type: 'general', priority: 5 };
  const runAll = async (count) => {
    const ended = completed(count);
    await delegateInBulk(system, count, task);
    await ended;
  };
  const drainAll = async (count) => {
    system.pause();
    const ended = completed(count);
    await delegateInBulk(system, count, task);
    return timed(count, () => {
      system.resume();
      return ended;
    });
  };
  await runAll(warmUp);
  await drainAll(warmUp);
  const endToEnd = await timed(tasks, () => runAll(tasks));
  const drain = await drainAll(tasks);
  return { endToEnd, drain };
}

/**
 * One task at a time with gaps between them: ms from the call of delegate to the call of the backend, and to the
 * completion told.
 *
 * @param {System} system
 * @param {{ onExecute: (listener: (type: string) => void) => void, samples: number, gapMs: number, task: Task }} options
 */
export async function latency(system, { onExecute, samples, gapMs, task }) {
  const startMs = [];
  const doneMs = [];
  const completed = completions(system);
  let calledAt = 0;
  onExecute((type) => {
    if (type === task.type) startMs.push(performance.now() - calledAt);
  });
  for (let sample = 0; sample < samples; sample += 1) {
    await pause(gapMs);
    const ended = completed(1);
    calledAt = performance.now();
    void system.delegate([task]);
    await ended;
    doneMs.push(performance.now() - calledAt);
  }
  return { startMs, doneMs };
}

/** Lets so many tasks wait behind slots that are taken for good. @param {System} system */
export async function fill(system, { slots, tasks, task }) {
  await delegateInBulk(system, slots + tasks, task);
}
