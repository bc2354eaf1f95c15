/**
 * A process of its own that holds one system, with the servers that it needs as its children, and does what its parent asks
 * over IPC: `node --expose-gc bench/peers/main.mjs <json>`.
 */
import { setTimeout as pauseMs } from 'node:timers/promises';
import { answerCalls, emptyExecutions } from '../subject/calls.mjs';
import { roster } from './roster.mjs';
import { completionsOf, drain, enqueue, fill, latency } from './workloads.mjs';

const { name, home, slots, aim, hang, door, workerToken } = JSON.parse(process.argv[2] ?? '{}');
const { module: path, options = {} } = roster[name];

const { execute, onExecute } = emptyExecutions(hang);

const module = await import(path);
const isDoor = door && module.serve !== undefined;
const openedAt = performance.now();
const system = await (isDoor ? module.serve : module.open)({
  home,
  slots,
  execute,
  aim,
  workerToken,
  ...options,
});
const openMs = performance.now() - openedAt;
const completions = isDoor ? undefined : completionsOf(system);
const inUse = { completions, onExecute };

const calls = {
  url: () => ({ url: system.url, workerUrl: system.workerUrl }),
  openMs: () => openMs,
  enqueue: (sizes) => enqueue(system, sizes),
  fill: (sizes) => fill(system, sizes),
  drain: (sizes) => drain(system, { ...inUse, ...sizes }),
  latency: (sizes) => latency(system, { ...inUse, ...sizes }),
  pause: () => system.pause(),
  resume: () => system.resume(),
  /** Garbage is no memory that a system needs. */
  collect: async () => {
    for (let round = 0; round < 5; round += 1) {
      globalThis.gc?.();
      await pauseMs(200);
    }
  },
  close: async () => {
    // What breaks when its server ends is of no interest any more.
    for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, () => {});
    await system.close();
  },
};

answerCalls(calls);
