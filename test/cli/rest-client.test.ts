import { expect, test } from 'vitest';
import { english } from '../../src/cli/messages-en.ts';
import { Refusal, RestClient, Unreachable } from '../../src/cli/rest-client.ts';
import { breakOff, json, standIn } from './stand-in.ts';

test('a delegation whose connection breaks is sent again under the same key', async () => {
  const { client, asked } = await standIn([
    breakOff,
    breakOff,
    json(202, { task_id: 't1', status: 'pending' }),
  ]);
  expect(await client.delegate({ prompt: 'x' })).toMatchObject({ task_id: 't1' });
  const keys = asked.map(({ headers }) => headers['idempotency-key']);
  expect(keys[0]).toMatch(/^[\da-f-]{36}$/);
  expect(new Set(keys).size).toBe(1);
});

test('two delegations have two keys', async () => {
  const accepted = json(202, { task_id: 't1', status: 'pending' });
  const { client, asked } = await standIn([accepted, accepted]);
  await client.delegate({ prompt: 'x' });
  await client.delegate({ prompt: 'x' });
  expect(asked[0]?.headers['idempotency-key']).not.toBe(asked[1]?.headers['idempotency-key']);
});

test('it gives up after three tries, and says what is not known', async () => {
  const { client, asked } = await standIn([breakOff, breakOff, breakOff]);
  await expect(client.delegate({ prompt: 'x' })).rejects.toThrow(/The connection to .* broke/);
  expect(asked).toHaveLength(3);
});

test('a refusal is told in the words of the server, and is not tried again', async () => {
  const refusal = { error: { code: 'RATE_LIMITED', message: 'too much at once', details: {} } };
  const { client, asked } = await standIn([json(429, refusal)]);
  const error = await client.delegate({ prompt: 'x' }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Refusal);
  expect(error).toMatchObject({
    status: 429,
    code: 'RATE_LIMITED',
    message: 'too much at once',
    exitCode: 1,
  });
  expect(asked).toHaveLength(1);
});

test('the token is presented with every request, and asked for where it is missing', async () => {
  const refusal = { error: { code: 'UNAUTHORIZED', message: 'a token, please', details: {} } };
  const { client, asked } = await standIn([json(401, refusal)]);
  await expect(client.workers()).rejects.toThrow('set KOUBOU_API_TOKEN to the token of the server');
  expect(asked[0]?.headers.authorization).toBe('Bearer hush');
});

test.each([
  ['another program', json(200, { hello: 'world' })],
  ['a page', (response: import('node:http').ServerResponse) => void response.end('<html></html>')],
  ['a proxy that fails', json(502, { message: 'Bad gateway' })],
])('%s at the address is recognized', async (_, answer) => {
  const { client } = await standIn([answer]);
  await expect(client.readiness()).rejects.toThrow('is not Koubou');
});

test('nobody at the address: it says how to start a server', async () => {
  const client = new RestClient({ url: 'http://127.0.0.1:9', token: null }, english);
  const refused = new RestClient({ url: await closedAddress(), token: null }, english);
  await expect(client.workers()).rejects.toBeInstanceOf(Unreachable);
  await expect(refused.workers()).rejects.toThrow('koubou start');
});

async function closedAddress(): Promise<string> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as import('node:net').AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
