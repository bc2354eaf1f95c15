import { readFile, realpath, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { limits } from '../machines/limits.ts';
import { failed, type Outcome } from '../machines/outcome.ts';
import type { Backend } from './execution.ts';

/** Where files may be read. */
export interface ReadableFolder {
  readonly root: string;
  /** A folder in it that may not: the home of the server, with all tasks in it. */
  readonly except: string;
}

/**
 * Lets a backend see the files that a task names: their contents stand before its prompt. Only files in the folder are
 * read, wherever links lead; one that is missing, outside or too large refuses the task, since an answer that was given
 * without it would look like one given with it.
 */
export function withFiles(backend: Backend, { root, except }: ReadableFolder): Backend {
  return async (job, io) => {
    if (job.files.length === 0) return backend(job, io);
    const read = await readAll(job.files, root, except);
    if ('refusal' in read) return read.refusal;
    if (io.signal.aborted) return { kind: 'cancelled' };
    return backend({ ...job, prompt: `${read.text}\n${job.prompt}` }, io);
  };
}

async function readAll(
  paths: readonly string[],
  root: string,
  except: string,
): Promise<{ readonly text: string } | { readonly refusal: Outcome }> {
  const inside = (await realpath(root)) + sep;
  const forbidden = (await realpath(except)) + sep;
  let text = '';
  for (const path of paths) {
    const found = await realpath(resolve(root, path)).catch(() => undefined);
    if (found === undefined) return refusal(path, 'does not exist below the project folder');
    if (!found.startsWith(inside)) return refusal(path, 'lies outside the project folder');
    if (found.startsWith(forbidden)) return refusal(path, 'belongs to this server');
    const { size, isFile } = await lookAt(found);
    if (!isFile) return refusal(path, 'is no file');
    if (Buffer.byteLength(text) + size > limits.fileBytesMax) {
      return refusal(path, `makes the files larger than ${limits.fileBytesMax} bytes in all`);
    }
    const content = await readFile(found, 'utf8').catch(() => undefined);
    if (content === undefined) return refusal(path, 'cannot be read');
    text += `File: ${path}\n\`\`\`\n${content}\n\`\`\`\n`;
  }
  return { text };
}

async function lookAt(path: string): Promise<{ size: number; isFile: boolean }> {
  const found = await stat(path);
  return { size: found.size, isFile: found.isFile() };
}

function refusal(path: string, why: string): { readonly refusal: Outcome } {
  return { refusal: failed('input.refused', `the file ${path} ${why}`) };
}
