import { readdirSync, readFileSync } from 'node:fs';
import { busyTicks, familyOf, processStat, proportionalMb, ticksPerSecond } from './proc-text.mjs';

function statsOfAll() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [processStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))];
      } catch {
        return []; // It has ended meanwhile.
      }
    });
}

const ticksIn = (family) => family.reduce((sum, { ticks }) => sum + ticks, 0);

function look(root) {
  const stats = statsOfAll();
  return {
    atMs: performance.now(),
    busy: busyTicks(readFileSync('/proc/stat', 'latin1')),
    measured: ticksIn(familyOf(stats, root)),
    ours: ticksIn(familyOf(stats, process.pid)),
  };
}

/**
 * The CPU that is used from now on until the answer is called: by the measured family of processes, and by whoever is no
 * child of ours.
 *
 * @param {number} root the process at the head of the measured family
 * @returns {() => { seconds: number, cpuMicros: number, othersCores: number }}
 */
export function meter(root) {
  const before = look(root);
  return () => {
    const after = look(root);
    const seconds = (after.atMs - before.atMs) / 1_000;
    const othersTicks = after.busy - before.busy - (after.ours - before.ours);
    return {
      seconds,
      cpuMicros: ((after.measured - before.measured) * 1e6) / ticksPerSecond,
      othersCores: Math.max(0, othersTicks / ticksPerSecond / seconds),
    };
  };
}

/**
 * Resident memory of a family of processes in MB: of all, and of those whose program's name holds `only`.
 *
 * @param {number} root
 * @param {string} [only]
 */
export function memoryMb(root, only = '') {
  const members = familyOf(statsOfAll(), root).map(({ pid }) => {
    try {
      const name = readFileSync(`/proc/${pid}/comm`, 'latin1');
      return { name, mb: proportionalMb(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')) };
    } catch {
      return { name: '', mb: 0 }; // It has ended meanwhile.
    }
  });
  const sum = (list) => list.reduce((all, { mb }) => all + mb, 0);
  return { all: sum(members), part: sum(members.filter(({ name }) => name.includes(only))) };
}
