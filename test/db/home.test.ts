import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { homePaths, readPid, takeHome } from '../../src/db/home.ts';
import { KoubouError } from '../../src/machines/errors.ts';
import { onDisposal } from '../support/disposal.ts';
import { freshHome } from '../support/store-samples.ts';

/** Another process takes the home and holds it, or says why it cannot. Node runs no TypeScript: it is the built one. */
const script = `
  const [built, root] = process.argv.slice(1);
  const { homePaths, takeHome } = await import(built);
  try {
    takeHome(homePaths(root), process.pid);
    process.stdout.write('taken');
    setInterval(() => undefined, 1_000);
  } catch ({ code, message, details }) {
    process.stdout.write(JSON.stringify({ code, message, details }));
  }
`;
const built = join(process.cwd(), 'dist/db/home.js');

/** Starts that process; answers it, and its first words. */
async function takeElsewhere(root: string): Promise<{ child: ChildProcess; words: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, built, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onDisposal(() => child.kill('SIGKILL'));
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, words: chunk.toString() };
}

function take(root: string, pid = process.pid) {
  const lock = takeHome(homePaths(root), pid);
  onDisposal(() => lock.release());
  return lock;
}

function refusal(root: string): KoubouError {
  try {
    takeHome(homePaths(root), process.pid).release();
  } catch (error) {
    if (error instanceof KoubouError) return error;
    throw error;
  }
  throw new Error('the home was taken');
}

describe('a home', () => {
  test('has its folders, and the pid of its server', () => {
    const root = join(freshHome(), 'deep', 'home');
    take(root, 4_711);
    const paths = homePaths(root);
    for (const folder of [paths.logs, paths.workerLogs, paths.outputs, paths.run, join(root, 'db')])
      expect(statSync(folder).isDirectory()).toBe(true);
    expect(readFileSync(paths.pidFile, 'utf8')).toBe('4711\n');
    expect(readPid(paths.pidFile)).toBe(4_711);
  });

  test('has one server: a second one in the same process is refused', () => {
    const root = freshHome();
    take(root);
    expect(refusal(root)).toMatchObject({ code: 'home.locked', details: { pid: process.pid } });
  });

  test('has one server: a second process is refused, and told which one runs', async () => {
    const root = freshHome();
    take(root);
    const { words } = await takeElsewhere(root);
    const { code, message, details } = JSON.parse(words);
    expect({ code, details }).toEqual({ code: 'home.locked', details: { pid: process.pid } });
    expect(message).toBe(`process ${process.pid} already runs on this home; stop it first (\`koubou stop\`)`);
    expect(readPid(homePaths(root).pidFile)).toBe(process.pid);
  });

  test('is free at once when its server is killed, and the pid that it left is harmless', async () => {
    const root = freshHome();
    const { child, words } = await takeElsewhere(root);
    expect(words).toBe('taken');
    expect(refusal(root).details).toEqual({ pid: child.pid });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(readPid(homePaths(root).pidFile)).toBe(child.pid);
    take(root);
    expect(readPid(homePaths(root).pidFile)).toBe(process.pid);
  });

  test('that is given back leaves no pid, and can be given back twice', () => {
    const root = freshHome();
    const lock = take(root);
    lock.release();
    expect(existsSync(homePaths(root).pidFile)).toBe(false);
    const next = take(root);
    lock.release();
    expect(readPid(homePaths(root).pidFile)).toBe(process.pid);
    next.release();
  });

  test('is taken whatever pid stands there from an earlier time', () => {
    const root = freshHome();
    take(root).release();
    for (const text of ['1\n', `${process.pid}\n`, 'nonsense', '', '-5']) {
      writeFileSync(homePaths(root).pidFile, text);
      take(root).release();
    }
  });

  test('is refused without a pid when none is known', () => {
    const root = freshHome();
    take(root);
    writeFileSync(homePaths(root).pidFile, 'nonsense');
    expect(refusal(root)).toMatchObject({ code: 'home.locked', details: { pid: null } });
    expect(refusal(root).message).toContain('another process already runs');
  });

  test('that cannot be made is refused with what to do', () => {
    const file = join(freshHome(), 'file');
    writeFileSync(file, '');
    expect(refusal(join(file, 'home'))).toMatchObject({ code: 'home.unusable' });
    expect(refusal(join(file, 'home')).message).toContain('KOUBOU_HOME');
  });

  test('whose lock is damaged is not taken for one that runs', () => {
    const root = freshHome();
    take(root).release();
    writeFileSync(join(homePaths(root).run, 'koubou.lock'), 'this is no lock'.repeat(1_000));
    expect(refusal(root)).toMatchObject({ code: 'home.unusable' });
    expect(refusal(root).message).toContain('koubou.lock');
  });
});
