import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../src/db/sqlite-store.ts';
import type { Store } from '../../src/db/store.ts';
import { setupRuntime, spec, temporaryFolder } from '../support/running-server.ts';
import { until } from '../support/until.ts';

/** A store with one row that no pool can make sense of. */
function storeWithNonsense(home: string): Store {
  mkdirSync(join(home, 'db'), { recursive: true });
  const real = openStore(join(home, 'db', 'koubou.db'), 'normal', Date.now());
  const nonsense = [{ priority: 99, taskType: 'general', count: 1, firstSeq: 1 }];
  let isTold = false;
  const nextRunAtMs = () => (isTold ? real.nextRunAtMs() : 0);
  const takeDue = () => {
    isTold = true;
    return nonsense;
  };
  return new Proxy(real, {
    get: (target, name) => {
      if (name === 'nextRunAtMs') return nextRunAtMs;
      if (name === 'takeDue') return takeDue;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test('a pool that crashes is told at once to whoever can end the process, and refuses new tasks meanwhile', async () => {
  const home = temporaryFolder();
  const fatal: unknown[] = [];
  const logged: string[] = [];
  const { runtime } = await setupRuntime({
    home,
    store: storeWithNonsense(home),
    logged,
    onFatal: (error) => void fatal.push(error),
  });
  await until(() => expect(fatal).toHaveLength(1));
  expect(String(fatal[0])).toContain('priority 99');
  expect(logged).toContain('the pool crashed');
  expect(runtime.readiness()).toMatchObject({ ready: false, pool: 'crashed' });
  await expect(runtime.delegate([spec()])).rejects.toMatchObject({ code: 'pool.draining' });
});
