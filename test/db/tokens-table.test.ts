import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openStore } from '../../src/db/sqlite-store.ts';
import { hasStoredToken, type TokenRow } from '../../src/db/tokens-table.ts';
import { onDisposal } from '../support/disposal.ts';
import { temporaryFolder } from '../support/running-server.ts';

const rowOf = (tokenId: string, changes: Partial<TokenRow> = {}): TokenRow => ({
  tokenId,
  name: 'ci',
  hash: `hash of ${tokenId}`,
  scopes: 'submit admin',
  createdAt: '2026-11-22 10:00:00.000',
  lastUsedAt: null,
  expiresAt: null,
  revokedAt: null,
  ...changes,
});

function setup() {
  const home = temporaryFolder();
  mkdirSync(join(home, 'db'));
  const database = join(home, 'db', 'koubou.db');
  const store = openStore(database, 'normal', Date.now());
  onDisposal(() => store.close());
  return { database, store, table: store.tokens };
}

test('tokens are added, used, revoked and forgotten; each is still so when the database is opened again', () => {
  const { database, store, table } = setup();
  table.add(rowOf('a'), []);
  table.add(rowOf('b', { createdAt: '2026-11-22 11:00:00.000' }), []);
  table.noteUses(new Map([['a', Date.UTC(2026, 10, 22, 12)]]));
  expect([table.revoke('b', Date.UTC(2026, 10, 22, 13)), table.revoke('b', 0), table.revoke('c', 0)]).toEqual(
    [true, false, false],
  );
  store.close();
  const again = openStore(database, 'normal', Date.now());
  onDisposal(() => again.close());
  expect(again.tokens.all()).toEqual([
    rowOf('a', { lastUsedAt: '2026-11-22 12:00:00.000' }),
    rowOf('b', { createdAt: '2026-11-22 11:00:00.000', revokedAt: '2026-11-22 13:00:00.000' }),
  ]);
  again.tokens.add(rowOf('c'), ['a', 'b']);
  expect(again.tokens.all().map(({ tokenId }) => tokenId)).toEqual(['c']);
});

test('the same hash is not stored twice, and nothing is forgotten for it', () => {
  const { table } = setup();
  table.add(rowOf('a'), []);
  table.add(rowOf('b'), []);
  expect(() => table.add(rowOf('c', { hash: 'hash of a' }), ['b'])).toThrow();
  expect(table.all()).toEqual([rowOf('a'), rowOf('b')]);
});

test('whether clients are asked for a token is seen without a lock, beside a writer', () => {
  const { database, table } = setup();
  expect(hasStoredToken(database)).toBe(false);
  table.add(rowOf('worker', { scopes: 'worker' }), []);
  table.add(rowOf('over', { revokedAt: '2026-11-22 13:00:00.000' }), []);
  expect(hasStoredToken(database)).toBe(false);
  table.add(rowOf('expired', { expiresAt: '2026-01-01 00:00:00.000' }), []);
  expect(hasStoredToken(database)).toBe(true);
});

test('a database that is not there, is older, or is none has no token', () => {
  const folder = temporaryFolder();
  const older = join(folder, 'older.db');
  new Database(older).exec('CREATE TABLE task_master (seq INTEGER)').close();
  for (const path of [join(folder, 'none.db'), older, folder]) expect(hasStoredToken(path)).toBe(false);
});
