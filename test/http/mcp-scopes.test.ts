import { describe, expect, test } from 'vitest';
import type { Scope } from '../../src/machines/scopes.ts';
import { type Era, eras, setupMcp, textOf } from '../support/mcp-client.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { spec } from '../support/running-server.ts';

async function setupWith(scope: Scope, era: Era) {
  const world = await setupMcp({
    backend: new PuppetBackend().backend,
    change: (config) => ({ ...config, apiToken: 'the-master-token-0123456789' }),
  });
  const { token } = world.runtime.tokens.create({ name: scope, scopes: [scope], expiresAtMs: null });
  const client = await world.connect(era, { authorization: `Bearer ${token}` });
  const { taskIds } = await world.runtime.delegate([spec()]);
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const result = await client.callTool({ name: `koubou_${name}`, arguments: args });
    return result.isError === true ? textOf(result) : 'done';
  };
  return { ...world, client, call, task_id: taskIds[0] as string };
}

describe.each(eras)('in %s', (era) => {
  test('a token to read with looks at everything, and changes nothing', async () => {
    const { call, client, task_id, runtime } = await setupWith('read', era);
    for (const [name, args] of [
      ['delegate_task', { prompt: 'p' }],
      ['delegate_many', { tasks: [{ prompt: 'p' }] }],
      ['cancel_task', { task_id }],
      ['retry_task', { task_id }],
    ] as const)
      expect(await call(name, args)).toMatch(/^FORBIDDEN: this takes a token with the scope submit/);
    expect(runtime.task(task_id as never).ended_at).toBeNull();
    expect(
      (await runtime.list({ kind: 'page', status: null, limit: 9, offset: 0, before: null })).total,
    ).toBe(1);
    expect(await call('get_task', { task_id })).toBe('done');
    expect(await call('list_tasks')).toBe('done');
    expect(await call('get_worker_status')).toBe('done');
    expect(await call('get_system_stats')).toBe('done');
    expect((await client.readResource({ uri: 'koubou://queue' })).contents).toHaveLength(1);
  });

  test('a token to submit with sees the tasks whose ids it knows, and no others', async () => {
    const { call, client, task_id } = await setupWith('submit', era);
    expect(await call('delegate_task', { prompt: 'p' })).toBe('done');
    expect(await call('get_task', { task_id })).toBe('done');
    for (const name of ['list_tasks', 'get_worker_status', 'get_system_stats'])
      expect(await call(name)).toMatch(/^FORBIDDEN: this takes a token with the scope read/);
    expect(await call('cancel_task', { task_id })).toBe('done');
    expect((await client.readResource({ uri: `koubou://tasks/${task_id}` })).contents).toHaveLength(1);
    for (const uri of ['koubou://queue', 'koubou://workers', 'koubou://logs/worker_1'])
      await expect(client.readResource({ uri })).rejects.toMatchObject({
        code: -32602,
        message: expect.stringContaining('scope read'),
      });
    const uris = (await client.listResources()).resources.map(({ uri }) => uri);
    expect(uris).toEqual(['koubou://workers', 'koubou://queue']);
    expect((await client.getPrompt({ name: 'delegate', arguments: {} })).messages).toHaveLength(1);
  });

  test('a token to join with as a worker does not come in', async () => {
    await expect(setupWith('worker', era)).rejects.toThrow();
  });
});
