import { accessSync, constants, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { KoubouError } from '../machines/errors.ts';
import { storageFault } from './storage-faults.ts';

/** The files of one installation (`KOUBOU_HOME`). */
export interface HomePaths {
  readonly root: string;
  readonly database: string;
  readonly logs: string;
  readonly workerLogs: string;
  readonly outputs: string;
  readonly run: string;
  readonly pidFile: string;
}

export function homePaths(root: string): HomePaths {
  const run = join(root, 'run');
  const logs = join(root, 'logs');
  return {
    root,
    database: join(root, 'db', 'koubou.db'),
    logs,
    workerLogs: join(logs, 'workers'),
    outputs: join(root, 'outputs'),
    run,
    pidFile: join(run, 'koubou.pid'),
  };
}

/** The right to be the one server of a home. */
export interface HomeLock {
  readonly release: () => void;
}

/**
 * Makes the folders of a home and takes it for this process. The lock is one of the operating system, held through
 * SQLite: it ends with the process, however that ends, so that there is no stale one.
 *
 * @throws KoubouError `home.locked` with the pid of the holder, `home.unusable`
 */
export function takeHome(paths: HomePaths, pid: number): HomeLock {
  for (const folder of [join(paths.root, 'db'), paths.workerLogs, paths.outputs, paths.run])
    makeUsable(folder);
  const lock = new Database(join(paths.run, 'koubou.lock'), { timeout: 0 });
  try {
    lock.pragma('journal_mode = DELETE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (storageFault(error) !== 'busy') {
      const advice = `cannot lock ${paths.run}; check its disk, and remove koubou.lock in it while no server runs`;
      throw new KoubouError('home.unusable', advice, { cause: error });
    }
    const holder = readPid(paths.pidFile);
    const who = holder === undefined ? 'another process' : `process ${holder}`;
    throw new KoubouError(
      'home.locked',
      `${who} already runs on this home; stop it first (\`koubou stop\`)`,
      {
        cause: error,
        details: { pid: holder ?? null },
      },
    );
  }
  writeFileSync(paths.pidFile, `${pid}\n`);
  return {
    release: () => {
      if (!lock.open) return;
      rmSync(paths.pidFile, { force: true });
      lock.close();
    },
  };
}

/** The pid that the last server of a home wrote down; it may have ended since. */
export function readPid(pidFile: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined; // There is none: nobody has run here, or the last one stopped cleanly.
  }
}

/**
 * Makes a folder, and those above it. The `recursive` of Node never ends where a folder is there and yet answers ENOENT to
 * whoever makes one in it, as `/proc` does.
 *
 * @throws the error of the system
 */
export function makeFolders(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (isFolder(folder)) return;
    const parent = dirname(folder);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || isFolder(parent)) throw error;
    makeFolders(parent);
    makeFolders(folder);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function makeUsable(folder: string): void {
  try {
    makeFolders(folder);
    accessSync(folder, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw new KoubouError(
      'home.unusable',
      `cannot write to ${folder}; check its permissions or set KOUBOU_HOME`,
      {
        cause: error,
      },
    );
  }
}
