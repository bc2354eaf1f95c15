import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import type { HomePaths } from '../db/home.ts';
import type { Messages } from './messages.ts';

/** What the doctor found out about one thing. */
export interface Finding {
  /** `node`, `home`, `disk`, `database`, `config`, `port`, or `worker <id>`. */
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'broken';
  /** What is there; one line, or more. */
  readonly detail: string;
  /** What to do; `null` when nothing is to be done. */
  readonly advice: string | null;
}

type Words = Messages['doctor'];

/** `engines.node` of package.json: older ones lack functions that are used, and fail late. */
const nodeMin = [20, 19] as const;
const mebibyte = 1_048_576;
/** A day of logs and answers; below, writing fails soon. */
const freeBytesMin = 100 * mebibyte;
const freeBytesComfortable = 1_024 * mebibyte;
const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));

export function checkNode(words: Words, version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNew = major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1]);
  return {
    check: 'node',
    state: isNew ? 'ok' : 'broken',
    detail: version,
    advice: isNew ? null : words.nodeAdvice(nodeMin.join('.')),
  };
}

/** A home that does not exist yet is fine where it can be made. */
export function checkHome(words: Words, { root }: HomePaths): Finding {
  const existing = nearestExisting(root);
  try {
    accessSync(existing, constants.R_OK | constants.W_OK | constants.X_OK);
    const detail = existing === root ? root : words.homeNotYet(root);
    return { check: 'home', state: 'ok', detail, advice: null };
  } catch {
    return { check: 'home', state: 'broken', detail: words.notWritable(existing), advice: words.homeAdvice };
  }
}

export function checkDisk(words: Words, { root }: HomePaths): Finding {
  const { bavail, bsize } = statfsSync(nearestExisting(root));
  const free = bavail * bsize;
  const detail = words.free(Math.floor(free / mebibyte));
  if (free >= freeBytesComfortable) return { check: 'disk', state: 'ok', detail, advice: null };
  const state = free < freeBytesMin ? 'broken' : 'warning';
  return { check: 'disk', state, detail, advice: words.diskAdvice };
}

/** Reads the database as it is, also beside a server that writes; changes nothing. */
export function checkDatabase(words: Words, { database }: HomePaths): Finding {
  if (!existsSync(database)) {
    return { check: 'database', state: 'ok', detail: words.databaseNotYet(database), advice: null };
  }
  const broken = (detail: string, advice: string): Finding => ({
    check: 'database',
    state: 'broken',
    detail,
    advice,
  });
  try {
    const db = new Database(database, { readonly: true, fileMustExist: true });
    try {
      const verdict = db.pragma('quick_check(3)', { simple: true });
      if (verdict !== 'ok') return broken(String(verdict), words.databaseAdvice);
      const { applied, known } = migrationsOf(db);
      const foreign = applied.filter((hash) => !known.includes(hash));
      if (foreign.length > 0 || applied.length === 0) return broken(words.newerDatabase, words.newerAdvice);
      const detail =
        applied.length === known.length ? database : words.oldDatabase(known.length - applied.length);
      return { check: 'database', state: 'ok', detail, advice: null };
    } finally {
      db.close();
    }
  } catch (error) {
    return broken(error instanceof Error ? error.message : String(error), words.databaseAdvice);
  }
}

/** drizzle keeps the hash of each migration that it has applied. */
function migrationsOf(db: Database.Database): {
  readonly applied: readonly string[];
  readonly known: readonly string[];
} {
  const journal = JSON.parse(readFileSync(join(migrations, 'meta', '_journal.json'), 'utf8')) as {
    readonly entries: readonly { readonly tag: string }[];
  };
  const known = journal.entries.map(({ tag }) =>
    createHash('sha256')
      .update(readFileSync(join(migrations, `${tag}.sql`), 'utf8'))
      .digest('hex'),
  );
  const table = db.prepare("SELECT 1 FROM sqlite_master WHERE name = '__drizzle_migrations'").get();
  const rows = table === undefined ? [] : db.prepare('SELECT hash FROM __drizzle_migrations').all();
  return { applied: (rows as { hash: string }[]).map(({ hash }) => hash), known };
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}
