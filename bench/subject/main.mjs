/**
 * A process of its own that holds one system and does what its parent asks over IPC:
 * `node [--expose-gc] bench/subject/main.mjs <json>`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { loadSystem } from '../systems/system.mjs';
import { answerCalls, emptyExecutions } from './calls.mjs';
import { fill, latency, throughput } from './workloads.mjs';

const { name, home, slots, hang } = JSON.parse(process.argv[2] ?? '{}');
const { open, serve } = await loadSystem(name);

const { execute, onExecute } = emptyExecutions(hang);
const options = { home, slots, execute };

let system;
let door;
const opened = async () => {
  system ??= await open(options);
  return system;
};

const calls = {
  serve: async () => {
    door = await serve(options);
    return door.url;
  },
  open: async () => {
    await opened();
  },
  usage: () => {
    const { user, system: kernel } = process.cpuUsage();
    return { rssMb: process.memoryUsage.rss() / 2 ** 20, cpuMicros: user + kernel };
  },
  commits: () => (door ?? system)?.commits() ?? 0,
  /** Memory that is held, and not only not yet collected. */
  settledRssMb: async () => {
    for (let round = 0; round < 5; round += 1) {
      globalThis.gc?.();
      await pause(200);
    }
    return process.memoryUsage.rss() / 2 ** 20;
  },
  throughput: async (sizes) => throughput(await opened(), sizes),
  latency: async (sizes) => latency(await opened(), { onExecute, ...sizes }),
  fill: async (sizes) => fill(await opened(), sizes),
  close: async () => {
    await door?.close();
    await system?.close();
  },
};

answerCalls(calls);
