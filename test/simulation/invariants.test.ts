import { expect, test } from 'vitest';
import type { Fact } from '../../src/machines/facts.ts';
import { assignmentId, workerId } from '../../src/machines/identifiers.ts';
import { invariants } from '../../src/simulation/invariants.ts';
import { linkHistories } from '../support/link-histories.ts';
import { serviceHistories } from '../support/service-histories.ts';
import { simulatedConfig } from '../support/simulated-config.ts';
import { storageHistories } from '../support/storage-histories.ts';
import {
  accepted,
  acknowledged,
  assigned,
  began,
  completed,
  judged,
  local,
  numbered,
  readAs,
  remote,
  retried,
  runBegan,
  runEnded,
  startMs,
  type Told,
  task,
  told,
  wellDone,
} from '../support/told-histories.ts';

const cancelled = (n: number): Fact => ({
  type: 'task.cancelled',
  taskId: task(n),
  from: 'queued',
  assignmentId: null,
  workerId: null,
});
const changed = (to: 'alive' | 'lost'): Fact => ({
  type: 'worker.changed',
  workerId: local,
  from: 'alive',
  to,
  detail: '',
});
const readmitted = (detail: string): Fact => ({
  type: 'worker.readmitted',
  workerId: local,
  from: 'active',
  to: 'draining',
  detail,
});
const looked = (leases: number, absent: readonly ReturnType<typeof workerId>[] = []): Told => ({
  type: 'looked',
  leases,
  stored: Array.from({ length: leases }, (_, at) => assignmentId(at + 1)),
  absent,
});
const watched = (seq: number): Told => ({ type: 'watch.told', watcher: 1, taskId: task(1), seq });
const watchEnded: Told = { type: 'watch.ended', watcher: 1, taskId: task(1) };
const stopping: Told = { type: 'process.stopping', process: 1 };
const stopped = (leftTimers = 0): Told => ({ type: 'process.stopped', process: 1, leftTimers, leftRuns: 0 });
const waiting = (count: number) => Array.from({ length: count }, (_, at) => accepted(at + 1));

/** For each invariant a history that breaks it, and one that is close to that and does not. */
const histories: Readonly<Record<string, { broken: readonly Told[]; kept: readonly Told[] }>> = {
  ...storageHistories,
  ...linkHistories,
  ...serviceHistories,
  grammar: { broken: [assigned(1, 1)], kept: [accepted(1), assigned(1, 1)] },
  'one outcome': { broken: [...wellDone(1, 1), cancelled(1)], kept: wellDone(1, 1) },
  'one live assignment': {
    broken: [accepted(1), assigned(1, 1), assigned(1, 2)],
    kept: [accepted(1), assigned(1, 1), retried(1, 1, 1, 3_000), { passMs: 3_000 }, assigned(1, 2)],
  },
  'assignments only grow': {
    broken: [...wellDone(1, 2), accepted(2), began(2), assigned(2, 1)],
    kept: [...wellDone(1, 1), accepted(2), began(2), assigned(2, 2)],
  },
  fencing: { broken: [accepted(1), assigned(1, 2), completed(1, 1)], kept: wellDone(1, 2) },
  'retries are bounded': {
    broken: [accepted(1), assigned(1, 1), retried(1, 1, 99, 300_000)],
    kept: [accepted(1), assigned(1, 1), retried(1, 1, 1, 3_000)],
  },
  'backoff is on its curve': {
    broken: [accepted(1), assigned(1, 1), retried(1, 1, 1, 2_000)],
    kept: [accepted(1), assigned(1, 1), retried(1, 1, 1, 2_500)],
  },
  'nothing early': {
    broken: [accepted(1, { runAtMs: startMs + 60_000 }), { passMs: 59_000 }, assigned(1, 1)],
    kept: [accepted(1, { runAtMs: startMs + 60_000 }), { passMs: 60_000 }, assigned(1, 1)],
  },
  'success is real': {
    broken: [accepted(1), assigned(1, 1), runBegan(1, 1), runEnded(1, 1, null), completed(1, 1)],
    kept: wellDone(1, 1),
  },
  'a result of its own': {
    broken: [
      accepted(1),
      assigned(1, 1),
      runBegan(1, 1),
      runEnded(1, 1, 'answer 1 to t2'),
      completed(1, 1, 'answer 1 to t2'),
    ],
    kept: wellDone(1, 1),
  },
  'one sequence': {
    broken: [numbered(accepted(1), 1), numbered(accepted(2), 3)],
    kept: [numbered(accepted(1), 1), numbered(accepted(2), 2)],
  },
  'everything ends': {
    broken: [accepted(1), { type: 'calm', boundMs: 10, tasks: 0 }, { type: 'world.ended' }],
    kept: [...wellDone(1, 1), { type: 'calm', boundMs: 10, tasks: 0 }, { type: 'world.ended' }],
  },
  'capacity of a worker': {
    broken: [...waiting(3), assigned(1, 1), assigned(2, 2), assigned(3, 3)],
    kept: [...waiting(2), assigned(1, 1), assigned(2, 2)],
  },
  'capacity of the pool': {
    broken: [...waiting(40), ...Array.from({ length: 40 }, (_, at) => assigned(at + 1, at + 1))],
    kept: [...waiting(1), assigned(1, 1)],
  },
  'the rule is obeyed': {
    broken: [accepted(1, { priority: 9 }), assigned(1, 1, remote)],
    kept: [accepted(1, { priority: 6 }), assigned(1, 1, remote)],
  },
  'no work for the absent': {
    broken: [accepted(1), changed('lost'), assigned(1, 1)],
    kept: [accepted(1), changed('lost'), changed('alive'), assigned(1, 1)],
  },
  'nothing while paused': {
    broken: [accepted(1), { type: 'pool.paused' }, assigned(1, 1)],
    kept: [accepted(1), { type: 'pool.paused' }, { type: 'pool.resumed' }, assigned(1, 1)],
  },
  'who waits longer goes first': {
    broken: [accepted(1), { passMs: 5_000 }, accepted(2), assigned(2, 1)],
    kept: [accepted(1), { passMs: 5_000 }, accepted(2), assigned(1, 1), assigned(2, 2)],
  },
  'lost only when silent': {
    broken: [{ type: 'beat', workerId: local }, { passMs: 89_000 }, changed('lost')],
    kept: [{ type: 'beat', workerId: local }, { passMs: 90_000 }, changed('lost')],
  },
  'runs end with their lease': {
    broken: [
      accepted(1),
      assigned(1, 1),
      runBegan(1, 1),
      retried(1, 1, 1, 3_000),
      { passMs: 1_500 },
      runEnded(1, 1, null),
    ],
    kept: [
      accepted(1),
      assigned(1, 1),
      runBegan(1, 1),
      retried(1, 1, 1, 3_000),
      { passMs: 900 },
      runEnded(1, 1, null),
    ],
  },
  'nobody is home unasked': {
    broken: [readmitted('it has left the configuration'), looked(0, [local])],
    kept: [readmitted('asked for by somebody'), looked(0, [local])],
  },
  'books balance': { broken: [accepted(1), looked(1)], kept: [accepted(1), assigned(1, 1), looked(1)] },
  'acknowledged is durable': { broken: [acknowledged(1)], kept: [accepted(1), acknowledged(1)] },
  'asked for is what is kept': {
    broken: [
      accepted(1),
      { ...acknowledged(1), wanted: [{ prompt: 'other', taskType: 'general', priority: 1 }] } as Told,
    ],
    kept: [accepted(1), acknowledged(1)],
  },
  'a key stands for one request': {
    broken: [...waiting(2), acknowledged(1, 'k'), acknowledged(2, 'k')],
    kept: [...waiting(2), acknowledged(1, 'k'), acknowledged(1, 'k')],
  },
  'an ending stands': {
    broken: [...wellDone(1, 1), readAs(1, 'completed', 'a'), readAs(1, 'completed', 'b')],
    kept: [...wellDone(1, 1), readAs(1, 'completed', 'a'), readAs(1, 'completed', 'a')],
  },
  'rows and facts agree': {
    broken: [accepted(1), readAs(1, 'in_progress')],
    kept: [accepted(1), readAs(1, 'pending')],
  },
  'a cancel is whole': {
    broken: [accepted(1), { type: 'client.cancelled', taskId: task(1) }],
    kept: [accepted(1), cancelled(1), { type: 'client.cancelled', taskId: task(1) }],
  },
  'nothing before its commit': {
    broken: [accepted(1), runBegan(1, 1)],
    kept: [accepted(1), assigned(1, 1), runBegan(1, 1)],
  },
  'the stream has no gaps': {
    broken: [began(), told(accepted(1), 1), told(accepted(2), 3)],
    kept: [began()],
  },
  'followers miss nothing': {
    broken: [accepted(1), cancelled(1), watched(2), watchEnded],
    kept: [accepted(1), cancelled(1), watched(1), watched(2), watchEnded],
  },
  'nothing is left': { broken: [stopping, stopped(1)], kept: [stopping, stopped()] },
  'a drain ends': {
    broken: [stopping, { passMs: 36_000 }, stopped()],
    kept: [stopping, { passMs: 30_000 }, stopped()],
  },
  'no alarm': {
    broken: [{ type: 'process.alarmed', process: 1, message: 'the pool crashed' }],
    kept: [{ type: 'process.died', process: 1, cause: 'kill -9' }],
  },
  'refusals have a reason': {
    broken: [{ type: 'client.refused', code: 'unexpected: TypeError' }],
    kept: [{ type: 'client.refused', code: 'pool.full' }],
  },
  'recovery takes back every lease': {
    broken: [...waiting(2), assigned(1, 1), began(2), assigned(2, 2)],
    kept: [...waiting(2), assigned(1, 1), began(2), retried(1, 1, 0, 0), assigned(2, 2)],
  },
};

test.each(Object.entries(histories))('%s: is broken by one history, and kept by its neighbour', (name, {
  broken,
  kept,
}) => {
  expect(judged(broken)).toContain(name);
  expect(judged(kept)).toEqual([]);
});

test('capacity of a host: is broken where its workers together run more than it may', () => {
  const hosts = [{ host: 'localhost', slotsMax: 1, memoryBytes: null }];
  const config = simulatedConfig((shipped) => ({ ...shipped, hosts }));
  const history = [...waiting(2), assigned(1, 1), assigned(2, 2, workerId('local_002'))];
  expect(judged(history, config)).toEqual(['capacity of a host']);
  expect(judged(history)).toEqual([]);
});

test('every invariant has a sentence of its own, and a history that breaks it', () => {
  const names = invariants.map(({ name }) => name);
  expect(names.filter((name) => histories[name] === undefined)).toEqual(['capacity of a host']);
  expect(new Set(names).size).toBe(names.length);
  for (const { doc } of invariants) expect(doc).toMatch(/^[A-Z].{20,}\.$/);
});
