import { setTimeout as pause } from 'node:timers/promises';
import { load } from '../load/load.mjs';
import { withSubject } from '../subject/subject.mjs';

/**
 * Sync calls over loopback, on connections that are kept alive; and the memory of the server before and after.
 *
 * @param {string} name of the system
 * @param {{ connections: number, warmUpMs: number, measureMs: number }} plan
 * @param {readonly string[]} nodeOptions
 */
export function measureHttp(name, plan, nodeOptions) {
  return withSubject({ name, nodeOptions }, async (server) => {
    const url = await server.call('serve');
    await pause(500);
    const idle = await server.call('usage');
    const usages = [];
    const { perSecond, tasks, p50Ms, p99Ms } = await load({ url, ...plan }, () => {
      usages.push(server.call('usage'));
    });
    const [begin, end] = await Promise.all(usages);
    return {
      perSecond,
      p50Ms,
      p99Ms,
      cpuMicros: (end.cpuMicros - begin.cpuMicros) / tasks,
      idleRssMb: idle.rssMb,
      loadedRssMb: end.rssMb,
    };
  });
}
