/** What the files below /proc say, as text to values. Times are in ticks of the kernel, of which a second has 100. */

export const ticksPerSecond = 100;

/**
 * @typedef {object} ProcessStat
 * @property {number} pid
 * @property {number} parent
 * @property {number} ticks of its own and of its children that have ended and were waited for
 */

/**
 * `/proc/PID/stat`. The name of the program is in parentheses and may hold anything, parentheses too.
 *
 * @param {string} text
 * @returns {ProcessStat}
 */
export function processStat(text) {
  const nameEnd = text.lastIndexOf(')');
  const pid = Number.parseInt(text, 10);
  const [, parent, ...rest] = text.slice(nameEnd + 2).split(' ');
  // utime, stime, cutime and cstime are the fields 14 to 17; `rest` begins with field 5.
  const ticks = rest.slice(9, 13).reduce((sum, field) => sum + Number(field), 0);
  return { pid, parent: Number(parent), ticks };
}

/**
 * The first line of `/proc/stat`: ticks of work, of all cores. Interrupts are left out, since the kernel charges them to no
 * process; what a neighbour outside of this machine took (steal) counts.
 *
 * @param {string} text
 */
export function busyTicks(text) {
  const [, user, nice, system, , , , , steal] = (text.split('\n', 1)[0] ?? '').split(/ +/);
  return [user, nice, system, steal].reduce((sum, field) => sum + Number(field ?? 0), 0);
}

/**
 * A process and all that descend from it.
 *
 * @param {readonly ProcessStat[]} stats
 * @param {number} root
 * @returns {readonly ProcessStat[]}
 */
export function familyOf(stats, root) {
  const children = grouped(stats);
  const family = stats.filter(({ pid }) => pid === root);
  for (const { pid } of family) family.push(...(children.get(pid) ?? []));
  return family;
}

function grouped(stats) {
  const groups = new Map();
  for (const stat of stats) {
    const group = groups.get(stat.parent);
    if (group === undefined) groups.set(stat.parent, [stat]);
    else group.push(stat);
  }
  return groups;
}

/**
 * `/proc/PID/smaps_rollup`: what is resident, in MB, with pages that several processes share counted in parts; so the sum
 * over a family counts each once.
 *
 * @param {string} text
 */
export function proportionalMb(text) {
  return Number(/^Pss: +(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) / 1_024;
}
