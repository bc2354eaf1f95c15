import type { Fact } from '../../src/machines/facts.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import type { Breaker, Liveness } from '../../src/machines/worker-state.ts';
import { accepted, assigned, began, local, remote, retried, type Told, wellDone } from './told-histories.ts';

const breaker = (to: Breaker): Fact => ({
  type: 'endpoint.changed',
  endpoint: 'http://localhost:11434',
  from: 'closed',
  to,
  detail: '',
  failures: {},
});
const changed = (worker: typeof local, to: Liveness): Fact => ({
  type: 'worker.changed',
  workerId: worker,
  from: 'alive',
  to,
  detail: '',
});
const looked: Told = { type: 'looked', leases: 0, stored: [], absent: [] };
const beat = (worker: typeof local): Told => ({ type: 'beat', workerId: worker });
const beats: readonly Told[] = ['local_001', 'local_002', 'remote_001', 'remote_002'].map((name) =>
  beat(workerId(name)),
);
const calm: Told = { type: 'calm', boundMs: 10, tasks: 1 };
const measured = (count: number): Told => ({ type: 'measured', accepted: count, ended: 0, retried: 0 });
/** One task after the other fails at the same server. */
const failing = (count: number): readonly Told[] =>
  Array.from({ length: count }, (_, at) => [
    accepted(at + 1),
    assigned(at + 1, at + 1),
    retried(at + 1, at + 1, 1, 3_000),
  ]).flat();

/** Histories that break what must hold of servers and workers, each with a close neighbour that does not. */
export const serviceHistories: Readonly<Record<string, { broken: readonly Told[]; kept: readonly Told[] }>> =
  {
    'no work for a failing server': {
      broken: [accepted(1), breaker('open'), assigned(1, 1)],
      kept: [accepted(1), breaker('halfOpen'), assigned(1, 1)],
    },
    'a failing server gets a rest': { broken: failing(14), kept: failing(13) },
    'a rest ends': {
      broken: [breaker('open'), { passMs: 700_000 }, ...beats, looked],
      kept: [breaker('open'), { passMs: 500_000 }, ...beats, looked],
    },
    'the silent are found out': {
      broken: [{ passMs: 200_000 }, looked],
      kept: [{ passMs: 200_000 }, ...beats, looked],
    },
    'who is heard lives': {
      broken: [changed(local, 'lost'), { passMs: 2_000 }, beat(local), { passMs: 2_000 }, looked],
      kept: [changed(local, 'lost'), { passMs: 2_000 }, beat(local), changed(local, 'alive'), looked],
    },
    'locals stand in when they must': {
      broken: [accepted(1, { priority: 2 }), changed(remote, 'alive'), assigned(1, 1)],
      kept: [accepted(1, { priority: 2 }), changed(remote, 'suspect'), assigned(1, 1)],
    },
    'everybody is served again': {
      broken: [calm, { type: 'world.ended' }],
      kept: [...wellDone(1, 1), calm, { type: 'world.ended' }],
    },
    'metrics are what was told': { broken: [began(), measured(1)], kept: [began(), measured(0)] },
  };
