import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onDisposal } from './disposal.ts';

const inMemory = '/dev/shm';

/** A folder that is gone after the test; in memory where the system has such a place, for tests that open many databases. */
export function memoryFolder(): string {
  const folder = mkdtempSync(join(existsSync(inMemory) ? inMemory : tmpdir(), 'koubou-test-'));
  onDisposal(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
