import type { CallToolResult, Client } from '@modelcontextprotocol/client';
import { describe, expect, test } from 'vitest';
import { mcpLimits } from '../../src/machines/mcp-limits.ts';
import { eras, setupMcp, textOf } from '../support/mcp-client.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { spec, succeeded } from '../support/running-server.ts';
import { until } from '../support/until.ts';

interface Told {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

function delegate(client: Client, told: Told[], options: { signal?: AbortSignal } = {}) {
  return client.callTool(
    { name: 'koubou_delegate_task', arguments: { prompt: 'p', sync: true } },
    { onprogress: (each) => void told.push(each), ...options },
  );
}

describe.each(eras)('a client of %s', (era) => {
  test('hears how its task goes while it waits: in the queue, then what is written', async () => {
    const puppet = new PuppetBackend();
    const { connect, runtime } = await setupMcp({
      backend: puppet.backend,
      workers: [{ maxConcurrentTasks: 1 }],
    });
    await runtime.delegate([spec({ priority: 9 })]);
    const first = await puppet.job(1);
    const client = await connect(era);
    const told: Told[] = [];
    const answer = delegate(client, told);
    await until(() => expect(told.at(-1)?.message).toMatch(/^waits for a worker/));
    first.settle(succeeded('first'));
    const { io, settle } = await puppet.job(2);
    io.onText('twelve chars');
    await until(() => expect(told.at(-1)?.message).toMatch(/^runs on worker_1, 12 characters so far/));
    settle(succeeded('twelve chars'));
    expect(textOf(await answer)).toBe('twelve chars');
    const values = told.map(({ progress }) => progress);
    expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
  });

  test('that gives up ends the wait alone: the task goes on', async () => {
    const puppet = new PuppetBackend();
    const { connect, runtime } = await setupMcp({ backend: puppet.backend });
    const waits = () => runtime.stream.followers;
    const client = await connect(era);
    const before = waits();
    const controller = new AbortController();
    const told: Told[] = [];
    const answer = delegate(client, told, { signal: controller.signal }).catch((error) => error);
    const { job, settle } = await puppet.job(1);
    await until(() => expect(told.length).toBeGreaterThan(0));
    expect(waits()).toBeGreaterThan(before);
    controller.abort();
    expect(await answer).toBeInstanceOf(Error);
    await until(() => expect(waits()).toBe(before));
    settle(succeeded('all the same'));
    await runtime.wait(job.taskId, 5_000);
    const seen: CallToolResult = await client.callTool({
      name: 'koubou_get_task',
      arguments: { task_id: job.taskId },
    });
    expect(textOf(seen)).toBe('all the same');
  });
});

test('a cancellation by notification ends the wait although the connection stays open', async () => {
  const puppet = new PuppetBackend();
  const { send, runtime } = await setupMcp({ backend: puppet.backend });
  const initialize = {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
  };
  const { headers } = await send(JSON.stringify(initialize));
  const session = { 'mcp-session-id': headers.get('mcp-session-id') as string };
  const before = runtime.stream.followers;
  const call = {
    jsonrpc: '2.0',
    id: 7,
    method: 'tools/call',
    params: { name: 'koubou_delegate_task', arguments: { prompt: 'p', sync: true } },
  };
  const open = send(JSON.stringify(call), session);
  await puppet.job(1);
  await until(() => expect(runtime.stream.followers).toBeGreaterThan(before));
  const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } };
  await send(JSON.stringify(cancel), { 'mcp-session-id': 'another' });
  expect(runtime.stream.followers).toBeGreaterThan(before);
  await send(JSON.stringify(cancel), session);
  await until(() => expect(runtime.stream.followers).toBe(before));
  expect((await open).text).not.toContain('"result"');
});

test('without a token for it no progress is told, and the wait is bounded', async () => {
  const { connect } = await setupMcp({ backend: new PuppetBackend().backend });
  const client = await connect('2026-07-28');
  const result = await client.callTool({
    name: 'koubou_delegate_task',
    arguments: { prompt: 'p', sync: true, wait_seconds: 0.05 },
  });
  expect(result.isError).toBeFalsy();
  expect(result.structuredContent).toMatchObject({ status: 'in_progress', success: null });
  expect(textOf(result)).toContain('koubou_wait_task');
  expect(mcpLimits.waitMsDefault).toBeLessThan(60_000);
});
