import { readFile } from 'node:fs/promises';
import type { Outcome } from '../machines/outcome.ts';
import { type AllowedFile, allowedFiles, type ReadableFolders, refusedFile } from './allowed-files.ts';
import type { Backend } from './execution.ts';

/**
 * Lets a backend see the files that a task names: their contents stand before its prompt. What may be read is decided by
 * `allowedFiles`; a file that may not be, or cannot be, refuses the task.
 */
export function withFiles(backend: Backend, folders: ReadableFolders): Backend {
  return async (job, io) => {
    if (job.files.length === 0) return backend(job, io);
    const found = await allowedFiles(job.files, folders);
    const read = 'refusal' in found ? found : await readAll(found.files);
    if ('refusal' in read) return read.refusal;
    if (io.signal.aborted) return { kind: 'cancelled' };
    return backend({ ...job, prompt: `${read.text}\n${job.prompt}` }, io);
  };
}

async function readAll(
  files: readonly AllowedFile[],
): Promise<{ readonly text: string } | { readonly refusal: Outcome }> {
  let text = '';
  for (const { name, path } of files) {
    const content = await readFile(path, 'utf8').catch(() => undefined);
    if (content === undefined) return refusedFile(name, 'cannot be read');
    text += `File: ${name}\n\`\`\`\n${content}\n\`\`\`\n`;
  }
  return { text };
}
