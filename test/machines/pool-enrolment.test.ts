import { describe, expect, test } from 'vitest';
import { workerId } from '../../src/machines/identifiers.ts';
import { retry } from '../../src/machines/outcome.ts';
import type { WorkerSpec } from '../../src/machines/worker-spec.ts';
import { makeSpec, makeTicket, success } from '../support/pool-samples.ts';
import { breakerPolicy } from '../support/setup-endpoint.ts';
import { type PoolBench, setupPool } from '../support/setup-pool.ts';

const a = makeSpec('a');
const joined = makeSpec('j', { joined: true });

function admit(bench: PoolBench, ...seqs: readonly number[]): void {
  bench.admit(...seqs.map((seq) => makeTicket(seq)));
  bench.turn();
}

function enrol(bench: PoolBench, spec: WorkerSpec): void {
  bench.pool.send({ type: 'pool.enrol', spec, admission: 'active', detail: 'it joined from box' });
  bench.beat(spec.workerId);
}

describe('a worker that joins by itself', () => {
  test('takes work, and is not taken away by a reload', () => {
    const bench = setupPool({ workers: [a] });
    enrol(bench, joined);
    bench.reconfigure([a]);
    bench.turn();
    admit(bench, 1, 2);
    expect(bench.holderOf(2)).toBe('j');
    expect(bench.factsOfType('worker.enrolled')).toEqual([
      { type: 'worker.enrolled', workerId: 'j', detail: 'it joined from box' },
    ]);
  });

  test('brings its server along, which is left alone when it fails again and again', () => {
    const bench = setupPool({ workers: [] });
    enrol(bench, joined);
    for (let seq = 1; seq <= breakerPolicy.failuresMax; seq += 1) {
      bench.admit(makeTicket(seq, { retriesMax: 0 }));
      bench.turn();
      bench.settle(seq, retry('backend.error', 'the server answered 500'));
    }
    expect(bench.breakersOf(joined.endpoint)).toEqual(['open']);
    admit(bench, 99);
    expect(bench.storyOf(99)).toEqual([]);
  });

  test('says something new of itself without being entered twice', () => {
    const bench = setupPool({ workers: [] });
    enrol(bench, joined);
    enrol(bench, { ...joined, slots: 2 });
    admit(bench, 1, 2);
    expect([bench.holderOf(1), bench.holderOf(2)]).toEqual(['j', 'j']);
    expect(bench.factsOfType('worker.enrolled')).toHaveLength(1);
  });

  test('and says goodbye ends what it runs, and is gone', () => {
    const bench = setupPool({ workers: [] });
    enrol(bench, joined);
    admit(bench, 1, 2);
    bench.pool.send({ type: 'pool.retire', workerId: workerId('j'), detail: 'it said goodbye' });
    bench.pool.send({ type: 'pool.retire', workerId: workerId('j'), detail: 'it said goodbye' });
    bench.settle(1, success);
    expect([bench.storyOf(1), bench.storyOf(2)]).toEqual([['assigned', 'completed'], []]);
    expect(bench.factsOfType('worker.retired')).toMatchObject([{ workerId: 'j', detail: 'it said goodbye' }]);
    bench.pool.send({ type: 'pool.retire', workerId: workerId('j'), detail: 'it said goodbye' });
    enrol(bench, joined);
    expect(bench.holderOf(2)).toBe('j');
  });

  test('and says goodbye is drained as one that leaves, which is no order of an operator', () => {
    const bench = setupPool({ workers: [] });
    enrol(bench, joined);
    admit(bench, 1);
    bench.pool.send({ type: 'pool.retire', workerId: workerId('j'), detail: 'it said goodbye' });
    bench.settle(1, success);
    expect(bench.factsOfType('worker.readmitted')).toMatchObject([
      { workerId: 'j', from: 'active', to: 'draining', isLeaving: true },
      { workerId: 'j', from: 'draining', to: 'drained', isLeaving: true },
    ]);
  });

  test('and is back before its last task has ended goes on', () => {
    const bench = setupPool({ workers: [] });
    enrol(bench, joined);
    admit(bench, 1, 2);
    bench.pool.send({ type: 'pool.retire', workerId: workerId('j'), detail: 'it said goodbye' });
    bench.turn();
    enrol(bench, joined);
    bench.settle(1, success);
    expect(bench.holderOf(2)).toBe('j');
    expect(bench.factsOfType('worker.retired')).toEqual([]);
  });
});
