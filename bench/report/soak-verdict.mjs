import { median } from './statistics.mjs';

/** The first part of the time is a warm-up: V8 sizes its heap, caches fill, files reach their limits. */
const warmUpShare = 0.25;
/** Of the time after it, the first and the last third are compared. */
const windowShare = 1 / 3;
/** What a count of handles may swing by without being a leak: watchers that come and go. */
const handlesSwing = 20;
/** What a file may be larger by at the end, beside a share of itself: a rotation or a checkpoint that is about to come. */
const fileSwingMb = 8;

/**
 * The median of a field in the first and in the last third after the warm-up.
 *
 * @param {readonly import('../soak/samples.mjs').Sample[]} samples
 * @param {keyof import('../soak/samples.mjs').Sample} field
 */
function drift(samples, field) {
  const warm = samples.slice(Math.floor(samples.length * warmUpShare));
  const size = Math.max(1, Math.floor(warm.length * windowShare));
  const of = (part) => median(part.map((sample) => sample[field]).filter(Number.isFinite));
  const [first, last] = [of(warm.slice(0, size)), of(warm.slice(-size))];
  return { first, last, share: (last - first) / first };
}

/**
 * What a soak showed, as lines of a table: what, first, last, what is wanted, and whether it is so.
 *
 * @param {{ samples: readonly import('../soak/samples.mjs').Sample[], lost: number, leakWarnings: number }} soak
 */
export function verdictsOn({ samples, lost, leakWarnings }) {
  const within = (field, swing, share) => {
    const { first, last } = drift(samples, field);
    return { first, last, isReached: last <= first * (1 + share) + swing };
  };
  const memory = drift(samples, 'rssMb');
  return [
    { what: 'RSS, MB', ...memory, wanted: 'drift ≤ 5 %', isReached: memory.share <= 0.05 },
    { what: 'files and sockets', ...within('handles', handlesSwing, 0.05), wanted: 'flat' },
    { what: 'active resources of Node', ...within('listeners', handlesSwing, 0.05), wanted: 'flat' },
    { what: 'database, MB', ...within('dbMb', fileSwingMb, 0.1), wanted: 'bounded' },
    { what: 'WAL, MB', ...within('walMb', fileSwingMb, 0.1), wanted: 'bounded' },
    { what: 'logs, MB', ...within('logsMb', fileSwingMb, 0.1), wanted: 'bounded' },
    { what: 'done p50, ms', ...within('p50Ms', 2, 0.25), wanted: 'flat' },
    { what: 'done p99, ms', ...within('p99Ms', 20, 0.5), wanted: 'flat' },
    { what: 'open tasks', ...within('open', 100, 0.5), wanted: 'flat' },
    {
      what: 'warnings of leaking listeners',
      first: 0,
      last: leakWarnings,
      wanted: '0',
      isReached: leakWarnings === 0,
    },
    { what: 'lost tasks', first: 0, last: lost, wanted: '0', isReached: lost === 0 },
  ];
}
