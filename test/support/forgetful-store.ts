import type { Store } from '../../src/db/store.ts';
import type { Sabotage } from '../../src/simulation/virtual-site.ts';

/** A recovery that takes nothing over: what workers had when the process died is left as it is. */
export const forgetful: Sabotage = {
  store: (real: Store) =>
    new Proxy(real, {
      get: (target, name) => {
        if (name === 'recovery') return () => ({ ...target.recovery(), held: [] });
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }),
};
