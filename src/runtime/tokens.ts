import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../actors/clock.ts';
import { isoTime, msOfSql, sqlTime } from '../db/sql-time.ts';
import type { TokenRow, TokenTable } from '../db/tokens-table.ts';
import { accessLimits } from '../machines/access-limits.ts';
import { KoubouError } from '../machines/errors.ts';
import { limits } from '../machines/limits.ts';
import { allows, type Caller, clientScopes, type Scope, scopes } from '../machines/scopes.ts';

/** A stored token as people may see it: never the secret, and not its hash. Times are ISO 8601. */
export interface TokenView {
  readonly token_id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly created_at: string;
  /** At most a minute behind after a crash. */
  readonly last_used_at: string | null;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
}

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Epoch ms; `null` for never. */
  readonly expiresAtMs: number | null;
}

export interface TokensPorts {
  readonly table: TokenTable;
  readonly clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>;
  /** Whether `KOUBOU_API_TOKEN` lets somebody administer, whatever is stored. */
  readonly hasMaster: boolean;
  /** Told when uses could not be written down. */
  readonly onFault?: (error: unknown) => void;
}

interface Held {
  readonly row: TokenRow;
  readonly digest: Buffer;
  readonly caller: Caller;
  readonly expiresAtMs: number;
  revokedAtMs: number | null;
  lastUsedAtMs: number | null;
}

/** Shows what it is where it is found: scanners for secrets look for such beginnings. */
const beginning = 'koubou_';
/** 256 bits: nobody guesses one, whatever the hash, so a fast hash without salt is as good as a slow one. */
const secretBytes = 32;

/** The stored tokens of one server: held in memory, written through. */
export class Tokens {
  readonly #ports: TokensPorts;
  /** By the hash of the token, in hex. */
  readonly #held = new Map<string, Held>();
  /** What ends with a token: connections that were opened with it. */
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #used = new Map<string, number>();
  #areAsked = false;
  #useTimer: unknown;
  #expiryTimer: unknown;

  constructor(ports: TokensPorts) {
    this.#ports = ports;
    for (const row of ports.table.all()) this.#hold(row);
    this.#lookAgain();
  }

  /**
   * Whether clients have to present one. One that has expired still counts: time alone opens no door. Tokens of workers do
   * not count, as clients cannot use them.
   */
  get areAsked(): boolean {
    return this.#areAsked;
  }

  /** Whether a worker could come in with one. */
  get letWorkersIn(): boolean {
    return [...this.#held.values()].some(
      (held) => this.#isLive(held) && allows(held.caller.scopes, ['worker']),
    );
  }

  /** Who presents this; `undefined` for a token that is not known, was revoked, or has expired. */
  callerOf(presented: string): Caller | undefined {
    const digest = digestOf(presented);
    const held = this.#held.get(digest.toString('hex'));
    // The map has found it by its hash, of which nobody can choose the bits; the comparison tells nothing either.
    if (held === undefined || !timingSafeEqual(held.digest, digest) || !this.#isLive(held)) return undefined;
    this.#note(held);
    return held.caller;
  }

  /** Calls `cut` when the token of the caller is revoked or expires. Answers how to take that back. */
  whenOver({ tokenId }: Caller, cut: () => void): () => void {
    if (tokenId === null) return () => undefined;
    const watchers = this.#watchers.get(tokenId) ?? new Set();
    this.#watchers.set(tokenId, watchers.add(cut));
    return () => {
      watchers.delete(cut);
      if (watchers.size === 0 && this.#watchers.get(tokenId) === watchers) this.#watchers.delete(tokenId);
    };
  }

  list(): readonly TokenView[] {
    return [...this.#held.values()].map(viewOf);
  }

  /**
   * Makes one, on disk when it returns. The token itself is in this answer, and nowhere else ever after.
   *
   * @throws KoubouError `request.invalid`, `storage.unavailable`
   */
  create({ name, scopes: wanted, expiresAtMs }: NewToken): {
    readonly token: string;
    readonly view: TokenView;
  } {
    const nowMs = this.#ports.clock.now();
    this.#assertMayBe(wanted, expiresAtMs, nowMs);
    const token = beginning + randomBytes(secretBytes).toString('base64url');
    const row: TokenRow = {
      tokenId: `tok_${randomBytes(6).toString('hex')}`,
      name,
      hash: digestOf(token).toString('hex'),
      scopes: scopes.filter((scope) => wanted.includes(scope)).join(' '),
      createdAt: sqlTime(nowMs),
      lastUsedAt: null,
      expiresAt: expiresAtMs === null ? null : sqlTime(expiresAtMs),
      revokedAt: null,
    };
    const forgotten = this.#tooManyOver(nowMs);
    this.#ports.table.add(
      row,
      forgotten.map((held) => held.row.tokenId),
    );
    for (const { row: old } of forgotten) this.#held.delete(old.hash);
    const held = this.#hold(row);
    this.#lookAgain();
    return { token, view: viewOf(held) };
  }

  /**
   * Ends one, and all connections that were opened with it. On disk when it returns; once more changes nothing.
   *
   * @throws KoubouError `token.unknown`, `storage.unavailable`
   */
  revoke(tokenId: string): TokenView {
    const held = [...this.#held.values()].find(({ row }) => row.tokenId === tokenId);
    if (held === undefined) {
      throw new KoubouError('token.unknown', 'there is no such token; `koubou token list` names them');
    }
    if (held.revokedAtMs === null) {
      const nowMs = this.#ports.clock.now();
      this.#ports.table.revoke(tokenId, nowMs);
      held.revokedAtMs = nowMs;
      this.#lookAgain();
      this.#cut(tokenId);
    }
    return viewOf(held);
  }

  /** Writes down what is left to be, and watches no more. */
  close(): void {
    this.#ports.clock.clearTimeout(this.#expiryTimer);
    this.#ports.clock.clearTimeout(this.#useTimer);
    this.#writeUses();
  }

  #assertMayBe(wanted: readonly Scope[], expiresAtMs: number | null, nowMs: number): void {
    if (expiresAtMs !== null && (expiresAtMs <= nowMs || expiresAtMs > nowMs + accessLimits.tokenLifeMsMax)) {
      throw new KoubouError('request.invalid', 'a token expires in the future, and within ten years');
    }
    const isFirst = !this.#ports.hasMaster && !this.areAsked;
    if (isFirst && allows(wanted, clientScopes) && !wanted.includes('admin')) {
      throw new KoubouError(
        'request.invalid',
        'the first token needs the scope admin: from it on every client is asked for one, and somebody must be able to make more',
      );
    }
    const live = [...this.#held.values()].filter((held) => this.#isLive(held)).length;
    if (live >= accessLimits.tokensMax) {
      throw new KoubouError(
        'request.invalid',
        `there are ${live} tokens, as many as can be; revoke those that nobody uses`,
      );
    }
  }

  /** Those of which so many more are over than are kept, the oldest first. */
  #tooManyOver(nowMs: number): readonly Held[] {
    const over = [...this.#held.values()].filter((held) => !this.#isLive(held, nowMs));
    // One that has only expired still says that tokens are asked for.
    const forgettable = over.filter(({ revokedAtMs }) => revokedAtMs !== null);
    return forgettable.slice(0, Math.max(0, over.length + 1 - accessLimits.tokensOverMax));
  }

  #hold(row: TokenRow): Held {
    const held: Held = {
      row,
      digest: Buffer.from(row.hash, 'hex'),
      caller: {
        name: row.name,
        tokenId: row.tokenId,
        scopes: scopes.filter((scope) => row.scopes.split(' ').includes(scope)),
      },
      expiresAtMs: row.expiresAt === null ? Number.POSITIVE_INFINITY : msOfSql(row.expiresAt),
      revokedAtMs: row.revokedAt === null ? null : msOfSql(row.revokedAt),
      lastUsedAtMs: row.lastUsedAt === null ? null : msOfSql(row.lastUsedAt),
    };
    this.#held.set(row.hash, held);
    return held;
  }

  #isLive(held: Held, nowMs: number = this.#ports.clock.now()): boolean {
    return held.revokedAtMs === null && held.expiresAtMs > nowMs;
  }

  #note(held: Held): void {
    const nowMs = this.#ports.clock.now();
    held.lastUsedAtMs = nowMs;
    this.#used.set(held.row.tokenId, nowMs);
    this.#useTimer ??= this.#ports.clock.setTimeout(() => this.#writeUses(), accessLimits.tokenUseWriteMs);
  }

  #writeUses(): void {
    this.#useTimer = undefined;
    if (this.#used.size === 0) return;
    try {
      this.#ports.table.noteUses(this.#used);
      this.#used.clear();
    } catch (error) {
      // Nobody waits for this; the next use brings the next try.
      this.#ports.onFault?.(error);
    }
  }

  #cut(tokenId: string): void {
    const watchers = this.#watchers.get(tokenId);
    this.#watchers.delete(tokenId);
    for (const cut of watchers ?? []) cut();
  }

  #lookAgain(): void {
    this.#areAsked = [...this.#held.values()].some(
      ({ revokedAtMs, caller }) => revokedAtMs === null && allows(caller.scopes, clientScopes),
    );
    this.#armExpiry();
  }

  /** One timer, for the token that expires next. */
  #armExpiry(): void {
    const { clock } = this.#ports;
    clock.clearTimeout(this.#expiryTimer);
    const nowMs = clock.now();
    const ahead = [...this.#held.values()].filter((held) => this.#isLive(held, nowMs));
    const nextMs = Math.min(...ahead.map(({ expiresAtMs }) => expiresAtMs));
    if (nextMs === Number.POSITIVE_INFINITY) return;
    this.#expiryTimer = clock.setTimeout(
      () => {
        const endedAtMs = clock.now();
        for (const { row, expiresAtMs } of ahead) if (expiresAtMs <= endedAtMs) this.#cut(row.tokenId);
        this.#armExpiry();
      },
      Math.min(nextMs - nowMs, limits.timerMsMax),
    );
  }
}

/** What a token is kept and compared as. */
export function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

function viewOf({ row, caller, revokedAtMs, lastUsedAtMs }: Held): TokenView {
  return {
    token_id: row.tokenId,
    name: row.name,
    scopes: caller.scopes,
    created_at: isoTime(row.createdAt),
    last_used_at: lastUsedAtMs === null ? null : new Date(lastUsedAtMs).toISOString(),
    expires_at: row.expiresAt === null ? null : isoTime(row.expiresAt),
    revoked_at: revokedAtMs === null ? null : new Date(revokedAtMs).toISOString(),
  };
}
