import { afterEach, describe, expect, test, vi } from 'vitest';
import { addressKey } from '../../src/http/access-address.ts';
import { BoundedLimiter, GuessLimit, RateLimits } from '../../src/http/rate-limits.ts';
import { accessLimits } from '../../src/machines/access-limits.ts';
import { linkLimits } from '../../src/machines/link-limits.ts';
import { digestOf } from '../../src/runtime/tokens.ts';
import { setupRest } from '../support/rest-client.ts';
import type { SetUp } from '../support/running-server.ts';

afterEach(() => vi.useRealTimers());

const settings = { strangerPerMinute: 3, strangerPerHour: 5, tokenPerMinute: 4, loopbackPerMinute: 0 };
const change: NonNullable<SetUp['change']> = (config) => ({
  ...config,
  apiToken: 'let-me-in',
  server: { ...config.server, rateLimit: settings },
});

/** Asks as if from another machine. */
async function setupRemote() {
  const { app } = await setupRest({ change });
  const ask = (path: string, address: string, headers: Record<string, string> = {}) =>
    app.request(path, { headers }, { incoming: { rawHeaders: [], socket: { remoteAddress: address } } });
  return { ask };
}

const known = { authorization: 'Bearer let-me-in' };

test('a stranger may ask so often a minute and so often an hour, and is told what is left and when to come back', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const { ask } = await setupRemote();
  const statuses = [];
  for (let n = 0; n < 4; n += 1) statuses.push((await ask('/health', '192.0.2.1')).status);
  expect(statuses).toEqual([200, 200, 200, 429]);
  const { headers } = await ask('/health', '192.0.2.1');
  expect(['retry-after', 'ratelimit-limit', 'ratelimit-remaining'].map((name) => headers.get(name))).toEqual([
    '60',
    '3',
    '0',
  ]);
  vi.setSystemTime(Date.now() + 60_000);
  const left = await ask('/health', '192.0.2.1');
  expect([left.status, left.headers.get('ratelimit-remaining')]).toEqual([200, '1']);
  expect((await ask('/health', '192.0.2.1')).status).toBe(200);
  const hour = await ask('/health', '192.0.2.1');
  expect([hour.status, hour.headers.get('ratelimit-limit')]).toEqual([429, '5']);
  expect(Number(hour.headers.get('retry-after'))).toBeGreaterThan(3_000);
  expect(await hour.json()).toMatchObject({ error: { code: 'RATE_LIMITED' } });
});

test('a refused stranger is counted as well, and another address is not', async () => {
  const { ask } = await setupRemote();
  const statuses = [];
  for (let n = 0; n < 4; n += 1) statuses.push((await ask('/tasks', '192.0.2.1')).status);
  expect(statuses).toEqual([401, 401, 401, 429]);
  expect((await ask('/tasks', '192.0.2.2')).status).toBe(401);
});

test('a token has an allowance of its own, told with each answer', async () => {
  const { ask } = await setupRemote();
  for (let n = 0; n < 4; n += 1) await ask('/health', '192.0.2.1');
  const { status, headers } = await ask('/tasks', '192.0.2.1', known);
  expect([status, headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')]).toEqual([
    200,
    '4',
    '3',
  ]);
  expect(headers.get('ratelimit-reset')).toBe('60');
  for (let n = 0; n < 3; n += 1) await ask('/tasks', '192.0.2.1', known);
  expect((await ask('/tasks', '192.0.2.1', known)).status).toBe(429);
});

test('this machine is asked for its token, but not slowed down', async () => {
  const { ask } = await setupRemote();
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
    for (let n = 0; n < 10; n += 1) expect((await ask('/tasks', address, known)).status).toBe(200);
    expect((await ask('/tasks', address)).status).toBe(401);
  }
});

test('a limit of 0 is none', async () => {
  const limits = new RateLimits({ ...settings, strangerPerMinute: 0, strangerPerHour: 0 });
  expect(await limits.take('stranger', 'a')).toBeNull();
});

describe('wrong tokens', () => {
  const guess = (limit: GuessLimit, address: string, text: string) => limit.count(address, digestOf(text));

  test('are counted by address; one that comes again and again is one', async () => {
    const limit = new GuessLimit();
    for (let n = 0; n < 1_000; n += 1) await guess(limit, '10.0.0.1', 'the old one');
    await expect(limit.assertMayTry('10.0.0.1')).resolves.toBeUndefined();
    for (let n = 1; n < linkLimits.wrongTokensMax; n += 1) await guess(limit, '10.0.0.1', `guess ${n}`);
    await expect(limit.assertMayTry('10.0.0.1')).rejects.toMatchObject({ code: 'rate.limited' });
    await expect(limit.assertMayTry('10.0.0.2')).resolves.toBeUndefined();
  });

  test('shut all doors that share a gate: ten at REST, and the right one is 429 for a minute', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { app } = await setupRest({ change });
    const ask = (token: string) => app.request('/tasks', { headers: { authorization: `Bearer ${token}` } });
    for (let n = 0; n < linkLimits.wrongTokensMax; n += 1) expect((await ask(`${n}`)).status).toBe(401);
    expect((await ask('let-me-in')).status).toBe(429);
    vi.setSystemTime(Date.now() + linkLimits.wrongTokenWindowMs);
    expect((await ask('let-me-in')).status).toBe(200);
  });
});

test('so many keys are remembered: the oldest is forgotten first', async () => {
  const limiter = new BoundedLimiter(1, 60_000, 3);
  for (const key of ['a', 'b', 'c']) await limiter.take(key);
  expect((await limiter.take('a')).isWithin).toBe(false);
  await limiter.take('d');
  expect((await limiter.take('c')).isWithin).toBe(false);
  expect((await limiter.take('a')).isWithin).toBe(true);
  expect(accessLimits.countedMax).toBeGreaterThan(1_000);
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['unknown', 'unknown'],
])('%s is counted as %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});
