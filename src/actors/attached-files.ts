import { readFile } from 'node:fs/promises';
import type { ChatMessage } from '../machines/model-request.ts';
import { failed, type Outcome } from '../machines/outcome.ts';
import { type AllowedFile, allowedFiles, type ReadableFolders, refusedFile } from './allowed-files.ts';
import type { Backend, Job } from './execution.ts';

/**
 * Lets a backend see the files that a task names: their contents stand before its prompt, or before the last message of
 * the user where it is a conversation. What may be read is decided by `allowedFiles`; a file that may not be, or cannot be,
 * refuses the task. Texts that are to become vectors stand for themselves, and take no files.
 */
export function withFiles(backend: Backend, folders: ReadableFolders): Backend {
  return async (job, io) => {
    if (job.files.length === 0) return backend(job, io);
    if (job.request?.kind === 'embedding') {
      return failed(
        'input.refused',
        'A task for embeddings takes no files: put their texts into its inputs.',
      );
    }
    const found = await allowedFiles(job.files, folders);
    const read = 'refusal' in found ? found : await readAll(found.files);
    if ('refusal' in read) return read.refusal;
    if (io.signal.aborted) return { kind: 'cancelled' };
    return backend(withText(job, read.text), io);
  };
}

function withText(job: Job, text: string): Job {
  const { request } = job;
  if (request?.kind !== 'chat') return { ...job, prompt: `${text}\n${job.prompt}` };
  const at = request.messages.findLastIndex(({ role }) => role === 'user');
  const messages: readonly ChatMessage[] =
    at < 0
      ? [...request.messages, { role: 'user', content: text }]
      : request.messages.map((message, place) =>
          place === at ? { ...message, content: `${text}\n${message.content}` } : message,
        );
  return { ...job, request: { ...request, messages } };
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
