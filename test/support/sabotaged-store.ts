import type { Store } from '../../src/db/store.ts';
import type { Sabotage } from '../../src/simulation/virtual-site.ts';

/** A store that does some things in a way of its own. */
export function wrap(real: Store, own: Partial<Store>): Store {
  return new Proxy(real, {
    get: (target, name) => {
      const value: unknown = Reflect.get(own, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** A recovery that takes nothing over: what workers had when the process died is left as it is. */
export const forgetful: Sabotage = {
  store: (real) => wrap(real, { recovery: () => ({ ...real.recovery(), held: [] }) }),
};
