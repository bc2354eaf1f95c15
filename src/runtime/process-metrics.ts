import { collectDefaultMetrics, Registry } from 'prom-client';

/**
 * They are of the process, and what measures them cannot be ended: so there is one for all runtimes of a process, and
 * none before the first scrape.
 */
let registry: Registry | undefined;

/** Memory, CPU, garbage collection and the lag of the event loop, in the text format of Prometheus. */
export function processMetrics(): Promise<string> {
  if (registry === undefined) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry, prefix: 'koubou_' });
  }
  return registry.metrics();
}
