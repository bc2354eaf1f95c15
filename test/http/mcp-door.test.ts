import { expect, test } from 'vitest';
import type { Config } from '../../src/config.ts';
import { limits } from '../../src/machines/limits.ts';
import { mcpLimits } from '../../src/machines/mcp-limits.ts';
import { eras, setupMcp, textOf } from '../support/mcp-client.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { until } from '../support/until.ts';
import { requestOf } from './mcp-task-client.ts';

const token = 'a-token-of-the-api-0123456789';

test('with a token configured a client without it is turned away, and one with it is served', async () => {
  const { connect, send } = await setupMcp({
    change: (config) => ({ ...config, apiToken: token }),
  });
  expect((await send('{"jsonrpc":"2.0","id":1,"method":"tools/list"}')).status).toBe(401);
  for (const era of eras) {
    await expect(connect(era)).rejects.toThrow();
    const client = await connect(era, { authorization: `Bearer ${token}` });
    expect((await client.listTools()).tools.length).toBeGreaterThan(8);
  }
});

test('pages of other sites are kept out', async () => {
  const { send } = await setupMcp();
  const { status } = await send('{}', { origin: 'https://evil.example' });
  expect(status).toBe(403);
});

const deep = `${'['.repeat(limits.jsonDepthMax + 2)}${']'.repeat(limits.jsonDepthMax + 2)}`;
const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };

test.each<[string, string | Uint8Array, number, number]>([
  ['nothing', '', 400, -32_600],
  ['no JSON', '{"jsonrpc":', 400, -32_700],
  ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 400, -32_700],
  ['depth', deep, 400, -32_600],
  ['more than a body may hold', `"${'x'.repeat(limits.bodyBytesMax)}"`, 413, -32_600],
  ['no message', '{"hello":"world"}', 400, -32_600],
  ['too long a batch', JSON.stringify(Array(mcpLimits.batchMessagesMax + 1).fill(ping)), 400, -32_600],
])('%s is refused in the words of JSON-RPC', async (_what, body, status, code) => {
  const { send } = await setupMcp();
  const answer = await send(body);
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.text)).toMatchObject({
    jsonrpc: '2.0',
    error: { code, message: expect.any(String) },
    id: null,
  });
});

test('a prompt of the greatest length is taken, and one that is longer is refused by its name', async () => {
  const { connect, runtime } = await setupMcp({ backend: new PuppetBackend().backend });
  const client = await connect('2025-11-25');
  const delegate = (prompt: string) =>
    client.callTool({ name: 'koubou_delegate_task', arguments: { prompt } });
  const taken = (await delegate('x'.repeat(limits.promptCharsMax))).structuredContent;
  const { task_id } = taken as { task_id: never };
  expect(runtime.task(task_id).prompt).toHaveLength(limits.promptCharsMax);
  const refused = await delegate('x'.repeat(limits.promptCharsMax + 1));
  expect(refused.isError).toBe(true);
  expect(textOf(refused)).toMatch(/^INVALID_REQUEST: prompt: /);
});

test('what cannot be done with the path is told, and how it can', async () => {
  const { url } = await setupMcp();
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const { status } = await fetch(`${url}/mcp`, { method });
    expect(status).toBe(405);
  }
  const { status } = await fetch(`${url}/mcp`, { method: 'POST', body: '{}' });
  expect(status).toBe(415);
});

test('who waits when the server stops is told the id of the task, and who comes then is told to come back', async () => {
  const { backend } = new PuppetBackend();
  const change = (config: Config) => ({ ...config, server: { ...config.server, drainGraceMs: 0 } });
  const { runtime, send, logged } = await setupMcp({ backend, change });
  let accepted = 0;
  runtime.stream.subscribe(({ fact }) => {
    if (fact.type === 'task.accepted') accepted += 1;
  });
  const wanted = { name: 'koubou_delegate_task', arguments: { prompt: 'p', sync: true } };
  const { body, headers } = requestOf('tools/call', wanted, false);
  const older = JSON.stringify({ jsonrpc: '2.0', id: 8, method: 'tools/call', params: wanted });
  const waiting = Promise.all([send(body, headers), send(older)]);
  await until(() => expect(accepted).toBe(2));
  await runtime.drain();
  for (const { status, text } of await waiting) {
    expect(status).toBe(200);
    expect(text).toMatch(/task_\d{8}_\d{6}/);
  }
  const late = await send(body, headers);
  expect(late.status).toBe(503);
  expect(late.headers.get('retry-after')).toBe('5');
  expect(JSON.parse(late.text)).toMatchObject({
    jsonrpc: '2.0',
    id: 7,
    error: { message: expect.stringMatching(/stop/) },
  });
  expect(logged).toEqual([]);
});
