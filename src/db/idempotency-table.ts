import { eq, inArray, lt, sql } from 'drizzle-orm';
import type { Db } from './client.ts';
import { idempotencyKeys } from './schema.ts';
import { prepareWrite } from './write-statement.ts';

export type IdempotencyRow = typeof idempotencyKeys.$inferSelect;

/** A key is forgotten after a week: long after any client has given up repeating itself. */
const keptMs = 7 * 24 * 3_600_000;

/** The statements of `idempotency_keys`. */
export function idempotencyStatements(db: Db) {
  return {
    insert: prepareWrite(
      db,
      db.insert(idempotencyKeys).values({
        key: sql.placeholder('key'),
        fingerprint: sql.placeholder('fingerprint'),
        taskIds: sql.placeholder('taskIds'),
        createdAtMs: sql.placeholder('atMs'),
      }),
    ),
    byKey: db
      .select()
      .from(idempotencyKeys)
      .where(eq(idempotencyKeys.key, sql.placeholder('key')))
      .prepare(),
  };
}

export type IdempotencyStatements = ReturnType<typeof idempotencyStatements>;

/** Forgets keys that are no longer valid, the oldest first, at most `limit`. @returns how many */
export function forgetOldKeys(db: Db, nowMs: number, limit: number): number {
  const old = db
    .select({ key: idempotencyKeys.key })
    .from(idempotencyKeys)
    .where(lt(idempotencyKeys.createdAtMs, nowMs - keptMs))
    .orderBy(idempotencyKeys.createdAtMs)
    .limit(limit);
  return db.delete(idempotencyKeys).where(inArray(idempotencyKeys.key, old)).run().changes;
}
