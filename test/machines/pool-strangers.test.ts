import { expect, test } from 'vitest';
import { workerId } from '../../src/machines/identifiers.ts';
import type { PoolEvent } from '../../src/machines/pool-events.ts';
import { unseen } from '../../src/machines/sighting.ts';
import { makeTicket, taskIdOf } from '../support/pool-samples.ts';
import { setupPool } from '../support/setup-pool.ts';

/** A word may be on its way while whoever says it leaves: the pool survives it, and nobody comes to be by it. */

const nobody = workerId('nobody');
const endpoint = 'http://nowhere:11434';

test.each<[string, PoolEvent, readonly object[]]>([
  [
    'that it lives',
    { type: 'worker.noticed', workerId: nobody, liveness: 'alive', detail: '' },
    [{ type: 'worker.changed', workerId: nobody, from: 'probing', to: 'alive', detail: '' }],
  ],
  [
    'that it takes no work',
    { type: 'worker.admitted', workerId: nobody, admission: 'drained', detail: '' },
    [{ type: 'worker.readmitted', workerId: nobody, from: 'active', to: 'drained', detail: '' }],
  ],
  ['what it saw of its server', { type: 'worker.sighted', workerId: nobody, sighting: unseen }, []],
  [
    'that a server is left alone',
    {
      type: 'endpoint.noticed',
      endpoint,
      breaker: 'open',
      detail: 'a failure',
      openMs: 1_000,
      failuresByCode: { 'backend.error': 1 },
    },
    [
      {
        type: 'endpoint.changed',
        endpoint,
        from: 'closed',
        to: 'open',
        detail: 'a failure',
        failures: { 'backend.error': 1 },
      },
    ],
  ],
  ['that a task may be handed out', { type: 'task.ready', taskId: taskIdOf(77), fallbackModel: null }, []],
])('the word of somebody unknown, %s, is told from where all begin, and changes nothing', (_what, word, facts) => {
  const bench = setupPool();
  bench.pool.send(word);
  expect(bench.facts).toEqual(facts);
  expect([...bench.roster.all()].map(({ workerId: id }) => id)).toEqual(['local_001']);
  expect([...bench.roster.endpoints()].map(({ name }) => name)).toEqual(['http://local_001:11434']);
  expect([bench.board.liveCount, bench.board.ready.size]).toEqual([0, 0]);
  bench.admit(makeTicket(1));
  bench.turn();
  expect(bench.storyOf(1)).toEqual(['assigned']);
});
