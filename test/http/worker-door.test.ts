import { connect } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openWebsocketListener } from '../../src/http/websocket-listener.ts';
import { linkLimits } from '../../src/machines/link-limits.ts';
import { until } from '../support/until.ts';
import { knock, rightToken, setupDoor } from '../support/worker-door.ts';

afterEach(() => vi.useRealTimers());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('the door for workers', () => {
  test('lets in who has the token', async () => {
    const { url, accepted } = await setupDoor();
    expect((await knock(url, bearer(rightToken))).status).toBe(101);
    expect(accepted).toHaveLength(1);
  });

  test.each([
    ['no token', {}],
    ['a wrong token', bearer('wrong')],
    ['a token that begins right', bearer(rightToken.slice(0, -1))],
    ['another scheme', { authorization: `Basic ${rightToken}` }],
  ])('answers %s with 401, and says what is asked for', async (_what, headers) => {
    const { url, accepted } = await setupDoor();
    const { status, message, headers: answered } = await knock(url, headers);
    expect(status).toBe(401);
    expect(message).toContain('WORKER_AUTH_TOKEN');
    expect(answered['www-authenticate']).toBe('Bearer');
    expect(accepted).toEqual([]);
  });

  test('never logs a token', async () => {
    const { url, logged } = await setupDoor();
    await knock(url, bearer('wrong-but-secret'));
    expect(logged).toHaveLength(1);
    expect(logged.join()).not.toContain('secret');
    expect(logged.join()).not.toContain(rightToken);
  });

  test('is shut where the pool has no token, and says what to set', async () => {
    const { url } = await setupDoor({ token: null });
    const { status, message } = await knock(url, bearer(''.padEnd(10, 'x')));
    expect([status, message]).toEqual([403, expect.stringContaining('set WORKER_AUTH_TOKEN')]);
  });

  test('lets in who has a stored token with the scope worker, until it is revoked, and nobody with another', async () => {
    const { url, tokens, accepted } = await setupDoor({ token: null });
    const create = (...scopes: Parameters<typeof tokens.create>[0]['scopes'][number][]) =>
      tokens.create({ name: 'gpu', scopes, expiresAtMs: null });
    const { token, view } = create('worker');
    expect((await knock(url, bearer(create('admin').token))).status).toBe(403);
    const { WebSocket } = await import('ws');
    const ws = new WebSocket(url, { headers: bearer(token) });
    const closed = new Promise((resolve) => ws.on('close', resolve));
    await new Promise((resolve) => ws.on('open', resolve));
    expect(accepted).toHaveLength(1);
    tokens.revoke(view.token_id);
    expect(await closed).toBe(1008);
    expect((await knock(url, bearer(token))).status).toBe(403);
  });

  test('is shut for web pages, even with the token', async () => {
    const { url } = await setupDoor();
    const { status } = await knock(url, { ...bearer(rightToken), origin: 'http://localhost:8080' });
    expect(status).toBe(403);
  });

  test('turns an address away after ten wrong tokens a minute, with the right one too, and says for how long', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { url } = await setupDoor();
    for (let n = 0; n < linkLimits.wrongTokensMax; n += 1) {
      expect((await knock(url, bearer(`guess-${n}`))).status).toBe(401);
    }
    vi.setSystemTime(Date.now() + 18_500);
    const { status, headers } = await knock(url, bearer(rightToken));
    expect([status, headers['retry-after']]).toEqual([429, '42']);
    vi.setSystemTime(Date.now() + linkLimits.wrongTokenWindowMs - 18_500);
    expect((await knock(url, bearer(rightToken))).status).toBe(101);
  });

  test('is found at its path alone', async () => {
    const { listener } = await setupDoor();
    for (const path of ['', '/', '/workers', '/worker/', '/constructor']) {
      expect((await knock(listener.url + path, bearer(rightToken))).status).toBe(404);
    }
    expect((await knock(`${listener.url}/worker?x=1`, bearer(rightToken))).status).toBe(101);
  });
});

describe('the port for WebSockets', () => {
  test('tells a request that is none that it is no web server', async () => {
    const { listener } = await setupDoor();
    const response = await fetch(listener.url.replace('ws:', 'http:'));
    expect(response.status).toBe(426);
    expect(await response.json()).toMatchObject({ error: { code: 'INVALID_REQUEST' } });
  });

  test('that is taken refuses to open, and names the setting', async () => {
    const { listener } = await setupDoor();
    const port = Number(new URL(listener.url).port);
    const second = openWebsocketListener({ host: '127.0.0.1', port, doors: {} });
    await expect(second).rejects.toMatchObject({
      code: 'port.taken',
      message: expect.stringContaining('KOUBOU_WEBSOCKET_PORT'),
    });
  });

  test('survives a client that leaves in the middle of its request', async () => {
    const { listener, url } = await setupDoor();
    const socket = connect(Number(new URL(listener.url).port), '127.0.0.1');
    socket.write('GET /worker HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    socket.resetAndDestroy();
    await until(() => expect(socket.destroyed).toBe(true));
    expect((await knock(url, bearer(rightToken))).status).toBe(101);
  });

  test('closes connections that were taken over after its grace', async () => {
    const { listener, url } = await setupDoor();
    const { WebSocket } = await import('ws');
    const ws = new WebSocket(url, { headers: bearer(rightToken) });
    const closed = new Promise((resolve) => ws.on('close', resolve));
    await new Promise((resolve) => ws.on('open', resolve));
    await listener.close(0);
    expect(await closed).toBe(1006);
  });
});
