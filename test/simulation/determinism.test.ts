import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const project = fileURLToPath(new URL('../..', import.meta.url));

test('a seed gives the same trace in every process, also where nothing is compiled to machine code', async () => {
  const args = ['scripts/determinism.mjs', '--seed', '7', '--seeds', '1'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: project });
  expect(stdout.trim().split('\n')).toEqual([
    'as usual: 1 traces, the same',
    'once more: 1 traces, the same',
    '--jitless: 1 traces, the same',
  ]);
}, 120_000);
