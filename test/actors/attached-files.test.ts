import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withFiles } from '../../src/actors/attached-files.ts';
import type { Job } from '../../src/actors/execution.ts';
import { limits } from '../../src/machines/limits.ts';
import { noUsage } from '../../src/machines/outcome.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function setup() {
  const folder = temporaryFolder();
  const root = join(folder, 'project');
  mkdirSync(join(root, 'src'), { recursive: true });
  mkdirSync(join(root, '.koubou'));
  writeFileSync(join(root, '.koubou', 'koubou.db'), 'all tasks');
  writeFileSync(join(root, 'src', 'a.ts'), 'const 工房 = 1;');
  writeFileSync(join(folder, 'secret'), 'secret');
  const asked: Job[] = [];
  const backend = withFiles(
    async (job) => {
      asked.push(job);
      return { kind: 'succeeded', output: '', usage: noUsage };
    },
    { roots: [root], except: join(root, '.koubou') },
  );
  const run = (files: readonly string[], request: Job['request'] = null) =>
    backend(makeJob({ prompt: 'explain', request, files }), recordedIo());
  return { folder, root, asked, run };
}

test('the contents of named files stand before the prompt', async () => {
  const { asked, run } = setup();
  expect(await run(['src/a.ts'])).toMatchObject({ kind: 'succeeded' });
  expect(asked[0]?.prompt).toBe('File: src/a.ts\n```\nconst 工房 = 1;\n```\n\nexplain');
});

test('of a conversation they stand before what the user said last', async () => {
  const { asked, run } = setup();
  const user = { role: 'user', content: 'explain' } as const;
  const answer = { role: 'assistant', content: 'what?' } as const;
  const tool = { role: 'tool', content: '{}', toolName: 'look' } as const;
  await run(['src/a.ts'], { kind: 'chat', messages: [user, answer, user, tool] });
  const text = 'File: src/a.ts\n```\nconst 工房 = 1;\n```\n';
  expect(asked[0]?.request).toEqual({
    kind: 'chat',
    messages: [user, answer, { ...user, content: `${text}\nexplain` }, tool],
  });
  await run(['src/a.ts'], { kind: 'chat', messages: [answer] });
  expect(asked[1]?.request).toMatchObject({ messages: [answer, { role: 'user', content: text }] });
});

test('of a completion they stand before its prompt, and what stands beside it stays', async () => {
  const { asked, run } = setup();
  const request = { kind: 'completion', system: 'Be short.' } as const;
  await run(['src/a.ts'], request);
  expect(asked[0]).toMatchObject({ request, prompt: expect.stringMatching(/^File: [\s\S]*explain$/) });
});

test('texts that are to become vectors take no files', async () => {
  const { asked, run } = setup();
  const outcome = await run(['src/a.ts'], { kind: 'embedding', inputs: ['oak'] });
  expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'input.refused' } });
  expect(asked).toEqual([]);
});

test('a task that names no files is passed on as it is', async () => {
  const { asked, run } = setup();
  await run([]);
  expect(asked[0]?.prompt).toBe('explain');
});

test('a file outside the project folder is refused, by whatever way it is named', async () => {
  const { folder, root, asked, run } = setup();
  symlinkSync(join(folder, 'secret'), join(root, 'link'));
  mkdirSync(`${root}-too`);
  writeFileSync(`${root}-too/x`, 'x');
  for (const path of [
    '../secret',
    join(folder, 'secret'),
    'link',
    '../project-too/x',
    '/etc/passwd',
    '.koubou/koubou.db',
  ]) {
    expect(await run([path]), path).toMatchObject({ kind: 'failed', failure: { code: 'input.refused' } });
  }
  expect(asked).toEqual([]);
});

test('a missing file, a folder and too much at once are refused with their names', async () => {
  const { root, run } = setup();
  writeFileSync(join(root, 'big'), Buffer.alloc(limits.fileBytesMax, 'x'));
  for (const files of [['gone.ts'], ['src'], ['src/a.ts', 'big']]) {
    const outcome = await run(files);
    expect(outcome).toMatchObject({
      kind: 'failed',
      failure: { message: expect.stringContaining(files.at(-1) ?? '') },
    });
  }
});
