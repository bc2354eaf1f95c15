import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, resolve, sep } from 'node:path';
import { limits } from '../machines/limits.ts';
import { failed, type Outcome } from '../machines/outcome.ts';

/** Where the files of tasks may be read. */
export interface ReadableFolders {
  /** Absolute paths. A relative name is looked for in one after the other; none at all allow no file. */
  readonly roots: readonly string[];
  /** A folder that may never be read, wherever it lies: the home of the server, with all tasks in it. */
  readonly except: string;
}

/** A file that a task may use. */
export interface AllowedFile {
  /** As the client named it; the only name that messages may tell. */
  readonly name: string;
  /** Absolute, without links. */
  readonly path: string;
}

/**
 * Finds the files that a task names. One that is missing, outside, no file or too much with the others (limits.fileBytesMax)
 * refuses the task, since an answer that was given without it would look like one given with it. What counts is where links
 * lead, and nothing is told about what does not lie in the folders.
 */
export async function allowedFiles(
  names: readonly string[],
  { roots, except }: ReadableFolders,
): Promise<{ readonly files: readonly AllowedFile[] } | { readonly refusal: Outcome }> {
  if (names.length === 0) return { files: [] };
  // A root that is missing holds nothing; that the home is missing must not make it readable.
  const real = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
  const scope: Scope = { roots, anyRoots: [...roots, ...real], home: [except, await realpath(except)] };
  const files: AllowedFile[] = [];
  let bytes = 0;
  for (const name of names) {
    const found = await find(name, scope);
    if (typeof found === 'string') return refusedFile(name, found);
    bytes += found.sizeBytes;
    if (bytes > limits.fileBytesMax) {
      return refusedFile(name, `makes the files larger than ${limits.fileBytesMax} bytes in all`);
    }
    files.push({ name, path: found.path });
  }
  return { files };
}

/** The refusal of a task for one of its files; `why` completes the sentence. */
export function refusedFile(name: string, why: string): { readonly refusal: Outcome } {
  return { refusal: failed('input.refused', `the file ${name} ${why}`) };
}

interface Scope {
  readonly roots: readonly string[];
  /** The roots as they are written, and where they lead. */
  readonly anyRoots: readonly string[];
  readonly home: readonly string[];
}

/** The file, or why it may not be used. */
async function find(name: string, scope: Scope): Promise<{ path: string; sizeBytes: number } | string> {
  const candidates = isAbsolute(name) ? [name] : scope.roots.map((root) => resolve(root, name));
  const inside = candidates.map((path) => resolve(path)).filter((path) => liesIn(path, scope.anyRoots));
  if (inside.length === 0) return 'lies outside the folders that tasks may read';
  for (const candidate of inside) {
    if (liesIn(candidate, scope.home)) return 'belongs to this server';
    const path = await realpath(candidate).catch(() => undefined);
    if (path === undefined) continue;
    if (!liesIn(path, scope.anyRoots)) return 'lies outside the folders that tasks may read';
    if (liesIn(path, scope.home)) return 'belongs to this server';
    const seen = await stat(path).catch(() => undefined);
    if (seen !== undefined) return seen.isFile() ? { path, sizeBytes: seen.size } : 'is no file';
  }
  return 'does not exist in the folders that tasks may read';
}

function liesIn(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(folder.endsWith(sep) ? folder : folder + sep));
}
