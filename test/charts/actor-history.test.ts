import { describe, expect, test } from 'vitest';
import {
  leavesOf,
  type Moment,
  withFact,
  withParents,
  withTransition,
} from '../../src/http/dashboard/actor-history.ts';
import { englishMessages, japaneseMessages } from '../../src/http/dashboard/actor-message-words.ts';
import { messagesOf } from '../../src/http/dashboard/actor-messages.ts';

const at = '2026-11-23T01:00:00.000Z';
const fact = (seq: number, event: string, from: string | null, to: string, data: object = {}) => ({
  seq,
  timestamp: at,
  details: { event, from, to, task_id: 'task_1', ...data },
});
const lease = { assignment_id: 4, worker_id: 'w1' };
const past = [
  fact(3, 'task.accepted', null, 'queued', { priority: 5, task_type: 'general' }),
  fact(5, 'task.assigned', 'queued', 'assigned', { ...lease, model: 'm', lease: 1 }),
  fact(8, 'task.retried', 'running', 'backingOff', {
    ...lease,
    failure: { code: 'backend.failed' },
    delay_ms: 900,
    failures: 1,
    fallbacks: 0,
  }),
  fact(9, 'task.cancelled', 'backingOff', 'cancelled', { assignment_id: null, worker_id: null }),
];
const recorded = past.reduce<readonly Moment[]>(withFact, []);

const transition = (event: string, from: unknown, to: unknown, after_seq: number, context?: object) => ({
  event: { type: event },
  from,
  to,
  at,
  after_seq,
  ...(context === undefined ? {} : { context: { ...context } }),
});

describe('the past of a task, from its record', () => {
  test('is the way that it took through its chart', () => {
    expect(recorded.map(({ states }) => states)).toEqual([
      ['queued'],
      ['leased.assigned'],
      ['backingOff'],
      ['cancelled'],
    ]);
    expect(recorded.map(({ step }) => step)).toEqual([
      null,
      { event: 'task.assign', from: ['queued'] },
      { event: 'task.settle', from: ['leased.running'] },
      { event: 'task.cancel', from: ['backingOff'] },
    ]);
  });

  test('tells its context at each moment', () => {
    expect(recorded[1]?.context).toMatchObject({
      priority: 5,
      leases: 1,
      failures: 0,
      lease: { assignmentId: 4, workerId: 'w1', model: 'm' },
    });
    expect(recorded[2]?.context).toMatchObject({ leases: 1, failures: 1, delayMs: 900, lease: null });
  });

  test('is the same when it is told again, as after a cut', () => {
    expect(past.reduce(withFact, recorded)).toEqual(recorded);
  });

  test('keeps what was seen live in its place among what is on record', () => {
    const moments = [
      ...[transition('task.assign', 'queued', { leased: 'assigned' }, 4, { delayMs: 1 })],
      ...[transition('task.start', { leased: 'assigned' }, { leased: 'running' }, 5)],
    ].reduce<readonly Moment[]>(withTransition, recorded.slice(0, 1));
    const all = past.slice(1, 3).reduce(withFact, moments);
    expect(all.map(({ seq, name }) => seq ?? name)).toEqual([3, 'task.assign', 5, 'task.start', 8]);
    expect(all[3]?.states).toEqual(['leased.running']);
    expect(all[3]?.step).toEqual({ event: 'task.start', from: ['leased.assigned'] });
    expect(all[3]?.context).toMatchObject({ delayMs: 1 });
  });

  test('several transitions before the next fact stay in the order in which they came', () => {
    const names = ['a', 'b', 'c'];
    const all = names.reduce<readonly Moment[]>(
      (moments, name) => withTransition(moments, transition(name, 'x', 'y', 3)),
      recorded.slice(0, 1),
    );
    expect(all.map(({ name }) => name)).toEqual(['task.accepted', 'a', 'b', 'c']);
  });

  test('is bounded: of an actor that never ends the newest moments are kept', () => {
    let moments: readonly Moment[] = [];
    for (let index = 0; index < 1_005; index += 1) {
      moments = withTransition(moments, transition(`t${index}`, 'x', 'x', 0));
    }
    expect([moments.length, moments[0]?.name, moments.at(-1)?.name]).toEqual([1_000, 't5', 't1004']);
  });
});

describe('the messages behind the record', () => {
  test('go between those who speak, in the order of what happened', () => {
    const told = messagesOf(recorded, englishMessages).map(
      ({ from, to, text }) => `${from} → ${to}: ${text}`,
    );
    expect(told).toEqual([
      'client → pool: delegate general',
      'pool → task: → queued',
      'pool → client: accepted',
      'pool → task: task.assign #4',
      'task → pool: task.assigned',
      'pool → worker: worker.run #4',
      'worker → backend: generate m',
      'backend → worker: backend.failed',
      'worker → pool: worker.settled #4',
      'pool → task: task.settle → backingOff',
      'client → pool: cancel',
      'pool → task: task.cancel',
    ]);
  });

  test('are not told twice of what was seen live as well', () => {
    const more = withTransition(recorded, transition('task.cancel', 'backingOff', 'cancelled', 8));
    const count = (moments: readonly Moment[]) => messagesOf(moments, englishMessages).length;
    expect(count(more)).toBe(count(recorded));
  });

  test('are in the language of the reader, with the same arrows', () => {
    const [english, japanese] = [englishMessages, japaneseMessages].map((words) =>
      messagesOf(recorded, words),
    );
    expect(japanese?.map(({ from, to }) => [from, to])).toEqual(english?.map(({ from, to }) => [from, to]));
    expect(japanese?.map(({ text }) => text)).toContain('受付済み');
  });
});

test('the innermost states of a value, and all that they are in', () => {
  expect(leavesOf('queued')).toEqual(['queued']);
  expect(leavesOf({ leased: 'running' })).toEqual(['leased.running']);
  expect(leavesOf({ liveness: { watched: 'alive' }, admission: 'active' })).toEqual([
    'liveness.watched.alive',
    'admission.active',
  ]);
  expect([...withParents(['a.b.c', 'd'])]).toEqual(['', 'a', 'a.b', 'a.b.c', 'd']);
  expect([...withParents([])]).toEqual([]);
});
