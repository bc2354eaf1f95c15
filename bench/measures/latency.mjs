import { quantile } from '../report/statistics.mjs';
import { withSubject } from '../subject/subject.mjs';

const task = { type: 'general', priority: 5 };

/**
 * One task at a time on an idle system: ms until its execution begins, and until its completion is told.
 *
 * @param {string} name of the system
 * @param {{ warmUp: number, samples: number, gapMs: number }} plan
 * @param {readonly string[]} nodeOptions
 */
export function measureLatency(name, { warmUp, samples, gapMs }, nodeOptions) {
  return withSubject({ name, nodeOptions }, async (engine) => {
    await engine.call('latency', { samples: warmUp, gapMs: 0, task });
    const { startMs, doneMs } = await engine.call('latency', { samples, gapMs, task });
    return {
      startP50Ms: quantile(startMs, 0.5),
      startP99Ms: quantile(startMs, 0.99),
      doneP50Ms: quantile(doneMs, 0.5),
    };
  });
}
