import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/client.ts';
import { openStore } from '../../src/db/sqlite-store.ts';
import type { Entry } from '../../src/db/store.ts';
import { framesOf } from '../../src/simulation/log-frames.ts';
import { onDisposal } from '../support/disposal.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import {
  accept,
  alive,
  atMs,
  cancelledWaiting,
  entry,
  leaseFacts,
  local,
  makeTask,
  registration,
} from '../support/store-samples.ts';

const first = leaseFacts(1, 1);
const again = leaseFacts(1, 2);

/** A short run: every line is one commit. A large prompt makes a commit of several pages. */
const run: readonly (readonly Entry[])[] = [
  [entry(alive())],
  [accept(makeTask(1))],
  [accept(makeTask(2), makeTask(3, { prompt: 'p'.repeat(20_000) }))],
  [entry(first.assigned)],
  [entry(first.retried)],
  [entry(again.assigned), entry(cancelledWaiting(2))],
  [entry(again.completed), accept(makeTask(4))],
];

/** What is in the database after so many commits of the run. */
interface Stage {
  readonly lastSeq: number | null;
  readonly rows: string;
  /** The log, when the commit was acknowledged. */
  readonly log: Buffer;
}

function look(client: Database.Database): Omit<Stage, 'log'> {
  const tables = ['task_master', 'task_assignments', 'events', 'workers'];
  const rows = tables.map((table) => client.prepare(`SELECT * FROM ${table}`).all());
  const lastSeq = client.prepare('SELECT max(seq) FROM events').pluck().get() as number | null;
  return { rows: JSON.stringify(rows), lastSeq };
}

async function live(durability: 'full' | 'normal') {
  const path = join(memoryFolder(), 'koubou.db');
  const store = openStore(path, durability, atMs);
  onDisposal(() => store.close());
  store.registerWorkers([registration(local)], atMs);
  const reader = new Database(path, { readonly: true });
  onDisposal(() => reader.close());
  const stages: Stage[] = [];
  const note = () => stages.push({ ...look(reader), log: readFileSync(`${path}-wal`) });
  note();
  for (const entries of run) {
    await store.commit(entries);
    note();
  }
  return { database: readFileSync(path), stages };
}

/** Opens what is left as the next process does. */
function openLeft(database: Buffer, log: Buffer) {
  const folder = join(memoryFolder(), 'left');
  mkdirSync(folder);
  const path = join(folder, 'koubou.db');
  writeFileSync(path, database);
  writeFileSync(`${path}-wal`, log);
  const { $client: client } = openDatabase(path, 'full');
  const integrity = client.pragma('integrity_check', { simple: true });
  const found = { ...look(client), integrity };
  client.close();
  return found;
}

/** At each frame of a part of the log, and inside each: in its head, in its page, and before its last byte. */
function cutsOf(log: Buffer, fromByte: number): readonly number[] {
  return framesOf(log)
    .filter((frame) => frame.fromByte >= fromByte)
    .flatMap((frame) => [frame.fromByte, frame.fromByte + 11, frame.toByte - 1]);
}

describe('a loss of power', () => {
  test('with durability full leaves all that was acknowledged, and of the last commit nothing or all', async () => {
    const { database, stages } = await live('full');
    let cuts = 0;
    for (const [at, { log }] of stages.entries()) {
      const before = stages[at - 1];
      if (before === undefined) continue;
      for (const cut of cutsOf(log, before.log.length)) {
        const { integrity, ...found } = openLeft(database, log.subarray(0, cut));
        expect([cut, integrity, found]).toEqual([cut, 'ok', { lastSeq: before.lastSeq, rows: before.rows }]);
        cuts += 1;
      }
    }
    const last = stages.at(-1) as Stage;
    expect(openLeft(database, last.log)).toEqual({ lastSeq: last.lastSeq, rows: last.rows, integrity: 'ok' });
    expect(cuts).toBeGreaterThan(80);
  });

  test('with durability normal leaves a prefix of the commits, wherever the log is cut', async () => {
    const { database, stages } = await live('normal');
    const { log } = stages.at(-1) as Stage;
    const start = (stages[0] as Stage).log.length;
    const seen = new Set<number>();
    for (const cut of cutsOf(log, start)) {
      const { integrity, rows } = openLeft(database, log.subarray(0, cut));
      const stage = stages.findIndex((each) => each.rows === rows);
      const whole = stages.findLastIndex((each) => each.log.length <= cut);
      expect([cut, integrity, stage]).toEqual([cut, 'ok', whole]);
      seen.add(stage);
    }
    expect(seen.size).toBe(run.length);
  });

  test('in the middle of the log, with frames behind it that were written, leaves what comes before', async () => {
    const { database, stages } = await live('normal');
    const { log } = stages.at(-1) as Stage;
    for (const { fromByte } of framesOf(log).filter(
      (frame) => frame.fromByte >= (stages[0] as Stage).log.length,
    )) {
      const holed = Buffer.from(log);
      holed.fill(0, fromByte + 100, fromByte + 200);
      // A page may be all zeros there; then nothing was lost.
      if (holed.equals(log)) continue;
      const { integrity, rows } = openLeft(database, holed);
      const whole = stages.findLastIndex((each) => each.log.length <= fromByte);
      expect([fromByte, integrity, rows]).toEqual([fromByte, 'ok', (stages[whole] as Stage).rows]);
    }
  });

  test('while it was being created leaves a database that the next start completes', async () => {
    const path = join(memoryFolder(), 'koubou.db');
    openStore(path, 'full', atMs).close();
    for (const bytes of [0, 100, 512]) {
      const folder = memoryFolder();
      const left = join(folder, 'koubou.db');
      writeFileSync(left, Buffer.alloc(0));
      writeFileSync(`${left}-wal`, Buffer.alloc(bytes));
      const store = openStore(left, 'full', atMs);
      await store.commit([accept(makeTask(1))]);
      expect(store.lastSeq()).toBe(1);
      store.close();
      expect(existsSync(`${left}-wal`)).toBe(false);
    }
  });
});
