import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { backUp } from '../../src/cli/database-backup.ts';
import { freshEnvironment, freshFolder, startServer } from './command.ts';
import { koubouHere } from './recorded-terminal.ts';

test('copies all tasks of a running server into one file that is whole', async () => {
  const env = freshEnvironment();
  await startServer(env);
  for (const prompt of ['one', 'two']) await koubouHere(['delegate', '--delay', '3600', prompt], env);
  const { exitCode, stdout } = await koubouHere(['db', 'backup', '--json'], env);
  expect(exitCode).toBe(0);
  const { file, tasks } = JSON.parse(stdout);
  expect(tasks).toBe(2);
  expect(file).toMatch(/db\/backup-\d{8}-\d{6}\.db$/);
  const copy = new Database(file, { readonly: true });
  expect(copy.pragma('quick_check', { simple: true })).toBe('ok');
  expect(copy.prepare('SELECT prompt FROM task_master ORDER BY seq').pluck().all()).toEqual(['one', 'two']);
  copy.close();
  expect(readdirSync(join(env['KOUBOU_HOME'] ?? '', 'db')).filter((name) => name.includes('.part'))).toEqual(
    [],
  );
  const again = await koubouHere(['db', 'backup', file], env);
  expect(again.exitCode).toBe(1);
  expect(again.stderr).toContain('not overwritten');
});

test('a damaged database leaves no backup behind', async () => {
  const folder = freshFolder();
  const [damaged, target] = [join(folder, 'damaged.db'), join(folder, 'backup.db')];
  writeFileSync(damaged, 'this is no database at all, but long enough to be read as one'.repeat(20));
  await expect(backUp(damaged, target)).rejects.toThrow(/backup could not be written/);
  expect(readdirSync(folder)).toEqual(['damaged.db']);
});

test('without a database it says so', async () => {
  const env = freshEnvironment();
  const { exitCode, stderr } = await koubouHere(['db', 'backup'], env);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('There is no database yet');
  expect(existsSync(env['KOUBOU_HOME'] ?? '')).toBe(false);
});
