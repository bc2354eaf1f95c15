import { describe, expect, test } from 'vitest';
import { failed } from '../../src/machines/outcome.ts';
import { eras, setupMcp, textOf } from '../support/mcp-client.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { succeeded } from '../support/running-server.ts';

const toolNames = [
  'koubou_delegate_task',
  'koubou_delegate_many',
  'koubou_get_task',
  'koubou_wait_task',
  'koubou_list_tasks',
  'koubou_cancel_task',
  'koubou_retry_task',
  'koubou_get_worker_status',
  'koubou_get_system_stats',
];

const refused: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ['koubou_delegate_task', {}, 'INVALID_REQUEST: prompt: '],
  ['koubou_delegate_task', { prompt: ' ' }, 'INVALID_REQUEST: prompt: must not be empty'],
  ['koubou_delegate_task', { prompt: 'p', prioritty: 3 }, 'prioritty'],
  ['koubou_delegate_task', { prompt: 'p', priority: 11 }, 'priority'],
  ['koubou_delegate_task', { prompt: 'p', type: 'poetry' }, 'type'],
  ['koubou_delegate_task', { prompt: 'p', output_file: '../x' }, 'output_file'],
  ['koubou_delegate_task', { prompt: 'p', options: { timeout: -1 } }, 'options.timeout'],
  ['koubou_delegate_task', { prompt: 'p', wait_seconds: 601 }, 'wait_seconds'],
  ['koubou_delegate_many', { tasks: [] }, 'tasks'],
  ['koubou_delegate_many', { tasks: [{ prompt: 'p' }, {}] }, 'tasks.1.prompt'],
  ['koubou_get_task', { task_id: 'nonsense' }, 'TASK_NOT_FOUND: there is no such task'],
  ['koubou_wait_task', { task_id: 'task_20200101_000000_000000_abc' }, 'TASK_NOT_FOUND: '],
  ['koubou_get_worker_status', { worker_id: 'nobody' }, 'nobody'],
  ['koubou_list_tasks', { limit: 101 }, 'limit'],
  ['koubou_get_system_stats', { hours: 0 }, 'hours'],
];

describe.each(eras)('a client of %s', (era) => {
  test('finds all tools, each with schemas, a title and hints', async () => {
    const { connect } = await setupMcp();
    const client = await connect(era);
    expect(client.getNegotiatedProtocolVersion()).toBe(era);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual([...toolNames].sort());
    for (const { title, description, inputSchema, outputSchema, annotations } of tools) {
      expect(title).toBeTruthy();
      expect(description?.length).toBeGreaterThan(50);
      expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(outputSchema).toMatchObject({ type: 'object' });
      expect(Object.keys(annotations ?? {})).toEqual(
        expect.arrayContaining(['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint']),
      );
    }
  });

  test('delegates and gets the answer in one call', async () => {
    const { connect, runtime } = await setupMcp({ backend: async () => succeeded('東京') });
    const client = await connect(era);
    const result = await client.callTool({
      name: 'koubou_delegate_task',
      arguments: { prompt: 'capital of Japan?', type: 'analysis', priority: 8, sync: true },
    });
    expect(textOf(result)).toBe('東京');
    expect(result.structuredContent).toMatchObject({ status: 'completed', success: true, output: '東京' });
    const { task_id } = result.structuredContent as { task_id: never };
    expect(runtime.task(task_id)).toMatchObject({
      type: 'analysis',
      priority: 8,
      metadata: { created_by: 'mcp' },
    });
  });

  test('delegates, looks, waits, and gets the answer later', async () => {
    const puppet = new PuppetBackend();
    const { connect } = await setupMcp({ backend: puppet.backend });
    const client = await connect(era);
    const call = (name: string, args: Record<string, unknown>) =>
      client.callTool({ name: `koubou_${name}`, arguments: args });
    const accepted = await call('delegate_task', { prompt: 'p' });
    const { task_id } = accepted.structuredContent as { task_id: string };
    expect(textOf(accepted)).toContain(task_id);
    const { settle } = await puppet.job(1);
    const early = await call('wait_task', { task_id, wait_seconds: 0 });
    expect(early.isError).toBeFalsy();
    expect(early.structuredContent).toMatchObject({ status: 'in_progress', success: null, output: null });
    expect(textOf(early)).toContain('goes on: it runs on worker_1');
    const waiting = call('wait_task', { task_id });
    settle(succeeded('later'));
    expect(textOf(await waiting)).toBe('later');
    const seen = await call('get_task', { task_id, attempts: true });
    expect(seen.structuredContent).toMatchObject({
      output: 'later',
      attempt_list: [{ worker_id: 'worker_1', status: 'completed' }],
    });
  });

  test('delegates many at once, in the order in which they stand', async () => {
    const { connect, runtime } = await setupMcp({ backend: new PuppetBackend().backend });
    const client = await connect(era);
    const tasks = ['a', 'b', 'c'].map((prompt) => ({ prompt, priority: 2 }));
    const result = await client.callTool({ name: 'koubou_delegate_many', arguments: { tasks } });
    const taken = (result.structuredContent as { tasks: { task_id: never }[] }).tasks;
    expect(taken.map(({ task_id }) => runtime.task(task_id).prompt)).toEqual(['a', 'b', 'c']);
    expect(textOf(result)).toContain('3 tasks accepted');
  });

  test('lists tasks page by page', async () => {
    const { connect } = await setupMcp({ backend: new PuppetBackend().backend });
    const client = await connect(era);
    const tasks = ['a', 'b', 'c'].map((prompt) => ({ prompt }));
    await client.callTool({ name: 'koubou_delegate_many', arguments: { tasks } });
    const list = async (args: object) => {
      const { structuredContent } = await client.callTool({
        name: 'koubou_list_tasks',
        arguments: { ...args },
      });
      return structuredContent as { tasks: { summary: string }[]; total: number; next_cursor: string | null };
    };
    const first = await list({ limit: 2 });
    expect([first.tasks.map(({ summary }) => summary), first.total]).toEqual([['c', 'b'], 3]);
    const second = await list({ limit: 2, cursor: first.next_cursor });
    expect([second.tasks.map(({ summary }) => summary), second.next_cursor]).toEqual([['a'], null]);
    expect((await list({ status: 'failed' })).tasks).toEqual([]);
  });

  test('cancels a task, once, and tries it again as another one', async () => {
    const { connect, runtime } = await setupMcp({ backend: new PuppetBackend().backend });
    const client = await connect(era);
    const call = async (name: string, args: Record<string, unknown>) =>
      client.callTool({ name: `koubou_${name}`, arguments: args });
    const { structuredContent } = await call('delegate_task', { prompt: 'p' });
    const { task_id } = structuredContent as { task_id: string };
    expect((await call('cancel_task', { task_id })).structuredContent).toEqual({
      task_id,
      status: 'cancelled',
    });
    const again = await call('cancel_task', { task_id });
    expect(again.isError).toBe(true);
    expect(textOf(again)).toMatch(/^CONFLICT: /);
    const retried = (await call('retry_task', { task_id })).structuredContent as { task_id: never };
    expect(retried).toMatchObject({ retry_of: task_id });
    expect(runtime.task(retried.task_id).prompt).toBe('p');
  });

  test('sees the workers and the figures of the pool', async () => {
    const { connect } = await setupMcp();
    const client = await connect(era);
    await client.callTool({ name: 'koubou_delegate_task', arguments: { prompt: 'p', sync: true } });
    const workers = await client.callTool({ name: 'koubou_get_worker_status', arguments: {} });
    expect(workers.structuredContent).toMatchObject({
      workers: [{ worker_id: 'worker_1', tasks_completed: 1 }],
    });
    expect(textOf(workers)).toMatch(/^worker_1: .*1 completed, 0 failed$/);
    const stats = await client.callTool({ name: 'koubou_get_system_stats', arguments: { hours: 1 } });
    expect(stats.structuredContent).toMatchObject({
      state: 'running',
      tasks: { completed: 1 },
      success_rate: 1,
      success_by_type: [{ type: 'general', completed: 1, failed: 0, success_rate: 1 }],
    });
    expect(textOf(stats)).toContain('- general: 100 % of 1 completed');
  });

  test('is told what is wrong with its arguments as a result, with a code', async () => {
    const { connect } = await setupMcp();
    const client = await connect(era);
    for (const [name, args, words] of refused) {
      const result = await client.callTool({ name, arguments: args });
      expect(result.isError).toBe(true);
      expect(textOf(result)).toContain(words);
      expect(result._meta?.['koubou/error']).toMatchObject({ code: expect.stringMatching(/^[A-Z_]+$/) });
    }
  });

  test('is told by the protocol that there is no such tool', async () => {
    const { connect } = await setupMcp();
    const client = await connect(era);
    await expect(client.callTool({ name: 'koubou_fly', arguments: {} })).rejects.toMatchObject({
      code: -32602,
    });
  });

  test('has a failed task as an error where it waited for the answer, and as data where it looks', async () => {
    const { connect } = await setupMcp({ backend: async () => failed('model.unknown', 'no model x') });
    const client = await connect(era);
    const failure = await client.callTool({
      name: 'koubou_delegate_task',
      arguments: { prompt: 'p', sync: true },
    });
    expect(failure.isError).toBe(true);
    expect(textOf(failure)).toContain('(model.unknown): no model x');
    const { task_id } = failure.structuredContent as { task_id: string };
    const seen = await client.callTool({ name: 'koubou_get_task', arguments: { task_id } });
    expect(seen.isError).toBeFalsy();
    expect(seen.structuredContent).toMatchObject({ success: false, error_code: 'model.unknown' });
  });

  test('gets a long answer in parts', async () => {
    const whole = '鍛'.repeat(100_000);
    const { connect } = await setupMcp({ backend: async () => succeeded(whole) });
    const client = await connect(era);
    const first = await client.callTool({
      name: 'koubou_delegate_task',
      arguments: { prompt: 'p', sync: true },
    });
    const part = first.structuredContent as {
      task_id: string;
      output: string;
      output_next_offset: number | null;
    };
    expect(part).toMatchObject({ output_chars: 100_000, output_next_offset: 40_000 });
    expect(textOf(first)).toContain('output_offset 40000');
    let read = part.output;
    for (let at = part.output_next_offset; at !== null; ) {
      const { structuredContent } = await client.callTool({
        name: 'koubou_get_task',
        arguments: { task_id: part.task_id, output_offset: at },
      });
      const next = structuredContent as typeof part;
      read += next.output;
      at = next.output_next_offset;
    }
    expect(read === whole).toBe(true);
  });

  test('makes one task of a call that is repeated under its key', async () => {
    const { connect } = await setupMcp({ backend: new PuppetBackend().backend });
    const client = await connect(era);
    const ask = async (prompt: string) =>
      client.callTool({ name: 'koubou_delegate_task', arguments: { prompt, idempotency_key: 'k' } });
    const [first, second] = [await ask('p'), await ask('p')];
    const idOf = ({ structuredContent }: typeof first) => (structuredContent as { task_id: string }).task_id;
    expect(idOf(second)).toBe(idOf(first));
    expect(textOf(await ask('other'))).toMatch(/^CONFLICT: /);
  });
});
