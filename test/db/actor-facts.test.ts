import { expect, test } from 'vitest';
import { type Db, openDatabase } from '../../src/db/client.ts';
import { eventStatements, insertEvent } from '../../src/db/events-table.ts';
import { type ListQuery, runListQuery } from '../../src/db/list-queries.ts';
import { registerWorkers } from '../../src/db/workers-table.ts';
import type { Fact } from '../../src/machines/facts.ts';
import { type WorkerId, workerId } from '../../src/machines/identifiers.ts';
import { recordLimits } from '../../src/machines/record-limits.ts';
import { onDisposal } from '../support/disposal.ts';
import { taskIdOf } from '../support/pool-samples.ts';
import { alive, atMs, leaseFacts, local, registration, remote } from '../support/store-samples.ts';

const server = 'http://localhost:11434';
const started: Fact = { type: 'pool.started', recovered: 0, waiting: 0 };
const stopped: Fact = { type: 'pool.stopped' };
const paused: Fact = { type: 'pool.paused' };
const opened: Fact = {
  type: 'endpoint.changed',
  endpoint: server,
  from: 'closed',
  to: 'open',
  detail: '',
  failures: {},
};
const retired = (id: WorkerId): Fact => ({ type: 'worker.retired', workerId: id, detail: '' });
const { assigned, completed } = leaseFacts(1, 1);

/** A database in which these happened, in this order. */
function setup(facts: readonly Fact[]): Db {
  const db = openDatabase(':memory:', 'normal');
  onDisposal(() => db.$client.close());
  registerWorkers(db, [registration(local), registration(remote, { endpointUrl: 'http://far:11434' })], atMs);
  append(db, facts);
  return db;
}

function append(db: Db, facts: readonly Fact[], after = 0): void {
  const statements = eventStatements(db);
  db.$client.transaction(() => {
    for (const [at, fact] of facts.entries()) insertEvent(statements, after + at + 1, fact, atMs);
  })();
}

const page = (db: Db, query: Omit<Extract<ListQuery, { kind: 'actorFacts' }>, 'kind'>) =>
  runListQuery(db, { kind: 'actorFacts', ...query }) as {
    isKnown: boolean;
    facts: readonly { seq: number; type: string }[];
    next: number | null;
  };
const around = (db: Db, query: Omit<Extract<ListQuery, { kind: 'factsAround' }>, 'kind'>) =>
  runListQuery(db, { kind: 'factsAround', ...query }) as {
    isKnown: boolean;
    facts: readonly { seq: number; type: string }[];
    since: number;
    until: number;
  };
const worker = (id: string) => ({ kind: 'worker', workerId: id }) as const;
const endpoint = (name: string) => ({ kind: 'endpoint', endpoint: name }) as const;
const pool = { kind: 'pool' } as const;
const seqsOf = (db: Db, actor: Parameters<typeof page>[1]['actor']) =>
  page(db, { actor, until: null, limit: 100 }).facts.map(({ seq }) => seq);

test('each actor has what happened to it, the newest first, and the lives of the pool as long as it was there', () => {
  const facts = [started, alive(), opened, assigned, completed, paused, stopped, started, alive(remote)];
  const db = setup([...facts, alive(), retired(remote), stopped, started]);
  expect(seqsOf(db, worker(local))).toEqual([13, 12, 10, 8, 7, 2]);
  expect(seqsOf(db, worker(remote)), 'nothing after it had left').toEqual([11, 9]);
  expect(seqsOf(db, endpoint(server))).toEqual([13, 12, 8, 7, 3]);
  expect(seqsOf(db, pool)).toEqual([13, 12, 8, 7, 6, 1]);
  expect(seqsOf(db, { kind: 'task', taskId: taskIdOf(1) })).toEqual([5, 4]);
});

test('pages join without a gap and without a repeat, and the last one says so', () => {
  const db = setup([started, alive(), stopped, started, alive(), assigned, stopped, started, alive()]);
  const seqs: number[] = [];
  let until: number | null = null;
  do {
    const { facts, next } = page(db, { actor: worker(local), until, limit: 2 });
    seqs.push(...facts.map(({ seq }) => seq));
    until = next;
  } while (until !== null);
  expect(seqs).toEqual([9, 8, 7, 5, 4, 3, 2]);
  expect(page(db, { actor: worker(local), until: null, limit: 7 }).next, 'full, and the last').toBeNull();
});

test('a worker that is called like a server has its own facts, and so has the server', () => {
  const signalled: Fact = {
    ...{ type: 'actor.signalled', event: 'endpoint.reset', fields: {}, by: 'ann', wakes: null },
    ...{ actor: `endpoint:${server}`, machine: 'endpoint' },
  };
  const toWorker: Fact = { ...signalled, actor: `worker:${server}`, machine: 'worker' };
  const db = setup([alive(workerId(server)), opened, signalled, toWorker]);
  expect(seqsOf(db, worker(server))).toEqual([4, 1]);
  expect(seqsOf(db, endpoint(server))).toEqual([3, 2]);
});

test('around a moment stands what a worker did for tasks, and what the workers of a server did there', () => {
  const other = leaseFacts(2, 2, remote);
  const db = setup([started, alive(), assigned, other.assigned, completed, opened, other.completed]);
  const seqs = (actor: Parameters<typeof around>[1]['actor'], seq: number | null) =>
    around(db, { actor, seq }).facts.map((fact) => fact.seq);
  expect(seqs(worker(local), 3)).toEqual([2, 3, 5]);
  expect(seqs(endpoint(server), null)).toEqual([2, 3, 5, 6]);
  expect(seqs(endpoint('http://far:11434'), 1)).toEqual([4, 7]);
  expect(seqs(pool, 5)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(around(db, { actor: pool, seq: 5 })).toMatchObject({ since: 1, until: 7 });
});

test('around a moment only so many facts are looked through and answered, and it is told how far they are whole', () => {
  const { aroundSpan, aroundFactsMax } = recordLimits;
  const many = Array.from({ length: 3 * aroundSpan }, () => assigned);
  const db = setup([alive(), ...many]);
  const near = around(db, { actor: worker(local), seq: 2_500 });
  expect(near.facts).toHaveLength(2 * aroundFactsMax);
  expect([near.since, near.until]).toEqual([2_500 - aroundFactsMax + 1, 2_500 + aroundFactsMax]);
  const far = around(db, { actor: worker(remote), seq: 2_500 });
  expect(far).toMatchObject({ facts: [], since: 2_500 - aroundSpan + 1, until: 2_500 + aroundSpan });
});

test('who has no row and no fact is unknown; a server that nobody names any more is known by its facts', () => {
  const gone: Fact = { ...opened, endpoint: 'http://gone:1' };
  const db = setup([started, gone]);
  const isKnown = (actor: Parameters<typeof page>[1]['actor']) => [
    page(db, { actor, until: null, limit: 5 }).isKnown,
    around(db, { actor, seq: null }).isKnown,
  ];
  expect(isKnown(worker('nobody'))).toEqual([false, false]);
  expect(isKnown(endpoint('http://never:1'))).toEqual([false, false]);
  expect(isKnown({ kind: 'task', taskId: taskIdOf(9) })).toEqual([false, false]);
  expect(isKnown(endpoint('http://gone:1'))).toEqual([true, true]);
  expect(isKnown(worker(local)), 'it has a row, and nothing has happened yet').toEqual([true, true]);
  expect(isKnown(pool)).toEqual([true, true]);
});

/** What SQLite does for a list, one line a step. */
function stepsOf(db: Db, query: ListQuery): readonly string[] {
  const seen: string[] = [];
  const prepare = db.$client.prepare.bind(db.$client);
  db.$client.prepare = ((text: string) => {
    seen.push(text);
    return prepare(text);
  }) as typeof db.$client.prepare;
  runListQuery(db, query);
  db.$client.prepare = prepare;
  return seen.flatMap((text) => {
    const slots = (text.match(/\?/g) ?? []).map(() => 1);
    return (prepare(`EXPLAIN QUERY PLAN ${text}`).all(...slots) as { detail: string }[]).map(
      ({ detail }) => detail,
    );
  });
}

const actors = [worker(local), endpoint(server), pool, { kind: 'task', taskId: taskIdOf(1) } as const];
const queries: readonly ListQuery[] = actors.flatMap((actor) => [
  { kind: 'actorFacts', actor, until: null, limit: 10 },
  { kind: 'actorFacts', actor, until: 500, limit: 10 },
  { kind: 'factsAround', actor, seq: null },
  { kind: 'factsAround', actor, seq: 500 },
]);

/** There are a few dozen workers, and they have no index by their server. */
const isMeant = (step: string) => step === 'SCAN workers';
const faultsOf = (db: Db) =>
  queries.flatMap((query) =>
    stepsOf(db, query).filter((step) => /^SCAN|TEMP B-TREE/.test(step) && !isMeant(step)),
  );

test('no record is read by a walk through all facts, nor sorted, however many there are of tasks', () => {
  const db = setup([started, alive(), opened, ...Array.from({ length: 2_000 }, () => assigned)]);
  expect(faultsOf(db)).toEqual([]);
  const bySeq = 'SEARCH events USING INDEX event_by_actor (<expr>=? AND seq<?)';
  for (const actor of actors.slice(0, 3))
    expect(stepsOf(db, { kind: 'actorFacts', actor, until: 9, limit: 9 })).toContain(bySeq);
  db.$client.exec('ANALYZE');
  expect(faultsOf(db)).toEqual([]);
});

test('without its index a record would be read so', () => {
  const db = setup([started, alive(), opened, ...Array.from({ length: 2_000 }, () => assigned)]);
  db.$client.exec('DROP INDEX event_by_actor');
  const steps = stepsOf(db, { kind: 'actorFacts', actor: worker(local), until: null, limit: 10 });
  expect(steps.join()).not.toContain('event_by_actor');
});

test('a fact of a task has no place in the index of actors', () => {
  const db = setup([started, ...Array.from({ length: 500 }, () => assigned)]);
  const pages = (name: string) =>
    db.$client.prepare('SELECT count(*) FROM dbstat WHERE name = ?').pluck().get(name);
  expect(pages('event_by_actor')).toBe(1);
  expect(pages('event_by_task')).toBeGreaterThan(1);
});
