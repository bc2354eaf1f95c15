import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clearScratch } from '../../src/actors/program-run.ts';
import { limits } from '../../src/machines/limits.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';
import { onDisposal } from '../support/disposal.ts';
import { isAlive, messageOf, scriptedGemini, setupGemini } from '../support/gemini-run.ts';
import { until } from '../support/until.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

describe('what a program writes', () => {
  test('text is the answer, but for the line end that print adds', async () => {
    const io = recordedIo();
    const outcome = await scriptedGemini({ out: 'a\n\nb\n\n' }).backend(makeJob(), io);
    expect(outcome).toMatchObject({ kind: 'succeeded', output: 'a\n\nb\n', usage: { model: 'tiny' } });
    expect(io.texts.join('')).toBe('a\n\nb\n');
  });

  test('characters that arrive in pieces are put together', async () => {
    const io = recordedIo();
    const outcome = await setupGemini('wide').backend(makeJob(), io);
    expect(io.texts.length).toBeGreaterThan(1);
    expect(outcome).toMatchObject({ kind: 'succeeded', output: '工'.repeat(100_000) });
    expect(io.texts.join('')).toBe('工'.repeat(100_000));
  });

  test('half a character at the end is a replacement character', async () => {
    const outcome = await setupGemini('cut').backend(makeJob(), recordedIo());
    expect(outcome).toMatchObject({ kind: 'succeeded', output: '\ufffd' });
  });

  test.each(['', '\n', ' \n\t\n'])('no text but %j is worth another attempt', async (out) => {
    const outcome = await scriptedGemini({ out }).backend(makeJob(), recordedIo());
    expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.empty' } });
  });

  test('an answer without end is stopped at the limit, and the task fails', async () => {
    const io = recordedIo();
    const outcome = await setupGemini(`flood=${1e12}`).backend(makeJob(), io);
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'execution.too_large' } });
    const told = io.texts.reduce((bytes, text) => bytes + text.length, 0);
    expect(told).toBeLessThanOrEqual(limits.outputBytesMax);
    expect(told).toBeGreaterThan(limits.outputBytesMax - 1024 * 1024);
  });

  test('a flood of logs neither stops it nor hides the error at its end', async () => {
    const outcome = await setupGemini(`flood-errors=${8 * 1024 * 1024}`).backend(makeJob(), recordedIo());
    expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.error' } });
    expect(messageOf(outcome)).toContain('the last words');
  });

  test('of logs that are cut, no half line is told', async () => {
    const prompt = '工'.repeat(40_000); // the program logs it, escaped
    const outcome = await scriptedGemini({ exit: 1 }).backend(makeJob({ prompt }), recordedIo());
    expect(messageOf(outcome)).toMatch(/ended with code 1\.$/);
  });

  test('what a listener throws ends the run', async () => {
    const { backend } = setupGemini('hang');
    const io = recordedIo();
    let pid = 0;
    const onText = (text: string): void => {
      pid = Number(text);
      throw new Error('a bug');
    };
    await expect(backend(makeJob(), { ...io, onText })).rejects.toThrow('a bug');
    await until(() => expect(isAlive(pid)).toBe(false));
  });
});

describe('how a program is stopped', () => {
  test('one that does not end when asked is killed after half a second', async () => {
    const clock = new VirtualClock();
    const { backend, runsLeft } = setupGemini('hang', { clock });
    const io = recordedIo();
    const running = backend(makeJob(), io);
    const pid = Number(await io.firstText);
    expect(runsLeft()).toHaveLength(1);
    io.abort();
    await clock.advance(499);
    expect(isAlive(pid)).toBe(true);
    await clock.advance(1);
    expect(await running).toEqual({ kind: 'cancelled' });
    expect(isAlive(pid)).toBe(false);
    expect(runsLeft()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('what it started is killed with it, although that does not end when asked', async () => {
    const clock = new VirtualClock(); // stands still: the program itself ends when asked
    const { backend } = setupGemini('family', { clock });
    const io = recordedIo();
    const running = backend(makeJob(), io);
    const grandchild = Number(await io.firstText);
    io.abort();
    expect(await running).toEqual({ kind: 'cancelled' });
    await until(() => expect(isAlive(grandchild)).toBe(false));
    expect(clock.pending).toBe(0);
  });

  test('all of them are asked to end, so that a wrapper ends with what it started', async () => {
    const clock = new VirtualClock(); // stands still: nobody is killed but those left behind
    const { backend } = setupGemini('wrapper', { clock });
    const io = recordedIo();
    const running = backend(makeJob(), io);
    await io.firstText;
    io.abort();
    expect(await running).toEqual({ kind: 'cancelled' });
  });

  test('a process that it leaves behind is killed when it ends, and its answer counts', async () => {
    const clock = new VirtualClock();
    const outcome = await setupGemini('orphan', { clock }).backend(makeJob(), recordedIo());
    expect(outcome).toMatchObject({ kind: 'succeeded', output: expect.stringMatching(/^\d+$/) });
    const orphan = Number(outcome.kind === 'succeeded' ? outcome.output : '');
    await until(() => expect(isAlive(orphan)).toBe(false));
  });

  test('one that left the group cannot hold the job up', async () => {
    const clock = new VirtualClock();
    const io = recordedIo();
    const running = setupGemini('runaway', { clock }).backend(makeJob(), io);
    const runaway = Number(await io.firstText);
    onDisposal(() => process.kill(runaway, 'SIGKILL'));
    await until(() => expect(clock.pending).toBe(1));
    await clock.advance(250);
    expect(await running).toMatchObject({ kind: 'succeeded', output: String(runaway) });
  });

  test('an abort before the start starts nothing', async () => {
    const { backend, scratch } = setupGemini('report');
    expect(await backend(makeJob(), recordedIo(AbortSignal.abort()))).toEqual({ kind: 'cancelled' });
    expect(existsSync(scratch)).toBe(false);
  });

  test('an abort while it is started ends it', async () => {
    const { backend, runsLeft } = setupGemini('hang');
    const io = recordedIo();
    const running = backend(makeJob(), io);
    await until(() => expect(runsLeft()).toHaveLength(1));
    io.abort();
    expect(await running).toEqual({ kind: 'cancelled' });
    expect(runsLeft()).toEqual([]);
  });

  test('an exit of this process kills what runs and removes its folder; one listener is enough', async () => {
    const { backend, runsLeft } = setupGemini('hang');
    const ios = [recordedIo(), recordedIo(), recordedIo()];
    const running = ios.map((io) => backend(makeJob(), io));
    const pids = (await Promise.all(ios.map(({ firstText }) => firstText))).map(Number);
    const listeners = process.listeners('exit').filter(({ name }) => name === 'endLiveGroups');
    expect(listeners).toHaveLength(1);
    listeners[0]?.(0);
    expect(runsLeft()).toEqual([]);
    for (const outcome of await Promise.all(running)) expect(messageOf(outcome)).toContain('SIGKILL');
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('what a killed server left is removed at the next start', async () => {
    const { scratch, runsLeft } = setupGemini('report');
    mkdirSync(join(scratch, 'run-old'), { recursive: true });
    writeFileSync(join(scratch, 'run-old', 'gemini-repo-cli_generated_prompt.txt'), 'a prompt');
    await clearScratch(scratch);
    await clearScratch(scratch);
    expect(runsLeft()).toEqual([]);
  });
});
