import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { asc, eq, isNull, sql } from 'drizzle-orm';
import type { Db } from './client.ts';
import { tokens } from './schema.ts';
import { sqlTime } from './sql-time.ts';
import { asStorageError } from './storage-faults.ts';

export type TokenRow = typeof tokens.$inferSelect;

/** The stored tokens. Each call is one short transaction; all throw KoubouError `storage.unavailable`. */
export interface TokenTable {
  /** The oldest first. */
  all(): readonly TokenRow[];
  /** Adds one, and forgets the given ones, which are over. */
  add(row: TokenRow, forget: readonly string[]): void;
  /** False when there is none of that id, or it was revoked already. */
  revoke(tokenId: string, atMs: number): boolean;
  /** Writes down when each was used last. */
  noteUses(usedAtMs: ReadonlyMap<string, number>): void;
}

export function tokenTable(db: Db): TokenTable {
  const guarded = <T>(act: () => T): T => {
    try {
      return db.$client.transaction(act).immediate();
    } catch (error) {
      throw asStorageError(error);
    }
  };
  return {
    all: () => db.select().from(tokens).orderBy(asc(tokens.createdAt), asc(tokens.tokenId)).all(),
    add: (row, forget) =>
      guarded(() => {
        for (const tokenId of forget) db.delete(tokens).where(eq(tokens.tokenId, tokenId)).run();
        db.insert(tokens).values(row).run();
      }),
    revoke: (tokenId, atMs) =>
      guarded(() => {
        const isThisOne = sql`${eq(tokens.tokenId, tokenId)} AND ${isNull(tokens.revokedAt)}`;
        const { changes } = db
          .update(tokens)
          .set({ revokedAt: sqlTime(atMs) })
          .where(isThisOne)
          .run();
        return changes === 1;
      }),
    noteUses: (usedAtMs) =>
      guarded(() => {
        for (const [tokenId, atMs] of usedAtMs) {
          db.update(tokens)
            .set({ lastUsedAt: sqlTime(atMs) })
            .where(eq(tokens.tokenId, tokenId))
            .run();
        }
      }),
  };
}

/**
 * Whether a database has a token that clients can present, so that a server on it may be reached by other machines.
 * Read without a lock, as it is asked while the configuration is checked; what cannot be read has none.
 */
export function hasStoredToken(database: string): boolean {
  if (!existsSync(database)) return false;
  let client: Database.Database | undefined;
  try {
    client = new Database(database, { readonly: true, fileMustExist: true, timeout: 1_000 });
    const found = client
      .prepare(
        "SELECT 1 FROM tokens WHERE revoked_at IS NULL AND trim(replace(scopes, 'worker', '')) <> '' LIMIT 1",
      )
      .get();
    return found !== undefined;
  } catch {
    return false; // An older database has no such table, and a damaged one is refused at the start.
  } finally {
    client?.close();
  }
}
