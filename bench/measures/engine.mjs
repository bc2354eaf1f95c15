import { withSubject } from '../subject/subject.mjs';

/**
 * Tasks per second without HTTP, 100 slots: end to end, and the work alone.
 *
 * @param {string} name of the system
 * @param {{ warmUp: number, tasks: number }} sizes
 * @param {readonly string[]} nodeOptions
 */
export function measureEngine(name, sizes, nodeOptions) {
  return withSubject({ name, nodeOptions }, async (engine) => {
    const { endToEnd, drain } = await engine.call('throughput', sizes);
    return {
      endToEndPerSecond: endToEnd.perSecond,
      endToEndCpuMicros: endToEnd.cpuMicros,
      drainPerSecond: drain.perSecond,
      drainCpuMicros: drain.cpuMicros,
    };
  });
}
