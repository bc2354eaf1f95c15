import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { patientFetch } from '../../src/actors/patient-fetch.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the patient fetch', () => {
  test('sends method, headers and body, and gives back status, headers and body', async () => {
    const url = await serve((request, response) => {
      response.writeHead(418, { 'x-method': request.method, 'x-sent': request.headers['x-sent'] });
      request.pipe(response);
    });
    const response = await patientFetch(url, { method: 'POST', headers: { 'X-Sent': 'yes' }, body: '工房' });
    expect([response.status, response.headers.get('x-method'), response.headers.get('x-sent')]).toEqual([
      418,
      'POST',
      'yes',
    ]);
    expect(await response.text()).toBe('工房');
  });

  test.each([204, 304])('takes a %d, which has no body', async (status) => {
    const url = await serve((_request, response) => response.writeHead(status).end());
    expect((await patientFetch(url)).body).toBeNull();
  });

  test('rejects with the code of the socket', async () => {
    const url = await serve((_request, response) => response.socket?.resetAndDestroy());
    await expect(patientFetch(url)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('breaks the body off with an error when the connection breaks, also when nobody reads yet', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('only this', () => response.socket?.resetAndDestroy());
    });
    const response = await patientFetch(url);
    await expect(response.text()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('closes the connection on abort, before and after the headers', async () => {
    for (const sendHeaders of [false, true]) {
      const url = await serve((_request, response) => {
        response.on('close', () => gone());
        if (sendHeaders) response.writeHead(200).flushHeaders();
        arrived();
      });
      let arrived = (): void => {};
      let gone = (): void => {};
      const atServer = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const left = new Promise<void>((resolve) => {
        gone = resolve;
      });
      const controller = new AbortController();
      const reading = patientFetch(url, { signal: controller.signal }).then((response) => response.text());
      await atServer;
      controller.abort();
      await expect(reading).rejects.toThrow(/abort/i);
      await left;
    }
  });

  test('asks nobody when it is aborted before', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.end();
    });
    await expect(patientFetch(url, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
    await (await patientFetch(url)).text();
    expect(requests).toBe(1);
  });
});
