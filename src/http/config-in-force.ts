import type { Config } from '../config/settings.ts';
import type { Runtime } from '../runtime.ts';

/** What is made of the configuration: once, and anew when a reload has replaced it. */
export function madeOfConfig<T>(runtime: Pick<Runtime, 'config'>, make: (config: Config) => T): () => T {
  let last: { readonly config: Config; readonly made: T } | undefined;
  return () => {
    const { config } = runtime;
    if (last?.config !== config) last = { config, made: make(config) };
    return last.made;
  };
}
