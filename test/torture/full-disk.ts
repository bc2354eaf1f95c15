import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Room for a run of an hour and its logs. */
const sizeMib = 256;

/** A small disk of its own, in memory, that can be filled; only where this process may mount one. */
export class FullDisk {
  readonly folder: string;
  readonly isMounted: boolean;

  constructor(folder: string) {
    this.folder = folder;
    // A run that was broken off has left its own.
    spawnSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'koubou-torture', folder]);
    this.isMounted = mounted.status === 0;
  }

  /** Writes until nothing more can be written. @returns what the system said then; null when it is not full */
  fill(): string | null {
    const file = openSync(this.#ballast, 'w');
    const piece = Buffer.alloc(1024 * 1024);
    let last: string | null = null;
    try {
      // Small pieces at the end: not one page is left.
      for (let bytes = piece.byteLength; bytes > 0; ) {
        try {
          if (writeSync(file, piece, 0, bytes) < bytes) bytes >>= 4;
        } catch (error) {
          last = error instanceof Error && 'code' in error ? String(error.code) : null;
          bytes >>= 4;
        }
      }
    } finally {
      closeSync(file);
    }
    return last;
  }

  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  unmount(): void {
    if (this.isMounted) spawnSync('umount', [this.folder]);
  }

  get #ballast(): string {
    return join(this.folder, 'ballast');
  }
}
