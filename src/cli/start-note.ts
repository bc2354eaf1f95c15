import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HomePaths } from '../db/home.ts';

/** Notes how the server of a home was started; for the process that holds the home. */
export function noteStart(paths: HomePaths, isDemo: boolean): void {
  if (isDemo) writeFileSync(noteOf(paths), '');
  else forgetStart(paths);
}

/** When it stops in order: who starts it then says anew how. */
export function forgetStart(paths: HomePaths): void {
  rmSync(noteOf(paths), { force: true });
}

/** Whether the server that runs, or that was killed, is a demo. */
export function isDemoNoted(paths: HomePaths): boolean {
  return existsSync(noteOf(paths));
}

function noteOf({ run }: HomePaths): string {
  return join(run, 'demo');
}
