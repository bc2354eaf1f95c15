import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onDisposal } from './disposal.ts';

/** A folder that is gone after the test; its path has no links. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'koubou-test-'));
  onDisposal(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
