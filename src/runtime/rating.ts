import type { Clock } from '../actors/clock.ts';
import type { CurrentConfig } from './current-config.ts';

/**
 * Has the performance factors corrected by what was measured, each `performance.adjustment_interval`. A reload may change
 * that, or switch it off; it is looked at when the interval is over.
 *
 * @returns ends it
 */
export function rateRegularly(clock: Clock, config: CurrentConfig, rate: () => void): () => void {
  let timer: unknown;
  const wait = () => {
    timer = clock.setTimeout(() => {
      if (config.now.performance.autoAdjust) rate();
      wait();
    }, config.now.performance.adjustmentIntervalMs);
  };
  wait();
  return () => clock.clearTimeout(timer);
}
