import { readFile, realpath, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { limits } from '../machines/limits.ts';
import { failed, type Outcome } from '../machines/outcome.ts';
import type { Backend } from './execution.ts';

/**
 * Lets a backend see the files that a task names: their contents stand before its prompt. Only files below `root` are
 * read, wherever links lead; one that is missing, outside or too large refuses the task, since an answer that was given
 * without it would look like one given with it.
 */
export function withFiles(backend: Backend, root: string): Backend {
  return async (job, io) => {
    if (job.files.length === 0) return backend(job, io);
    const read = await readAll(job.files, root);
    if ('refusal' in read) return read.refusal;
    if (io.signal.aborted) return { kind: 'cancelled' };
    return backend({ ...job, prompt: `${read.text}\n${job.prompt}` }, io);
  };
}

async function readAll(
  paths: readonly string[],
  root: string,
): Promise<{ readonly text: string } | { readonly refusal: Outcome }> {
  const inside = (await realpath(root)) + sep;
  let text = '';
  for (const path of paths) {
    const found = await realpath(resolve(root, path)).catch(() => undefined);
    if (found === undefined) return refusal(path, 'does not exist below the project folder');
    if (!found.startsWith(inside)) return refusal(path, 'lies outside the project folder');
    const { size } = await stat(found);
    if (Buffer.byteLength(text) + size > limits.fileBytesMax) {
      return refusal(path, `makes the files larger than ${limits.fileBytesMax} bytes in all`);
    }
    const content = await readFile(found, 'utf8').catch(() => undefined);
    if (content === undefined) return refusal(path, 'cannot be read');
    text += `File: ${path}\n\`\`\`\n${content}\n\`\`\`\n`;
  }
  return { text };
}

function refusal(path: string, why: string): { readonly refusal: Outcome } {
  return { refusal: failed('input.refused', `the file ${path} ${why}`) };
}
