import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolders } from '../../src/db/home.ts';
import { binPath, freshEnvironment, freshFolder } from './command.ts';

/** `/proc` is there, and answers ENOENT to whoever makes a folder in it: the `recursive` of Node tries that for ever. */
const nowhere = '/proc/koubou';

test.each([
  [['init']],
  [['start']],
  [['start', '--background']],
  [['demo', '--once']],
])('koubou %j ends on a home that cannot be made, and says so', (args) => {
  const env = freshEnvironment({ KOUBOU_HOME: nowhere });
  const ended = spawnSync(process.execPath, [binPath, ...args], {
    env,
    cwd: tmpdir(),
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  expect({ status: ended.status, signal: ended.signal }).toEqual({ status: 1, signal: null });
  expect(ended.stderr).toContain(nowhere);
});

test('folders are made with those above them, and may be there already', () => {
  const folder = join(freshFolder(), 'a', 'b', 'c');
  makeFolders(folder);
  makeFolders(folder);
  expect(() => makeFolders(join(folder, 'd'))).not.toThrow();
});
