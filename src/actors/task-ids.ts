import type { TaskId } from '../machines/identifiers.ts';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** 13 of 36 letters are 67 bits: whoever knows an id may read the task, so nobody shall guess one. */
const suffixLength = 13;

/**
 * Makes ids of the shape `task_<YYYYMMDD>_<HHMMSS>_<µs>_<suffix>` in UTC. The time part only grows within a process,
 * also when the wall clock jumps back, so that ids sort as they were given out.
 */
export function taskIdSource(clock: Clock, random: Random): () => TaskId {
  let lastMicros = 0;
  let prefix = { second: Number.NaN, text: '' };
  return () => {
    lastMicros = Math.max(lastMicros + 1, clock.now() * 1_000);
    const second = Math.floor(lastMicros / 1_000_000);
    if (second !== prefix.second) prefix = { second, text: prefixOf(second) };
    const micros = String(lastMicros % 1_000_000).padStart(6, '0');
    return `${prefix.text}${micros}_${random.suffix(suffixLength)}` as TaskId;
  };
}

function prefixOf(second: number): string {
  const iso = new Date(second * 1_000).toISOString();
  const day = iso.slice(0, 10).replaceAll('-', '');
  const time = iso.slice(11, 19).replaceAll(':', '');
  return `task_${day}_${time}_`;
}
