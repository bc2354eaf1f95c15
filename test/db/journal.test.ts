import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/db/store.ts';
import { limits } from '../../src/machines/limits.ts';
import { setupJournal } from '../support/scripted-store.ts';
import { alive, leaseFacts, local, makeTask } from '../support/store-samples.ts';

const { assigned, completed } = leaseFacts(1, 1);

/** The words of a commit: `accept 1+2`, `task.assigned`, `beat`. */
function wordsOf(entries: readonly Entry[]): readonly string[] {
  return entries.map((entry) => {
    if (entry.kind === 'accept') return `accept ${entry.tasks.map(({ seq }) => seq).join('+')}`;
    return entry.kind === 'fact' ? entry.fact.type : 'beat';
  });
}

describe('a journal', () => {
  test('writes what a turn brings in one commit, in order', async () => {
    const { journal, store } = setupJournal();
    const accepted = journal.accept([makeTask(1), makeTask(2)], null);
    journal.record(assigned);
    journal.beat(local);
    const settled = journal.settled();
    await journal.flush();
    await Promise.all([accepted, settled]);
    expect(store.batches.map(wordsOf)).toEqual([['accept 1+2', 'task.assigned', 'beat']]);
  });

  test('tells nobody anything, and answers nobody, before the commit', async () => {
    const { journal, store, told } = setupJournal();
    store.fates = ['hang'];
    let isAnswered = false;
    const accepted = journal.accept([makeTask(1)], null).then(() => {
      isAnswered = true;
    });
    const flushed = journal.flush();
    await new Promise((resolve) => setImmediate(resolve));
    expect([told, isAnswered]).toEqual([[], false]);
    store.release();
    await Promise.all([flushed, accepted]);
    expect(told).toEqual(['task.accepted']);
  });

  test('tells first and answers then, so that who is answered finds it told', async () => {
    const order: string[] = [];
    const { journal } = setupJournal({ onCommitted: () => void order.push('told') });
    const accepted = journal.accept([makeTask(1)], null).then(() => order.push('answered'));
    await journal.flush();
    await accepted;
    expect(order).toEqual(['told', 'answered']);
  });

  test('writes one commit after the other, also when asked to hurry', async () => {
    const { journal, store } = setupJournal();
    store.fates = ['hang', 'ok'];
    journal.record(assigned);
    const first = journal.flush();
    journal.record(completed);
    const second = journal.flush();
    await new Promise((resolve) => setImmediate(resolve));
    expect(store.batches).toHaveLength(1);
    store.release();
    await Promise.all([first, second]);
    expect(wordsOf(store.written)).toEqual(['task.assigned', 'task.completed']);
  });

  test('writes nothing when there is nothing', async () => {
    const { journal, store } = setupJournal();
    await journal.flush();
    expect(store.batches).toEqual([]);
  });

  test('writes no more at once than its limit of rows, and goes on in the next turn', async () => {
    const { journal, store, heard, clock } = setupJournal();
    for (let each = 0; each < 2.5 * limits.commitRowsMax; each += 1) journal.beat(local);
    const settled = journal.settled();
    await journal.flush();
    expect(heard.flushes).toBe(1);
    await clock.settle();
    await settled;
    expect(store.batches.map((batch) => batch.length)).toEqual([1_000, 1_000, 500]);
  });

  test('leaves a delegation of many tasks to the next commit when it does not fit', async () => {
    const { journal, store, clock } = setupJournal();
    journal.beat(local);
    const many = Array.from({ length: limits.bulkTasksMax }, (_, at) => makeTask(at + 1));
    const accepted = journal.accept(many, null);
    await journal.flush();
    await clock.settle();
    await accepted;
    expect(store.batches.map((batch) => batch.map(({ kind }) => kind))).toEqual([['beat'], ['accept']]);
  });

  test('knows whether new tasks are on their way', async () => {
    const { journal } = setupJournal();
    journal.record(assigned);
    expect(journal.hasAccepts).toBe(false);
    const accepted = journal.accept([makeTask(1)], null);
    expect(journal.hasAccepts).toBe(true);
    await journal.flush();
    await accepted;
    expect(journal.hasAccepts).toBe(false);
  });
});

describe('one entry that cannot be written although the disk works', () => {
  test('does not stand in the way of the others', async () => {
    const { journal, store, told, poison } = setupJournal();
    store.isPoison = (entry) => entry.kind === 'fact' && entry.fact === assigned;
    const accepted = journal.accept([makeTask(1)], null);
    journal.record(assigned);
    journal.record(alive());
    await journal.flush();
    await accepted;
    expect(wordsOf(store.written)).toEqual(['accept 1', 'worker.changed']);
    expect(told).toEqual(['task.accepted', 'worker.changed']);
    expect(poison).toMatchObject([{ fact: { type: 'task.assigned' } }]);
    expect(journal.isStalled).toBe(false);
  });

  test('is refused as our fault when a client waits for it', async () => {
    const { journal, store, poison } = setupJournal();
    store.isPoison = (entry) => entry.kind === 'accept' && entry.tasks.some(({ seq }) => seq === 2);
    const answers = [1, 2, 3].map((seq) => journal.accept([makeTask(seq)], null));
    const outcomes = Promise.allSettled(answers);
    await journal.flush();
    expect(await outcomes).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'internal' } },
      { status: 'fulfilled' },
    ]);
    expect(wordsOf(poison)).toEqual(['accept 2']);
  });

  test('is kept out also when the disk fails in the middle of that', async () => {
    const { journal, store, told, clock } = setupJournal();
    store.isPoison = (entry) => entry.kind === 'fact' && entry.fact === assigned;
    journal.record(assigned);
    journal.record(completed);
    store.fates = ['ok', 'ok', 'io', 'ok'];
    await journal.flush();
    expect(journal.isStalled).toBe(true);
    await clock.advance(1_000);
    expect(told).toEqual(['task.completed', 'journal.resumed']);
  });
});

test('a fault of those who are told does not write anything twice, and is not swallowed', async () => {
  let faults = 1;
  const { journal, store, poison } = setupJournal({
    onCommitted: () => {
      faults -= 1;
      if (faults >= 0) throw new Error('a bug of the host');
    },
  });
  journal.record(assigned);
  await expect(journal.flush()).rejects.toThrow('a bug of the host');
  expect(wordsOf(store.written)).toEqual(['task.assigned']);
  expect(poison).toEqual([]);
  journal.record(completed);
  await journal.flush();
  expect(wordsOf(store.written)).toEqual(['task.assigned', 'task.completed']);
});
