import { auditServer } from 'graphql-http';
import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import type { Config } from '../../src/config/settings.ts';
import { openGraphqlListener } from '../../src/http/graphql/graphql-listener.ts';
import type { Runtime } from '../../src/runtime.ts';
import { onDisposal } from '../support/disposal.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { type SetUp, setupRuntime, spec, succeeded } from '../support/running-server.ts';
import { until } from '../support/until.ts';

interface Opened {
  readonly url: string;
  readonly runtime: Runtime;
  /** Those who listen to everything at this moment, over what the runtime has of its own. */
  readonly listeners: () => number;
}

async function open(setUp: SetUp = {}): Promise<Opened> {
  const { runtime } = await setupRuntime(setUp);
  let listeners = 0;
  const { stream } = runtime;
  const subscribe = stream.subscribe.bind(stream);
  stream.subscribe = (listener) => {
    const leave = subscribe(listener);
    let isListening = true;
    listeners += 1;
    return () => {
      leave();
      if (isListening) listeners -= 1;
      isListening = false;
    };
  };
  const listener = await openGraphqlListener(runtime, { error: () => undefined });
  onDisposal(() => listener.close(100));
  return { url: listener.url, runtime, listeners: () => listeners };
}

const withToken = (config: Config): Config => ({ ...config, apiToken: 'let-me-in' });

function connect(url: string, params: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
  class Socket extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols, { headers });
    }
  }
  const client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: Socket,
    connectionParams: params,
    retryAttempts: 0,
  });
  onDisposal(() => client.dispose());
  return client;
}

test('the server keeps to the specification of GraphQL over HTTP', async () => {
  const { url } = await open();
  const results = await auditServer({ url, fetchFn: fetch });
  const failed = results.filter(({ status, name }) => status !== 'ok' && !name.startsWith('MAY'));
  expect(failed.map(({ id, name }) => `${id} ${name}`)).toEqual([]);
  expect(results.length).toBeGreaterThan(50);
});

test('a client of the original finds it there', async () => {
  const { url } = await open();
  const response = await fetch(url, { headers: { accept: '*/*' } });
  expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('POST')]);
});

test('a task is followed over WebSocket until it has ended, and nobody listens after it', async () => {
  const puppet = new PuppetBackend();
  const { url, runtime, listeners } = await open({ backend: puppet.backend });
  const before = listeners();
  const { taskIds } = await runtime.delegate([spec()]);
  const seen: unknown[] = [];
  const client = connect(url);
  const query = `subscription { taskUpdated(id: "${taskIds[0]}") { status result } }`;
  const whole = (async () => {
    for await (const { data } of client.iterate({ query })) seen.push(data);
  })();
  const held = await puppet.job(1);
  await until(() => expect(seen.at(-1)).toMatchObject({ taskUpdated: { status: 'IN_PROGRESS' } }));
  expect(listeners()).toBe(before + 1);
  held.settle(succeeded('out'));
  await whole;
  expect(seen.at(-1)).toMatchObject({ taskUpdated: { status: 'COMPLETED', result: { output: 'out' } } });
  expect(listeners()).toBe(before);
});

test('a client that goes leaves no listener behind, over WebSocket as over SSE', async () => {
  const { url, listeners } = await open();
  const before = listeners();
  const client = connect(url);
  const query = 'subscription { workerUpdated(id: "worker_1") { id status } }';
  const updates = client.iterate({ query });
  expect((await updates.next()).value.data.workerUpdated).toMatchObject({ id: 'worker_1' });
  const away = new AbortController();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { systemStatusChanged { status } }' }),
    signal: away.signal,
  });
  let text = '';
  const reading = (async () => {
    for await (const bytes of response.body ?? []) text += Buffer.from(bytes).toString();
  })().catch(() => undefined);
  await until(() => expect(text).toContain('operational'));
  expect(listeners()).toBe(before + 2);
  client.terminate();
  away.abort();
  await reading;
  await until(() => expect(listeners()).toBe(before));
});

test('what is wrong with an operation is answered, and the connection lives on', async () => {
  const { url } = await open();
  const client = connect(url);
  await expect(client.iterate({ query: '{ nothing' }).next()).rejects.toMatchObject([
    { message: expect.stringContaining('Syntax') },
  ]);
  const unknown = await client.iterate({ query: 'subscription { workerUpdated(id: "x") { id } }' }).next();
  expect(unknown.value.errors).toMatchObject([{ message: expect.stringContaining('no worker') }]);
  expect((await client.iterate({ query: '{ health }' }).next()).value.data).toEqual({ health: 'healthy' });
});

test('without the token nothing is answered; with it everything is, by header or first message', async () => {
  const { url } = await open({ change: withToken });
  const post = (headers: Record<string, string>) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"query":"{ health }"}',
    });
  const refused = await post({});
  expect(refused.status).toBe(401);
  expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHORIZED' } }] });
  expect((await post({ authorization: 'Bearer let-me-in' })).status).toBe(200);
  const health = (params: Record<string, unknown>, headers: Record<string, string> = {}) =>
    connect(url, params, headers).iterate({ query: '{ health }' }).next();
  await expect(health({})).rejects.toMatchObject({ code: 4403 });
  await expect(health({ token: 'wrong' })).rejects.toMatchObject({ code: 4403 });
  await expect(health({}, { authorization: 'Bearer wrong' })).rejects.toBeDefined();
  for (const answer of [
    health({ token: 'let-me-in' }),
    health({ authorization: 'Bearer let-me-in' }),
    health({}, { authorization: 'Bearer let-me-in' }),
  ]) {
    expect((await answer).value.data).toEqual({ health: 'healthy' });
  }
});

test('pages of other sites get nothing, neither by HTTP nor by WebSocket', async () => {
  const { url } = await open();
  const foreign = { origin: 'https://elsewhere.example' };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...foreign },
    body: '{"query":"{ health }"}',
  });
  expect(response.status).toBe(403);
  await expect(connect(url, {}, foreign).iterate({ query: '{ health }' }).next()).rejects.toBeDefined();
  expect(
    (await connect(url, {}, { origin: 'http://localhost:8080' }).iterate({ query: '{ health }' }).next())
      .value.data,
  ).toEqual({ health: 'healthy' });
});

test('a stop ends subscriptions in order', async () => {
  const { runtime } = await setupRuntime();
  const listener = await openGraphqlListener(runtime, { error: () => undefined });
  const updates = connect(listener.url).iterate({ query: 'subscription { systemStatusChanged { status } }' });
  await updates.next();
  const goodbye = expect(updates.next()).rejects.toMatchObject({ code: 1001 });
  await listener.close(5_000);
  await goodbye;
});

test('a port that is taken is refused with the name of its variable', async () => {
  const { url, runtime } = await open();
  const { config } = runtime;
  const taken = { ...config, ports: { ...config.ports, graphql: Number(new URL(url).port) } };
  Object.defineProperty(runtime, 'config', { value: taken });
  await expect(openGraphqlListener(runtime, { error: () => undefined })).rejects.toMatchObject({
    code: 'port.taken',
    message: expect.stringContaining('KOUBOU_GRAPHQL_PORT'),
  });
});
