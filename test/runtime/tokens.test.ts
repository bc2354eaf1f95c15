import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { accessLimits } from '../../src/machines/access-limits.ts';
import type { Scope } from '../../src/machines/scopes.ts';
import { Tokens } from '../../src/runtime/tokens.ts';
import { rowsInMemory, setupTokens } from '../support/gate.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const wanted = (changes: { scopes?: Scope[]; expiresAtMs?: number | null; name?: string } = {}) => ({
  name: 'ci',
  scopes: ['admin'] as Scope[],
  expiresAtMs: null,
  ...changes,
});

describe('a token', () => {
  test('is stored as a hash, and is nowhere to be read again', () => {
    const { tokens, rows } = setupTokens();
    const { token, view } = tokens.create(wanted());
    expect(token).toMatch(/^koubou_[\w-]{43}$/);
    expect(rows[0]?.hash).toBe(createHash('sha256').update(token).digest('hex'));
    for (const told of [JSON.stringify(rows), JSON.stringify(view), JSON.stringify(tokens.list())])
      expect(told).not.toContain(token.slice('koubou_'.length));
  });

  test('is known after a restart, with its scopes', () => {
    const { tokens, rows } = setupTokens();
    const { token, view } = tokens.create(wanted({ scopes: ['admin', 'submit'] }));
    const again = setupTokens({ table: rowsInMemory(rows).table }).tokens;
    expect(again.callerOf(token)).toEqual({
      name: 'ci',
      tokenId: view.token_id,
      scopes: ['submit', 'admin'],
    });
    expect(again.areAsked).toBe(true);
  });

  test('that is nearly right is not known', () => {
    const { tokens } = setupTokens();
    const { token } = tokens.create(wanted());
    for (const wrong of [token.slice(0, -1), `${token}A`, token.toLowerCase(), '', ' '])
      expect(tokens.callerOf(wrong), wrong).toBeUndefined();
  });

  test('holds until it expires, and what was opened with it ends then', async () => {
    const clock = new VirtualClock();
    const { tokens } = setupTokens({ clock });
    const { token } = tokens.create(wanted({ expiresAtMs: clock.now() + 30 * 86_400_000 }));
    const caller = tokens.callerOf(token);
    if (caller === undefined) throw new Error('it is not known');
    let cuts = 0;
    tokens.whenOver(caller, () => {
      cuts += 1;
    });
    await clock.advance(30 * 86_400_000 - 1);
    expect([tokens.callerOf(token)?.name, cuts]).toEqual(['ci', 0]);
    await clock.advance(1);
    expect([tokens.callerOf(token), cuts]).toEqual([undefined, 1]);
    // Time alone opens no door.
    expect(tokens.areAsked).toBe(true);
  });

  test('that is revoked is over at once, on disk, and so are its connections; those that left are not called', () => {
    const { tokens, written } = setupTokens();
    const { token, view } = tokens.create(wanted());
    const caller = tokens.callerOf(token);
    if (caller === undefined) throw new Error('it is not known');
    const cut: string[] = [];
    tokens.whenOver(caller, () => cut.push('open'));
    tokens.whenOver(caller, () => cut.push('left'))();
    tokens.revoke(view.token_id);
    expect([tokens.callerOf(token), cut, written.revocations]).toEqual([undefined, ['open'], 1]);
    tokens.revoke(view.token_id);
    expect([cut, written.revocations, tokens.areAsked]).toEqual([['open'], 1, false]);
    expect(() => tokens.revoke('tok_none')).toThrow(expect.objectContaining({ code: 'token.unknown' }));
  });

  test('is written down as used once a minute at most, however often it is used', async () => {
    const clock = new VirtualClock();
    const { tokens, written } = setupTokens({ clock });
    const { token } = tokens.create(wanted());
    for (let n = 0; n < 1_000; n += 1) tokens.callerOf(token);
    expect(written.uses).toBe(0);
    await clock.advance(accessLimits.tokenUseWriteMs);
    expect(written.uses).toBe(1);
    await clock.advance(10 * accessLimits.tokenUseWriteMs);
    expect(written.uses).toBe(1);
    tokens.callerOf(token);
    expect(tokens.list()[0]?.last_used_at).toBe(new Date(clock.now()).toISOString());
    tokens.close();
    expect(written.uses).toBe(2);
  });

  test('whose use cannot be written down is let in all the same, and the use is written later', async () => {
    const clock = new VirtualClock();
    const { table } = rowsInMemory();
    const tries: number[] = [];
    const faults: unknown[] = [];
    const noteUses = (uses: ReadonlyMap<string, number>) => {
      tries.push(uses.size);
      if (tries.length === 1) throw new Error('the disk is full');
    };
    const tokens = new Tokens({
      table: { ...table, noteUses },
      clock,
      hasMaster: false,
      onFault: (error) => faults.push(error),
    });
    const { token } = tokens.create(wanted());
    tokens.callerOf(token);
    await clock.advance(accessLimits.tokenUseWriteMs);
    expect(tokens.callerOf(token)?.name).toBe('ci');
    await clock.advance(accessLimits.tokenUseWriteMs);
    expect([faults.length, tries]).toEqual([1, [1, 1]]);
  });
});

describe('making one is refused', () => {
  test('for the first one without the scope admin, unless somebody can administer anyway', () => {
    const { tokens } = setupTokens();
    expect(() => tokens.create(wanted({ scopes: ['read'] }))).toThrow(/first token needs the scope admin/);
    tokens.create(wanted({ scopes: ['worker'] }));
    expect(tokens.areAsked).toBe(false);
    tokens.create(wanted());
    expect(tokens.create(wanted({ scopes: ['read'] })).view.scopes).toEqual(['read']);
    expect(setupTokens({ hasMaster: true }).tokens.create(wanted({ scopes: ['read'] }))).toBeDefined();
  });

  test.each([-1, 0, accessLimits.tokenLifeMsMax + 1])('for a life of %i ms', (lifeMs) => {
    const clock = new VirtualClock();
    const { tokens } = setupTokens({ clock });
    const expiresAtMs = clock.now() + lifeMs;
    expect(() => tokens.create(wanted({ expiresAtMs }))).toThrow(/within ten years/);
  });

  test('beyond so many that hold, until one is revoked', () => {
    const { tokens } = setupTokens();
    const made = Array.from({ length: accessLimits.tokensMax }, () => tokens.create(wanted()).view);
    expect(() => tokens.create(wanted())).toThrow(/as many as can be/);
    tokens.revoke(made[0]?.token_id ?? '');
    expect(tokens.create(wanted()).view.name).toBe('ci');
  });
});

test('of those that are over so many are kept, and the oldest go first', () => {
  const { tokens, rows } = setupTokens();
  const made = Array.from({ length: accessLimits.tokensOverMax + 3 }, () => {
    const { view } = tokens.create(wanted());
    tokens.revoke(view.token_id);
    return view.token_id;
  });
  expect(rows.length).toBe(accessLimits.tokensOverMax);
  expect(rows.map(({ tokenId }) => tokenId)).toEqual(made.slice(-accessLimits.tokensOverMax));
});
