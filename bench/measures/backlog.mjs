import { quantile } from '../report/statistics.mjs';
import { withSubject } from '../subject/subject.mjs';

/** One worker whose four executions never end, and one with a free slot for the other kind. */
const slots = { code_generation: 4, general: 1 };
const waiting = { type: 'code_generation', priority: 5 };
const next = { type: 'general', priority: 10 };

/**
 * Memory, and the start of the next task of another kind, without and with so many tasks that wait.
 *
 * @param {string} name of the system
 * @param {{ tasks: number, warmUp: number, samples: number, gapMs: number }} plan
 */
export function measureBacklog(name, { tasks, warmUp, samples, gapMs }) {
  const options = { name, slots, hang: waiting.type, nodeOptions: ['--expose-gc'] };
  return withSubject(options, async (engine) => {
    const startP50Ms = async () => {
      const { startMs } = await engine.call('latency', { samples, gapMs, task: next });
      return quantile(startMs, 0.5);
    };
    await engine.call('latency', { samples: warmUp, gapMs: 0, task: next });
    const idleStartP50Ms = await startP50Ms();
    const rssBeforeMb = await engine.call('settledRssMb');
    await engine.call('fill', { slots: slots.code_generation, tasks, task: waiting });
    const rssAfterMb = await engine.call('settledRssMb');
    const fullStartP50Ms = await startP50Ms();
    return { rssBeforeMb, rssAfterMb, grownMb: rssAfterMb - rssBeforeMb, idleStartP50Ms, fullStartP50Ms };
  });
}
