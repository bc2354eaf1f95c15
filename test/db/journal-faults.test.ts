import { describe, expect, test } from 'vitest';
import { limits } from '../../src/machines/limits.ts';
import { type Fate, setupJournal } from '../support/scripted-store.ts';
import { leaseFacts, local, makeTask } from '../support/store-samples.ts';

const { assigned, completed } = leaseFacts(1, 1);
const mine = leaseFacts(7, 2);

describe.each(['full', 'io'] as const)('a disk that is %s', (fate: Fate) => {
  test('takes new tasks back at once, and refuses their clients', async () => {
    const { journal, store, withdrawn, stalls, told } = setupJournal();
    store.fates = [fate];
    const accepted = journal.accept([makeTask(7), makeTask(8)], null);
    const refused = expect(accepted).rejects.toMatchObject({
      code: 'storage.unavailable',
      retryAfterMs: 1_000,
      details: { fault: fate },
    });
    await journal.flush();
    await refused;
    expect(withdrawn).toEqual([7, 8]);
    expect(told).toEqual([]);
    expect(stalls).toEqual(['storage.unavailable']);
  });

  test('refuses further ones at the door, with the reason', async () => {
    const { journal, store } = setupJournal();
    store.fates = [fate];
    journal.record(assigned);
    await journal.flush();
    expect(journal.isStalled).toBe(true);
    expect(journal.refusal?.code).toBe('storage.unavailable');
    await expect(journal.accept([makeTask(9)], null)).rejects.toBe(journal.refusal);
    expect(journal.hasAccepts).toBe(false);
  });

  test('keeps what has happened, in order, and writes it when it works again', async () => {
    const { journal, store, told, heard, clock } = setupJournal();
    store.fates = [fate, fate, 'ok'];
    journal.record(assigned);
    journal.beat(local);
    await journal.flush();
    journal.record(completed);
    await journal.flush();
    expect(told).toEqual([]);
    await clock.advance(5_000);
    expect(told).toEqual(['task.assigned', 'task.completed', 'journal.resumed']);
    expect(store.batches).toHaveLength(3);
    expect([journal.isStalled, journal.refusal, heard.resumed]).toEqual([false, null, 1]);
  });

  test('takes back what happened to tasks that were taken back', async () => {
    const { journal, store, told, clock } = setupJournal();
    store.fates = [fate, 'ok'];
    const refused = expect(journal.accept([makeTask(7)], null)).rejects.toThrow();
    journal.record(mine.assigned);
    journal.record(assigned);
    await journal.flush();
    await refused;
    await clock.advance(5_000);
    expect(told).toEqual(['task.assigned', 'journal.resumed']);
    expect(store.written.filter((entry) => entry.kind === 'fact' && entry.fact === mine.assigned)).toEqual(
      [],
    );
  });

  test('lets nobody wait for what is not written', async () => {
    const { journal, store } = setupJournal();
    store.fates = [fate];
    journal.record(assigned);
    const settled = expect(journal.settled()).rejects.toMatchObject({ code: 'storage.unavailable' });
    await journal.flush();
    await settled;
  });

  test('is noticed to work again although nothing waits to be written', async () => {
    const { journal, store, clock } = setupJournal();
    store.fates = [fate, fate, fate, 'ok'];
    const refused = expect(journal.accept([makeTask(1)], null)).rejects.toThrow();
    await journal.flush();
    await refused;
    await clock.advance(5_000);
    expect(journal.isStalled).toBe(false);
    const accepted = journal.accept([makeTask(2)], null);
    await journal.flush();
    await accepted;
  });

  test('is tried again ever more patiently, and never by a flush in between', async () => {
    const { journal, store, clock } = setupJournal();
    store.fates = [fate];
    journal.record(assigned);
    await journal.flush();
    for (let each = 0; each < 10; each += 1) await journal.flush();
    expect(store.batches).toHaveLength(1);
    await clock.advance(10_000);
    const tries = store.batches.length;
    expect(tries).toBeGreaterThan(10);
    expect(tries).toBeLessThan(20);
    await clock.advance(10_000);
    expect(store.batches.length - tries).toBe(10_000 / limits.commitRetryMsMax);
  });

  test('is not tried any more once the journal is closed', async () => {
    const { journal, store, clock } = setupJournal();
    store.fates = [fate];
    journal.record(assigned);
    await journal.flush();
    journal.close();
    await clock.advance(60_000);
    expect(store.batches).toHaveLength(1);
  });
});

describe('a busy disk', () => {
  test('makes new tasks wait, and takes further ones', async () => {
    const { journal, store, clock, withdrawn, told } = setupJournal();
    store.fates = ['busy', 'busy', 'ok'];
    const first = journal.accept([makeTask(1)], null);
    journal.record(assigned);
    await journal.flush();
    expect(journal.refusal).toBeNull();
    const second = journal.accept([makeTask(2)], null);
    await clock.advance(1_000);
    await Promise.all([first, second]);
    expect(told).toEqual(['task.accepted', 'task.assigned', 'task.accepted', 'journal.resumed']);
    expect(withdrawn).toEqual([]);
  });

  test('for longer than a client is willing to wait refuses it, and nothing else', async () => {
    const { journal, store, clock, withdrawn, told } = setupJournal();
    store.fates = ['busy'];
    journal.record(completed);
    const accepted = journal.accept([makeTask(7)], null);
    const refused = expect(accepted).rejects.toMatchObject({
      code: 'storage.unavailable',
      details: { fault: 'busy' },
    });
    await journal.flush();
    await clock.advance(limits.commitPatienceMs - 1);
    expect(withdrawn).toEqual([]);
    await clock.advance(limits.commitRetryMsMax);
    await refused;
    expect(withdrawn).toEqual([7]);
    store.fates = ['ok'];
    await clock.advance(5_000);
    expect(told).toEqual(['task.completed', 'journal.resumed']);
  });

  test('counts the patience of each client from its own arrival', async () => {
    const { journal, store, clock, withdrawn } = setupJournal();
    store.fates = ['busy'];
    const early = expect(journal.accept([makeTask(1)], null)).rejects.toThrow();
    await journal.flush();
    await clock.advance(1_500);
    const late = journal.accept([makeTask(2)], null);
    await clock.advance(1_500);
    await early;
    expect(withdrawn).toEqual([1]);
    store.fates = ['ok'];
    await clock.advance(1_000);
    await late;
  });

  test('that turns out to be full refuses those who waited', async () => {
    const { journal, store, clock, withdrawn } = setupJournal();
    store.fates = ['busy', 'full'];
    const refused = expect(journal.accept([makeTask(1)], null)).rejects.toMatchObject({
      details: { fault: 'full' },
    });
    await journal.flush();
    await clock.advance(1_000);
    await refused;
    expect(withdrawn).toEqual([1]);
  });
});
