import { readFileSync } from 'node:fs';
import type { Client } from '@modelcontextprotocol/client';
import { describe, expect, test } from 'vitest';
import { guideEnglish } from '../../src/http/mcp/delegation-guide.ts';
import { guideJapanese } from '../../src/http/mcp/delegation-guide-ja.ts';
import { failed } from '../../src/machines/outcome.ts';
import { eras, setupMcp } from '../support/mcp-client.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { spec, succeeded } from '../support/running-server.ts';

/** The one content of a resource. */
async function readOne(client: Client, uri: string) {
  const { contents } = await client.readResource({ uri });
  expect(contents).toHaveLength(1);
  return contents[0] as { uri: string; mimeType: string; text: string; _meta?: Record<string, unknown> };
}

async function readJsonOf(client: Client, uri: string) {
  const { mimeType, text } = await readOne(client, uri);
  expect(mimeType).toBe('application/json');
  return JSON.parse(text);
}

describe.each(eras)('a client of %s', (era) => {
  test('reads a task, and its answer page by page', async () => {
    const whole = 'a'.repeat(9) + '鍛冶🔨'.repeat(20_000);
    const { connect, runtime } = await setupMcp({ backend: async () => succeeded(whole) });
    const { taskIds } = await runtime.delegate([spec({ prompt: 'p'.repeat(3_000) })]);
    const [id] = taskIds;
    await runtime.wait(id as never, 5_000);
    const client = await connect(era);
    const task = await readJsonOf(client, `koubou://tasks/${id}`);
    expect(task).toMatchObject({ task_id: id, status: 'completed', prompt_chars: 3_000 });
    expect(task.prompt).toHaveLength(2_000);
    let read = '';
    let pages = 0;
    for (let uri: string | null = task.output_resource as string; uri !== null; pages += 1) {
      const { text, _meta } = await readOne(client, uri);
      read += text;
      const page = _meta?.['koubou/page'] as { total_chars: number; next: string | null };
      expect(page.total_chars).toBe(whole.length);
      uri = page.next;
    }
    expect([read === whole, pages]).toEqual([true, 3]);
    const { text } = await readOne(client, `koubou://tasks/${id}/output?limit=3&offset=9`);
    // The third character would be half a hammer.
    expect(text).toBe('鍛冶🔨');
  });

  test('reads the workers, the queue and the log of a worker', async () => {
    const { connect, runtime } = await setupMcp({ backend: new PuppetBackend().backend });
    await runtime.delegate([spec({ priority: 2 }), spec({ priority: 7 })]);
    const client = await connect(era);
    expect((await readJsonOf(client, 'koubou://workers')).workers).toMatchObject([{ worker_id: 'worker_1' }]);
    expect((await readJsonOf(client, 'koubou://queue')).tasks).toMatchObject([
      { priority: 7 },
      { priority: 2 },
    ]);
    expect(await readJsonOf(client, 'koubou://logs/worker_1')).toEqual({ worker_id: 'worker_1', lines: [] });
  });

  test('finds resources and templates in their lists, and has ids and names completed', async () => {
    const { connect, runtime } = await setupMcp();
    const { taskIds } = await runtime.delegate([spec()]);
    const client = await connect(era);
    const uris = (await client.listResources()).resources.map(({ uri }) => uri);
    expect(uris).toEqual(
      expect.arrayContaining([
        'koubou://workers',
        'koubou://queue',
        `koubou://tasks/${taskIds[0]}`,
        'koubou://logs/worker_1',
      ]),
    );
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      'koubou://tasks/{id}',
      'koubou://tasks/{id}/output{?offset,limit}',
      'koubou://logs/{worker}',
    ]);
    const completed = async (uri: string, name: string, value: string) =>
      (await client.complete({ ref: { type: 'ref/resource', uri }, argument: { name, value } })).completion
        .values;
    expect(await completed('koubou://tasks/{id}', 'id', 'task_')).toEqual(taskIds);
    expect(await completed('koubou://tasks/{id}', 'id', 'x')).toEqual([]);
    expect(await completed('koubou://logs/{worker}', 'worker', 'wor')).toEqual(['worker_1']);
  });

  test.each([
    'koubou://tasks/task_20200101_000000_000000_abc',
    'koubou://tasks/nonsense',
    'koubou://tasks/nonsense/output?offset=1',
    'koubou://logs/nobody',
    'koubou://logs/..%2F..%2Fmcp_server',
    'koubou://elsewhere',
    `koubou://tasks/${'x'.repeat(2_000)}`,
  ])('is told that there is no %s', async (uri) => {
    const { connect } = await setupMcp();
    const client = await connect(era);
    const refusal = await client.readResource({ uri }).catch((error) => error);
    expect(refusal).toMatchObject({ code: -32602, message: expect.stringMatching(/not found/i) });
  });

  test('is told what is wrong with the bounds of a page', async () => {
    const { connect, runtime } = await setupMcp();
    const { taskIds } = await runtime.delegate([spec()]);
    const client = await connect(era);
    const uri = `koubou://tasks/${taskIds[0]}/output?offset=-1`;
    await expect(client.readResource({ uri })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining('offset'),
    });
  });

  test('gets the guide with what the pool has been good at, in either language', async () => {
    const { connect, runtime } = await setupMcp({
      backend: async ({ prompt }) => (prompt === 'bad' ? failed('model.unknown', 'no') : succeeded('ok')),
    });
    const prompts = ['good', 'good', 'good', 'bad'];
    const tasks = prompts.map((prompt) => spec({ prompt, taskType: 'translation' }));
    const { taskIds } = await runtime.delegate(tasks);
    for (const id of taskIds) await runtime.wait(id, 5_000);
    const client = await connect(era);
    expect((await client.listPrompts()).prompts).toMatchObject([
      { name: 'delegate', arguments: [{ name: 'lang', required: false }] },
    ]);
    const promptIn = async (lang?: string) => {
      const { messages } = await client.getPrompt({
        name: 'delegate',
        arguments: lang === undefined ? {} : { lang },
      });
      return (messages[0]?.content as { text: string }).text;
    };
    const english = await promptIn();
    expect(english.startsWith(guideEnglish)).toBe(true);
    expect(english).toMatch(/\| translation \| 3 \| 1 \| 75 % \| \d+\.\d s \|/);
    const japanese = await promptIn('ja');
    expect(japanese.startsWith(guideJapanese)).toBe(true);
    expect(japanese).toContain('| translation | 3 | 1 | 75 % |');
    await expect(promptIn('fr')).rejects.toMatchObject({ code: -32602 });
  });
});

test('before a task has ended the guide says that nothing is known', async () => {
  const { connect } = await setupMcp();
  const client = await connect('2026-07-28');
  const { messages } = await client.getPrompt({ name: 'delegate', arguments: {} });
  expect((messages[0]?.content as { text: string }).text).toContain('No task has ended as yet.');
});

test.each([
  ['delegation-guide.md', guideEnglish],
  ['delegation-guide.ja.md', guideJapanese],
])('docs/%s is what the prompt carries', (file, carried) => {
  expect(readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8')).toBe(carried);
});
