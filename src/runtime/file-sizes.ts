import { statSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * The size of the files that a task names, in bytes, as far as they are there now: for choosing a worker that has room
 * for them. Whether they may be read is decided when they are.
 */
export function sizeOfFiles(names: readonly string[], roots: readonly string[]): number {
  let bytes = 0;
  for (const name of names) {
    for (const root of roots) {
      const found = statSync(resolve(root, name), { throwIfNoEntry: false });
      if (found?.isFile() !== true) continue;
      bytes += found.size;
      break;
    }
  }
  return bytes;
}
