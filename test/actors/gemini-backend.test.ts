import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/actors/execution.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';
import { onDisposal } from '../support/disposal.ts';
import { type FakeOllama, startFakeOllama } from '../support/fake-ollama.ts';
import { messageOf, scriptedGemini, setupGemini } from '../support/gemini-run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { backendContract } from './backend-contract.ts';

function reportOf(outcome: Outcome) {
  if (outcome.kind !== 'succeeded') throw new Error(`no report: ${JSON.stringify(outcome)}`);
  return JSON.parse(outcome.output) as Record<string, unknown> & {
    folder: { path: string; mode: number };
    env: Record<string, string>;
  };
}

test.each<Partial<Job>>([
  { request: { kind: 'chat', messages: [{ role: 'user', content: 'a' }] } },
  { request: { kind: 'embedding', inputs: ['a'] } },
  { request: { kind: 'completion', system: 'a' } },
  { format: 'json' },
])('what the program cannot be asked for is refused, and nothing is run: %j', async (asked) => {
  const { backend, scratch } = setupGemini('report');
  const outcome = await backend(makeJob(asked), recordedIo());
  expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'input.refused' } });
  expect(messageOf(outcome)).toContain('backend ollama or openai');
  expect(existsSync(scratch)).toBe(false);
});

describe('what the program is given', () => {
  const prompts = [
    'two\nlines and "quotes" and \'more\' and \\',
    '$(touch pwned) `id` ; rm -rf . | cat & %PATH% *',
    '--output=/etc/passwd',
    '--files a b -- c d e',
    '-h',
    '-',
    '-- and text',
    '工房の仕事 🛠️',
    ' ',
  ];
  test.each(prompts)('a prompt arrives as it is: %j', async (prompt) => {
    const { backend } = setupGemini('report');
    const report = reportOf(await backend(makeJob({ prompt }), recordedIo()));
    expect(report).toMatchObject({ prompt, targetFile: 'generated_content.txt', repoName: 'project' });
    expect(report).not.toHaveProperty('output');
  });

  test('a prompt of two hyphens is not taken for the end of the options', async () => {
    const { backend } = setupGemini('report');
    const report = reportOf(await backend(makeJob({ prompt: '--' }), recordedIo()));
    expect(report['prompt']).toBe('--\n');
  });

  test('provider, model and server are named, the credentials of the address are not', async () => {
    const { backend } = setupGemini('report', { endpointUrl: 'http://me:secret@gpu.lan:11434/' });
    const report = reportOf(await backend(makeJob({ model: '-m' }), recordedIo()));
    expect(report).toMatchObject({
      provider: 'ollama',
      'ollama-model': '-m',
      'ollama-host': 'http://gpu.lan:11434',
    });
  });

  test('files are given by their real paths, and do not stand before the prompt', async () => {
    const { backend, root } = setupGemini('report');
    writeFileSync(join(root, 'a b.ts'), 'const 工房 = 1;');
    writeFileSync(join(root, '-c'), 'c');
    const job = makeJob({ prompt: 'explain', files: ['a b.ts', '-c'] });
    expect(reportOf(await backend(job, recordedIo()))).toMatchObject({
      prompt: 'explain',
      files: [join(root, 'a b.ts'), join(root, '-c')],
      contents: ['const 工房 = 1;', 'c'],
    });
  });

  test('a file that may not be read refuses the task before anything is started', async () => {
    const { backend, scratch } = setupGemini('report');
    const outcome = await backend(makeJob({ files: ['../secret'] }), recordedIo());
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'input.refused' } });
    expect(messageOf(outcome)).toBe('the file ../secret lies outside the folders that tasks may read');
    expect(existsSync(scratch)).toBe(false);
  });

  test('its working directory is one of its own that only this user can enter', async () => {
    const { backend, scratch } = setupGemini('report');
    const reports = await Promise.all([1, 2].map(() => backend(makeJob(), recordedIo())));
    const folders = reports.map((report) => reportOf(report).folder);
    for (const { path, mode } of folders) {
      expect(path.startsWith(join(scratch, 'run-'))).toBe(true);
      expect(mode).toBe(0o700);
    }
    expect(folders[0]?.path).not.toBe(folders[1]?.path);
  });

  test('of our environment it sees what Python needs, and no secrets', async () => {
    const env = {
      PATH: '/bin',
      HOME: '/home/me',
      LC_ALL: 'ja_JP.eucJP',
      PYTHONPATH: '/lib',
      PYTHONIOENCODING: 'euc-jp',
      KOUBOU_API_TOKEN: 'secret',
      WORKER_AUTH_TOKEN: 'secret',
      OPENAI_API_KEY: 'secret',
      KOUBOU_HOME: '/home/me/.koubou',
      http_proxy: 'http://proxy',
      TMPDIR: '/tmp',
    };
    const { backend } = setupGemini('report', { env });
    const { env: seen, folder } = reportOf(await backend(makeJob(), recordedIo()));
    expect(seen).toEqual({
      PATH: '/bin',
      HOME: '/home/me',
      LC_ALL: 'ja_JP.eucJP',
      PYTHONPATH: '/lib',
      PYTHONUTF8: '1',
      PYTHONIOENCODING: 'utf-8:replace',
      PYTHONUNBUFFERED: '1',
      TMPDIR: folder.path,
    });
  });

  const promptBytesMax = 131_071;

  test('a prompt may be as long as one argument', async () => {
    const { backend } = setupGemini('report');
    const prompt = 'x'.repeat(promptBytesMax);
    expect(reportOf(await backend(makeJob({ prompt }), recordedIo()))).toMatchObject({ prompt });
  });

  test('a longer prompt is refused with the numbers and what to do, and nothing is started', async () => {
    const { backend, scratch } = setupGemini('report');
    const prompt = `${'工'.repeat(Math.floor(promptBytesMax / 3))}xx`;
    const outcome = await backend(makeJob({ prompt }), recordedIo());
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'input.refused' } });
    expect(messageOf(outcome)).toMatch(/131072 bytes.* at most 131071: put the long part into a file/);
    expect(existsSync(scratch)).toBe(false);
  });

  test.each([{ prompt: 'a\0b' }, { model: 'a\0b' }])('a NUL character is refused: %j', async (changes) => {
    const { backend } = setupGemini('report');
    const outcome = await backend(makeJob(changes), recordedIo());
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'input.refused' } });
    expect(messageOf(outcome)).toContain('NUL');
  });

  test('file names that are too long in all are refused', async () => {
    const { backend, root } = setupGemini('report');
    writeFileSync(join(root, 'a'), '');
    const files = Array.from({ length: 2_000 }, () => `${'./'.repeat(1_500)}a`);
    const deep = join(root, ...Array.from({ length: 12 }, () => 'd'.repeat(200)));
    mkdirSync(deep, { recursive: true });
    writeFileSync(join(deep, 'a'), '');
    const long = files.map(() => join(deep, 'a'));
    expect(await backend(makeJob({ files }), recordedIo())).toMatchObject({ kind: 'succeeded' });
    const outcome = await backend(makeJob({ files: long }), recordedIo());
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'input.refused' } });
    expect(messageOf(outcome)).toContain('name fewer');
  });
});

describe('how it fails', () => {
  test('text before a failure is no success', async () => {
    const io = recordedIo();
    const outcome = await scriptedGemini({ out: 'half an ans', exit: 1 }).backend(makeJob(), io);
    expect(io.texts.join('')).toBe('half an ans');
    expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.error' } });
  });

  test('a program that is not there says so by its name, and may be there next time', async () => {
    for (const command of ['gemini-repo-cli-not-there', '/no/such/place/gemini-repo-cli-not-there']) {
      const outcome = await setupGemini('', { command }).backend(makeJob(), recordedIo());
      expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.unreachable' } });
      expect(messageOf(outcome)).toMatch(/^The program gemini-repo-cli-not-there is not installed/);
    }
  });

  test('a path of the program starts where the server was started', async () => {
    const program = join(temporaryFolder(), 'program');
    writeFileSync(program, '#!/bin/sh\necho found\n', { mode: 0o700 });
    const { backend } = setupGemini('', { command: relative(process.cwd(), program) });
    expect(await backend(makeJob(), recordedIo())).toMatchObject({ kind: 'succeeded', output: 'found' });
  });

  test('a program that may not be executed says so', async () => {
    const program = join(temporaryFolder(), 'program');
    writeFileSync(program, '', { mode: 0o600 });
    const outcome = await setupGemini('', { command: program }).backend(makeJob(), recordedIo());
    expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.unreachable' } });
    expect(messageOf(outcome)).toContain('may not be executed');
  });

  test('a program that is killed by the system is named with the signal', async () => {
    const outcome = await setupGemini('die=SIGKILL').backend(makeJob(), recordedIo());
    expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.error' } });
    expect(messageOf(outcome)).toContain('SIGKILL');
  });

  test('a scratch folder that cannot be made is worth another attempt', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const { backend } = setupGemini('report', { scratch: join(file, 'scratch') });
    const outcome = await backend(makeJob(), recordedIo());
    expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.error' } });
    expect(messageOf(outcome)).toContain('ENOTDIR');
  });

  test('an endpoint that is no address is a mistake of the configuration', () => {
    for (const endpointUrl of ['', 'gpu.lan', 'ftp://gpu.lan']) {
      expect(() => setupGemini('report', { endpointUrl })).toThrow('is not an address');
    }
  });
});

/** Rules that the program's nature excludes: it counts no tokens, and its exit code does not tell of a cut connection. */
const beyondIt = ['tokens and durations are counted', 'an answer that is cut off is never a success'];

describe('the backend keeps the contract through the program', () => {
  const rules = backendContract.filter(({ name }) => !beyondIt.includes(name));

  test('but for two rules', () => {
    expect(rules).toHaveLength(backendContract.length - beyondIt.length);
  });

  test.each(rules.map(({ name, check }) => [name, check] as const))('%s', async (_name, check) => {
    const ollama = await startFakeOllama({ tokenDelayMs: 20 });
    onDisposal(() => ollama.close());
    await check(subject(ollama));
  });

  function subject(ollama: FakeOllama) {
    return {
      backendAt: (endpointUrl: string) => setupGemini('ask', { endpointUrl }).backend,
      host: ollama.url,
      shortJob: makeJob({ model: 'slow' }),
      longJob: makeJob({ model: 'slow' }),
      serverIdle: () => until(() => expect(ollama.openGenerations).toBe(0)),
    };
  }

  test('an answer that is cut off is worth another attempt', async () => {
    const ollama = await startFakeOllama({ mode: 'cut' });
    onDisposal(() => ollama.close());
    const io = recordedIo();
    const outcome = await setupGemini('ask', { endpointUrl: ollama.url }).backend(makeJob(), io);
    expect(io.texts).toEqual(['first']);
    expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.error' } });
  });
});
