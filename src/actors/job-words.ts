import { textOfRequest } from '../machines/model-request.ts';
import type { Job } from './execution.ts';

/** All that a job says to its model: none of it may stand in a message for people. */
export function wordsOf({ prompt, request }: Pick<Job, 'prompt' | 'request'>): string {
  if (request === null) return prompt;
  const said = request.kind === 'embedding' ? request.inputs.join('\n') : textOfRequest(request);
  return `${prompt}\n${said}`;
}
