import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type HomePaths, readPid } from '../db/home.ts';

/** Who serves a home. `stranger`: somebody does, but the pid that is written down is not theirs. */
export type Holder =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'server'; readonly pid: number }
  | { readonly kind: 'stranger' };

/**
 * Looks who holds the lock of a home. A pid alone proves nothing, since the system gives it out again: the lock must be
 * held, and where the system tells (Linux), by that very process.
 */
export function holderOf(paths: HomePaths): Holder {
  const lockFile = join(paths.run, 'koubou.lock');
  if (!isHeld(lockFile)) return { kind: 'nobody' };
  const pid = readPid(paths.pidFile);
  if (pid === undefined || !isAlive(pid) || hasOpen(pid, lockFile) === false) return { kind: 'stranger' };
  return { kind: 'server', pid };
}

/** Whether a process of this number runs, ours or not. One that has ended and that nobody has reaped yet does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !isZombie(pid);
}

/** Under an init that reaps late, such as those of containers, an ended process stays in the table for seconds. */
function isZombie(pid: number): boolean {
  try {
    // `<pid> (<name>) <state> …`; a name may hold parentheses itself.
    return /\) Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false; // No /proc here.
  }
}

/** The lock is an exclusive transaction (see `takeHome`), so whoever may read is alone. */
function isHeld(lockFile: string): boolean {
  if (!existsSync(lockFile)) return false;
  const probe = new Database(lockFile, { readonly: true, timeout: 0 });
  try {
    probe.prepare('SELECT count(*) FROM sqlite_master').get();
    return false;
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return true;
    throw error;
  } finally {
    probe.close();
  }
}

/** `undefined` where the system does not tell. */
function hasOpen(pid: number, file: string): boolean | undefined {
  const folder = `/proc/${pid}/fd`;
  try {
    const target = realpathSync(file);
    return readdirSync(folder).some((fd) => linkOf(join(folder, fd)) === target);
  } catch {
    return undefined; // No /proc here, or a process of another user.
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // Closed since it was listed.
  }
}
