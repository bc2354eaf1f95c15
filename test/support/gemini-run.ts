import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type GeminiBackendOptions, geminiBackend } from '../../src/actors/gemini-backend.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import { onDisposal } from './disposal.ts';
import { temporaryFolder } from './temporary-folder.ts';

const fakeProgram = fileURLToPath(new URL('fake-gemini-cli.mjs', import.meta.url));

/** Folders of its own, and the backend with the fake program in this mode. Fails when a run leaves a folder behind. */
export function setupGemini(mode: string, options: Partial<GeminiBackendOptions> = {}) {
  const folder = temporaryFolder();
  const [root, scratch, except] = [join(folder, 'project'), join(folder, 'scratch'), join(folder, 'home')];
  mkdirSync(root);
  mkdirSync(except);
  const backend = geminiBackend({
    command: [process.execPath, fakeProgram, mode],
    endpointUrl: 'http://127.0.0.1:1',
    roots: [root],
    except,
    scratch,
    ...options,
  });
  const runsLeft = (): string[] => (existsSync(scratch) ? readdirSync(scratch) : []);
  onDisposal(() => expect(runsLeft()).toEqual([]));
  return { backend, root, scratch, runsLeft };
}

/** The program writes what `says` tells, and ends. */
export function scriptedGemini(says: { out?: string; err?: string; exit?: number }) {
  return setupGemini(`script=${JSON.stringify(says)}`);
}

/** Whether a process runs; one that is dead and not yet buried by init does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (!existsSync('/proc/self/stat')) return true;
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'utf8'));
}

/** What an ending without success says. */
export function messageOf(outcome: Outcome): string {
  return 'failure' in outcome ? outcome.failure.message : '';
}
