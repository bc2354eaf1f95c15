import { Client } from '@modelcontextprotocol/client';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { describe, expect, test } from 'vitest';
import { mcpEnglish } from '../../src/cli/mcp-en.ts';
import { onDisposal } from '../support/disposal.ts';
import { eras, setupMcp, textOf } from '../support/mcp-client.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { succeeded } from '../support/running-server.ts';
import { until } from '../support/until.ts';
import { binPath, freshEnvironment, koubou, start, startServer } from './command.ts';

type Variables = ReturnType<typeof freshEnvironment>;

/** The official client, with `koubou mcp` as its child. */
async function connect(era: (typeof eras)[number], env: Variables) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [binPath, 'mcp'],
    env: { ...getDefaultEnvironment(), ...env },
    stderr: 'pipe',
  });
  let said = '';
  transport.stderr?.on('data', (bytes) => {
    said += bytes;
  });
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode: era === '2025-11-25' ? 'legacy' : { pin: era } } },
  );
  const faults: Error[] = [];
  client.onerror = (error) => void faults.push(error);
  await client.connect(transport);
  onDisposal(() => client.close());
  return { client, transport, faults, said: () => said };
}

const ping = (id: number) => `${JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' })}\n`;

describe.each(eras)('the official client of %s over stdio', (era) => {
  test('finds the tools, delegates, hears how it goes, and reads what came of it', async () => {
    const puppet = new PuppetBackend();
    const { url } = await setupMcp({ backend: puppet.backend });
    const { client, faults } = await connect(era, freshEnvironment({ KOUBOU_URL: url }));
    expect(client.getNegotiatedProtocolVersion()).toBe(era);
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('koubou_delegate_task');
    const progress: unknown[] = [];
    const asked = client.callTool(
      { name: 'koubou_delegate_task', arguments: { prompt: 'capital of Japan?', sync: true } },
      { onprogress: (one) => void progress.push(one) },
    );
    const job = await puppet.job(1);
    await until(() => expect(progress.length).toBeGreaterThan(0));
    job.settle(succeeded('東京'));
    const result = await asked;
    expect(textOf(result)).toBe('東京');
    const { task_id, resource } = result.structuredContent as { task_id: string; resource: string };
    const { contents } = await client.readResource({ uri: resource });
    expect(JSON.stringify(contents)).toContain(task_id);
    const { messages } = await client.getPrompt({ name: 'delegate' });
    expect(messages.length).toBeGreaterThan(0);
    expect(faults).toEqual([]);
  });

  test('goes on with a server that was started anew, elsewhere; in between it is told what is wrong', async () => {
    const env = freshEnvironment();
    const first = await startServer(env);
    const { client, said } = await connect(era, env);
    const list = () => client.callTool({ name: 'koubou_list_tasks', arguments: {} });
    await list();
    first.child.kill('SIGTERM');
    await first.ended;
    await expect(list()).rejects.toMatchObject({
      code: -32_000,
      message: expect.stringContaining('No server'),
    });
    await expect(list()).rejects.toThrow('koubou start');
    expect(said().match(/No server answers/g)).toHaveLength(1);
    await startServer(env);
    expect((await list()).isError).not.toBe(true);
    await until(() => expect(said()).toMatch(new RegExp(`${mcpEnglish.back('http://127.0.0.1:\\d+')}\n$`)));
  });

  test('cancels a request at the server, and goes on', async () => {
    const { url, runtime } = await setupMcp({ backend: () => new Promise(() => undefined) });
    const { client, faults } = await connect(era, freshEnvironment({ KOUBOU_URL: url }));
    const waiting = new AbortController();
    const waited = client.callTool(
      { name: 'koubou_delegate_task', arguments: { prompt: 'p', sync: true, wait_seconds: 600 } },
      { signal: waiting.signal },
    );
    await until(() => expect(runtime.stream.followers).toBe(1));
    waiting.abort();
    await expect(waited).rejects.toThrow();
    await until(() => expect(runtime.stream.followers).toBe(0));
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    expect(faults).toEqual([]);
  });
});

describe('koubou mcp', () => {
  test('answers with an error, in the language of the operator, when no server runs; and ends with stdin', async () => {
    const env = freshEnvironment({ LANG: 'ja_JP.UTF-8' });
    const { child, output, ended } = start(['mcp'], env);
    child.stdin?.write(`${ping(1)}no message\n${ping(2)}`);
    await until(() => expect(output.stdout.split('\n')).toHaveLength(3));
    const answers = output.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map(({ id }) => id).toSorted()).toEqual([1, 2]);
    for (const { error } of answers)
      expect(error).toMatchObject({
        code: -32_000,
        message: expect.stringContaining('サーバーが応答しません'),
      });
    child.stdin?.end();
    const { exitCode, stderr } = await ended;
    expect(exitCode).toBe(0);
    expect(stderr.match(/サーバーが応答しません/g)).toHaveLength(1);
  });

  test('presents the token, and says what to do without one', async () => {
    const { url } = await setupMcp({ change: (config) => ({ ...config, apiToken: 'hush' }) });
    const bare = freshEnvironment({ KOUBOU_URL: url });
    const { client } = await connect('2025-11-25', { ...bare, KOUBOU_API_TOKEN: 'hush' });
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    const { child, output } = start(['mcp'], bare);
    child.stdin?.write(ping(1));
    await until(() => expect(output.stdout).not.toBe(''));
    expect(JSON.parse(output.stdout).error.message).toMatch(
      /set KOUBOU_API_TOKEN to the token of the server$/,
    );
    expect(output.stderr).toContain('KOUBOU_API_TOKEN');
  });

  test('goes to the server that --server names', async () => {
    const env = freshEnvironment();
    const { child, output } = start(['mcp', '--server', 'http://127.0.0.1:9'], env);
    child.stdin?.write(ping(1));
    await until(() => expect(output.stdout).not.toBe(''));
    expect(JSON.parse(output.stdout).error.message).toContain('http://127.0.0.1:9');
  });

  test('does not begin with what is no URL', async () => {
    const { exitCode, stdout, stderr } = await koubou(['mcp', '--server', 'workshop'], freshEnvironment());
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('workshop');
  });
});
