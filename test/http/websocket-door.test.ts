import { EventEmitter, once } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../src/machines/limits.ts';
import { linkLimits } from '../../src/machines/link-limits.ts';
import { spec } from '../support/running-server.ts';
import { until } from '../support/until.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { setupWatching } from '../support/watching.ts';
import { knock } from '../support/worker-door.ts';

afterEach(() => vi.useRealTimers());

const token = 'right/token+0123456789=';
const withToken = { change: (config: Parameters<Change>[0]) => ({ ...config, apiToken: token }) };
const withPanel: { change: Change } = {
  change: (config) => ({
    ...withToken.change(config),
    server: { ...config.server, allowedOrigins: ['https://panel.example'] },
  }),
};
type Change = NonNullable<NonNullable<Parameters<typeof setupWatching>[0]>['change']>;

describe('without a token configured', () => {
  test('programs and pages of this machine come in', async () => {
    const { url } = await setupWatching();
    for (const origin of ['http://localhost:8080', 'http://127.0.0.1:8080']) {
      expect((await knock(url, { origin })).status).toBe(101);
    }
  });

  test('pages of other sites are kept out, and names that point here', async () => {
    const { url } = await setupWatching();
    expect((await knock(url, { origin: 'https://elsewhere.example' })).status).toBe(403);
    expect((await knock(url, { host: 'rebound.example:8766' })).status).toBe(403);
  });
});

describe('with a token configured', () => {
  test('a header lets in, and a wrong one does not', async () => {
    const { watch, url } = await setupWatching(withToken);
    const watching = watch([], { headers: { authorization: `Bearer ${token}` } });
    expect((await watching.next()).type).toBe('initial_state');
    expect((await knock(url, { authorization: 'Bearer wrong' })).status).toBe(401);
  });

  test('a subprotocol lets in, for pages cannot set headers; it is not sent back', async () => {
    const { watch } = await setupWatching(withPanel);
    const watching = watch(['koubou', `koubou.token.${encodeURIComponent(token)}`], {
      headers: { origin: 'https://panel.example' },
    });
    expect((await watching.next()).type).toBe('initial_state');
    expect(watching.ws.protocol).toBe('koubou');
  });

  test('a page of a site that nobody has named is kept out, even with the token', async () => {
    const { url } = await setupWatching(withPanel);
    const ask = (origin: string) => knock(url, { origin, authorization: `Bearer ${token}` });
    expect((await ask('https://panel.example')).status).toBe(101);
    expect((await ask('https://panel.example:444')).status).toBe(403);
    expect((await ask('null')).status).toBe(403);
  });

  test('a subprotocol that is wrong, or alone, does not', async () => {
    const { url } = await setupWatching(withToken);
    const offer = (protocols: string) => knock(url, { 'sec-websocket-protocol': protocols });
    expect((await offer('koubou, koubou.token.wrong')).status).toBe(401);
    expect((await offer('koubou, koubou.token.%')).status).toBe(401);
    expect((await offer(`koubou.token.${encodeURIComponent(token)}`)).status).toBe(400);
  });

  test('the first frame lets in, and nothing is told before', async () => {
    const { runtime, watch } = await setupWatching(withToken);
    const watching = watch();
    expect(await watching.next()).toMatchObject({ type: 'auth_required' });
    await runtime.pause();
    watching.say({ command: 'auth', token });
    watching.say({ command: 'ping' });
    const types = [];
    for (let n = 0; n < 3; n += 1) types.push((await watching.next()).type);
    expect(types).toEqual(['authenticated', 'initial_state', 'pong']);
  });

  test.each([
    ['another command', { command: 'get_stats' }],
    ['a wrong token', { command: 'auth', token: 'wrong' }],
  ])('%s as the first frame ends the connection', async (_what, command) => {
    const { watch } = await setupWatching(withToken);
    const watching = watch();
    await watching.next('auth_required');
    expect(await watching.ask(command, 'error')).toMatchObject({ code: 'UNAUTHORIZED' });
    expect(await watching.closed).toBe(1008);
    expect(watching.messages.some(({ type }) => type === 'initial_state')).toBe(false);
  });

  test('who sends none in time is sent away', async () => {
    const doorClock = new VirtualClock();
    const { watch } = await setupWatching({ ...withToken, doorClock });
    const watching = watch();
    await watching.next('auth_required');
    await doorClock.advance(10_000);
    expect(await watching.closed).toBe(1008);
    await until(() => expect(doorClock.pending).toBe(0));
  });

  test('the query string lets nobody in: it would be logged', async () => {
    const { url } = await setupWatching(withToken);
    const { WebSocket } = await import('ws');
    const ws = new WebSocket(`${url}?token=${encodeURIComponent(token)}`);
    const first = await new Promise((resolve) =>
      ws.once('message', (data) => resolve(JSON.parse(String(data)))),
    );
    expect(first).toMatchObject({ type: 'auth_required' });
    ws.terminate();
  });

  test('ten wrong ones shut the door for this address, for a minute', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { url } = await setupWatching(withToken);
    for (let n = 0; n < linkLimits.wrongTokensMax; n += 1) {
      expect((await knock(url, { authorization: `Bearer ${n}` })).status).toBe(401);
    }
    expect((await knock(url, { authorization: `Bearer ${token}` })).status).toBe(429);
    vi.setSystemTime(Date.now() + linkLimits.wrongTokenWindowMs);
    expect((await knock(url, { authorization: `Bearer ${token}` })).status).toBe(101);
  });

  test('those who have yet to send theirs are at most so many, and keep out nobody who has one', async () => {
    const { watch, url } = await setupWatching(withToken);
    const strangers = Array.from({ length: limits.strangersMax }, () => watch());
    for (const stranger of strangers) await stranger.next('auth_required');
    expect((await knock(url, {})).status).toBe(429);
    expect((await knock(url, { authorization: `Bearer ${token}` })).status).toBe(101);
    strangers[0]?.ws.terminate();
    await until(async () => expect((await knock(url, {})).status).toBe(101));
  });
});

describe('over time', () => {
  test('statistics come every five seconds', async () => {
    const doorClock = new VirtualClock();
    const { watch } = await setupWatching({ doorClock });
    const watching = [watch(), watch()];
    for (const each of watching) await each.next('initial_state');
    await doorClock.advance(5_000);
    for (const each of watching) {
      expect(await each.next('periodic_stats')).toMatchObject({
        timestamp: '2026-01-01T00:00:05.000Z',
        data: { tasks: { completed: 0 }, workers: { total_workers: 1 }, active_connections: 2 },
      });
    }
    await doorClock.advance(5_000);
    await watching[0]?.next('periodic_stats');
  });

  test('a connection that does not answer a ping is cut, one that does is kept', async () => {
    const doorClock = new VirtualClock();
    const { watch } = await setupWatching({ doorClock });
    const [mute, alive] = [watch([], { autoPong: false }), watch()] as const;
    for (const each of [mute, alive]) await each.next('initial_state');
    const pinged = [mute, alive].map(({ ws }) => new Promise((resolve) => ws.once('ping', resolve)));
    await doorClock.advance(30_000);
    await Promise.all(pinged);
    await alive.ask({ command: 'ping' }, 'pong');
    await doorClock.advance(30_000);
    expect(await mute.closed).toBe(1006);
    await alive.ask({ command: 'ping' }, 'pong');
  });

  test('no timer is left when all have gone', async () => {
    const doorClock = new VirtualClock();
    const { watch } = await setupWatching({ doorClock });
    const watching = watch();
    await watching.next('initial_state');
    expect(doorClock.pending).toBeGreaterThan(0);
    watching.ws.close();
    await until(() => expect(doorClock.pending).toBe(0));
  });

  test('all go with a word when the server stops, and nobody comes in any more', async () => {
    const { runtime, enter, url } = await setupWatching();
    const watching = await enter();
    await watching.ask({ command: 'subscribe', channel: 'system' }, 'subscribed');
    await runtime.drain();
    expect(await watching.closed).toBe(1001);
    const said = watching.messages.filter(({ type }) => type === 'system_event').map(({ event }) => event);
    expect(said.at(-1)).toBe('pool.stopped');
    expect((await knock(url, {})).status).toBe(503);
  });
});

test('one connection too many is turned away, until another one goes', async () => {
  const { enter, url } = await setupWatching({ socketsMax: 2 });
  const [first] = [await enter(), await enter()];
  const { status, headers } = await knock(url, {});
  expect([status, headers['retry-after']]).toEqual([429, '5']);
  first?.ws.close();
  await until(async () => expect((await knock(url, {})).status).toBe(101));
});

test('a reader that does not read is cut off, and harms nobody', { timeout: 60_000 }, async () => {
  const { runtime, enter, watch } = await setupWatching();
  await runtime.pause();
  const slow = await enter();
  const brisk = await enter();
  for (const each of [slow, brisk]) await each.ask({ command: 'subscribe', channel: 'task' }, 'subscribed');
  slow.ws.pause();
  let told = 0;
  const tellings = new EventEmitter();
  brisk.ws.on('message', (data) => {
    // On a busy machine this takes longer than the five seconds between two statistics.
    if (String(data).includes('"periodic_stats"')) return;
    told += 1;
    tellings.emit('told');
  });
  const before = runtime.lastSeq;
  for (let round = 0; round < 40; round += 1) {
    await runtime.delegate(Array.from({ length: limits.bulkTasksMax }, () => spec({ prompt: 'p' })));
  }
  while (told < runtime.lastSeq - before) await once(tellings, 'told');
  expect(told).toBe(runtime.lastSeq - before);
  slow.ws.resume();
  // 1013, unless it was so slow that it did not read even that in time.
  expect([1013, 1006]).toContain(await slow.closed);
  const seen = slow.messages.filter(({ type }) => type === 'task_update');
  expect(seen.length).toBeLessThan(told);
  expect(brisk.messages.length).toBeGreaterThan(seen.length);
  const again = watch();
  await again.next('initial_state');
});
