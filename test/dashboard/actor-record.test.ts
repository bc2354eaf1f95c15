import { expect, test } from 'vitest';
import type { Moment } from '../../src/http/dashboard/actor-history.ts';
import { englishMessages, japaneseMessages } from '../../src/http/dashboard/actor-message-words.ts';
import { messagesOf } from '../../src/http/dashboard/actor-messages.ts';
import { joined, type KnownRecord, momentsOf, recordedKind } from '../../src/http/dashboard/actor-record.ts';
import type { RecordedFact, RecordedKind } from '../../src/http/dashboard/actor-told.ts';

const at = '2026-11-23T01:00:00.000Z';
const fact = (seq: number, type: string, from: string | null, to: string | null, data: object = {}) =>
  ({ seq, type, task_id: null, at, from, to, data: { ...data } }) satisfies RecordedFact;
const changed = (seq: number, from: string, to: string, detail = '') =>
  fact(seq, 'worker.changed', from, to, { worker_id: 'w', detail });
const readmitted = (seq: number, from: string, to: string, detail = 'asked for by ann') =>
  fact(seq, 'worker.readmitted', from, to, { worker_id: 'w', detail });
const started = (seq: number) => fact(seq, 'pool.started', 'starting', 'running', { waiting: 3 });
const stopped = (seq: number) => fact(seq, 'pool.stopped', 'draining', 'stopped');
const opened = fact(4, 'endpoint.changed', 'closed', 'open', { endpoint: 'e', failures: { x: 5 } });

const tell = (kind: RecordedKind, facts: readonly RecordedFact[], known: Partial<KnownRecord> = {}) =>
  momentsOf(kind, { facts, seen: [], now: [], isWhole: true, ...known });
const stands = (moments: readonly Moment[]) => moments.map(({ states, untold }) => [states, untold]);

test('a worker is followed over a restart: while the pool is down it has no actor, and then it is probed again', () => {
  const facts = [started(1), changed(2, 'probing', 'alive'), stopped(3), started(4)];
  const alive = ['liveness.watched.alive', 'admission.active'];
  expect(stands(tell('worker', [...facts, changed(5, 'probing', 'alive')], { now: alive }))).toEqual([
    [[], ['liveness', 'admission']],
    [['liveness.watched.alive'], ['admission']],
    [[], []],
    [['liveness.watched.probing', 'admission.active'], []],
    [alive, []],
  ]);
});

test('what the record did not say yet is told by what it says next, within the same life', () => {
  const facts = [changed(2, 'probing', 'alive'), readmitted(3, 'active', 'draining')];
  expect(stands(tell('worker', facts))).toEqual([
    [['liveness.watched.alive', 'admission.active'], []],
    [['liveness.watched.alive', 'admission.draining'], []],
  ]);
  expect(stands(tell('worker', [changed(1, 'probing', 'alive'), stopped(2), ...facts]))[0]).toEqual([
    ['liveness.watched.alive'],
    ['admission'],
  ]);
});

test('a worker that left, or is in quarantine, has no actor; what became of one that crashed is not told', () => {
  const crash = changed(3, 'alive', 'lost', 'its actor crashed; the server log has the stack');
  const told = tell('worker', [
    changed(2, 'probing', 'alive'),
    crash,
    readmitted(4, 'active', 'quarantined'),
  ]);
  expect(stands(told).slice(1)).toEqual([
    [[], ['liveness', 'admission']],
    [[], []],
  ]);
  expect(
    stands(tell('worker', [changed(2, 'probing', 'alive'), fact(3, 'worker.retired', null, null)]))[1],
  ).toEqual([[], []]);
});

test('a moment says by which event it came, as far as a fact tells it', () => {
  const facts = [changed(2, 'probing', 'alive'), changed(3, 'alive', 'suspect', 'no answer'), stopped(4)];
  expect(tell('worker', facts).map(({ step }) => step)).toEqual([
    null,
    { event: 'heartbeat.missed', from: ['liveness.watched.alive'] },
    null,
  ]);
});

test('of a breaker that is open nobody wrote down whether it rests or was sent away', () => {
  const half = { ...opened, seq: 5, from: 'open', to: 'halfOpen' };
  const told = tell('endpoint', [started(1), opened, half]);
  expect(stands(told)).toEqual([
    [['closed'], []],
    [['open'], ['open']],
    [['halfOpen.ready'], []],
  ]);
  expect(told[1]?.context).toMatchObject({ failuresByCode: { x: 5 } });
});

test('whether a pool was paused when it started is known where the record goes back far enough', () => {
  const facts = [started(7)];
  expect(stands(tell('pool', facts))).toEqual([[['running.accepting'], []]]);
  expect(stands(tell('pool', facts, { isWhole: false }))).toEqual([[['running'], ['running']]]);
  const resumed = fact(8, 'pool.resumed', 'paused', 'running');
  expect(stands(tell('pool', [...facts, resumed], { isWhole: false }))[0]).toEqual([['running.paused'], []]);
});

test('what was seen live stands in its place, and is the same object each time', () => {
  const seen: Moment = {
    ...{
      seq: null,
      place: 2.5,
      at,
      name: 'heartbeat.received',
      detail: {},
      step: null,
      context: { misses: 0 },
    },
    states: ['liveness.watched.alive', 'admission.standby'],
  };
  const facts = [changed(2, 'probing', 'alive'), fact(3, 'worker.rated', '1', '1.5', { worker_id: 'w' })];
  const told = tell('worker', facts, { seen: [seen] });
  expect(told[1]).toBe(seen);
  expect(told.map(({ place }) => place)).toEqual([2, 2.5, 3]);
  expect(told[2]).toMatchObject({ states: seen.states, context: { performanceFactor: 1.5 } });
});

test('facts that come twice are told once, in their order', () => {
  expect(joined([started(4)], [started(1), started(4)], [started(2)]).map(({ seq }) => seq)).toEqual([
    1, 2, 4,
  ]);
  expect(['pool', 'worker:w', 'endpoint:http://h:1', 'execution:3', 'task_1'].map(recordedKind)).toEqual([
    'pool',
    'worker',
    'endpoint',
    null,
    null,
  ]);
});

test('the messages of workers, servers and the pool go between those who speak, in both languages', () => {
  const own = [changed(1, 'probing', 'alive'), readmitted(2, 'active', 'standby')];
  const load = readmitted(3, 'standby', 'active', '90 % of the slots are busy');
  const task = {
    ...fact(6, 'task.assigned', 'queued', 'assigned', { assignment_id: 9, model: 'm' }),
    task_id: 't',
  };
  const worker = tell('worker', [...own, load, opened, task]);
  const said = (moments: readonly Moment[], words = englishMessages) =>
    messagesOf(moments, words).map(({ from, to, text }) => `${from} → ${to}: ${text}`);
  expect(said(worker)).toEqual([
    'backend → worker: answers the beat',
    'worker → pool: worker.noticed → alive',
    'client → pool: order: standby',
    'pool → worker: order: standby',
    'worker → pool: worker.admitted → standby',
    'pool → worker: by the load: active',
    'worker → pool: worker.admitted → active',
    'backend → pool: endpoint.noticed → open',
    'pool → task: task.assign #9',
    'task → pool: task.assigned',
    'pool → worker: worker.run #9',
    'worker → backend: generate m',
  ]);
  const pool = tell('pool', [started(1), fact(2, 'pool.paused', 'running', 'paused'), stopped(3)]);
  expect(said(pool)).toEqual([
    'pool → client: open, 3 wait',
    'client → pool: pause',
    'pool → client: stopped',
  ]);
  const sent = fact(4, 'actor.signalled', null, null, { machine: 'worker', signal: 'worker.probe' });
  expect(said(tell('worker', [sent]))).toEqual(['client → worker: worker.probe']);
  expect(said(pool, japaneseMessages)[1]).toBe('client → pool: 一時停止');
});
