import { answerLimits } from '../machines/answer-limits.ts';
import type { AnswerFormat, ChatMessage } from '../machines/model-request.ts';
import { failed, type Outcome, type Usage } from '../machines/outcome.ts';
import type { AnswerSchemas } from './answer-schemas.ts';
import type { Backend, Job } from './execution.ts';
import { wordsOf } from './job-words.ts';
import { quoted } from './quoting.ts';

export interface AnswerFormatOptions {
  readonly schemas: AnswerSchemas;
  /**
   * How often the model may mend an answer. 0 for what mends its answers by itself, as joined workers do, and for what
   * cannot be talked to. {@link answerLimits.repairsMax} by default.
   */
  readonly repairsMax?: number;
}

type Answer = Extract<Outcome, { readonly kind: 'succeeded' }>;

/** What is wrong with an answer, for the end of a sentence. `isFinal` when the model could do nothing about it. */
interface Fault {
  readonly what: string;
  readonly isFinal: boolean;
}

/**
 * Holds an answer to the format that was asked for: JSON, and as the schema says where there is one. Its text is told when
 * it is whole and right, in one piece. A model that got it wrong is told what is wrong, and may mend it within the same
 * attempt. Servers that can keep to a schema while they generate are asked to by their backends; not all can, and those
 * that can stop in the middle when they run out of tokens.
 *
 * A call of a function is no answer yet, and has no format. Put it inside of the cache, so that only what is right is kept.
 */
export function withAnswerFormat(backend: Backend, options: AnswerFormatOptions): Backend {
  const { schemas, repairsMax = answerLimits.repairsMax } = options;
  return async (job, io) => {
    const { format, request } = job;
    if (format === null || request?.kind === 'embedding') return backend(job, io);
    const refusal = schemas.refusalOf(format);
    if (refusal !== null) return failed('input.refused', refusal);
    const silent = { ...io, onText: () => undefined };
    const usages: Usage[] = [];
    let asked: Job | null = job;
    let wrong = '';
    for (let repairs = 0; asked !== null; repairs += 1) {
      const outcome: Outcome = await backend(asked, silent);
      if (outcome.kind !== 'succeeded') return afterRepairs(outcome, wrong);
      usages.push(outcome.usage);
      const fault = faultOf(outcome, format, schemas);
      if (fault === null) {
        if (io.signal.aborted) return { kind: 'cancelled' };
        if (outcome.output !== '') io.onText(outcome.output);
        return { ...outcome, usage: sumOf(usages) };
      }
      if ('refusal' in fault) return failed('input.refused', fault.refusal);
      wrong = sentenceOf(fault, outcome, job);
      asked = fault.isFinal || repairs >= repairsMax ? null : repairOf(asked, outcome.output, fault);
    }
    return failed('output.invalid', wrong);
  };
}

/** What became of a repair that brought no answer: the one before is still wrong, and trouble of the server is trouble. */
function afterRepairs(outcome: Outcome, wrong: string): Outcome {
  return outcome.kind === 'failed' && wrong !== '' ? failed('output.invalid', wrong) : outcome;
}

function faultOf(
  { output, reply, usage }: Answer,
  format: AnswerFormat,
  schemas: AnswerSchemas,
): Fault | { readonly refusal: string } | null {
  if ((reply?.toolCalls ?? []).length > 0) return null;
  if (output.length > answerLimits.structuredCharsMax) {
    return { what: `it has more than ${answerLimits.structuredCharsMax} characters`, isFinal: true };
  }
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    return usage.doneReason === 'length'
      ? {
          what: 'it ends in the middle, since it used up its tokens: raise num_predict or num_ctx',
          isFinal: true,
        }
      : { what: 'it is not JSON, or not JSON alone', isFinal: false };
  }
  const checked = schemas.check(format, value);
  if ('refusal' in checked) return checked;
  return checked.complaints.length === 0 ? null : { what: checked.complaints.join('; '), isFinal: false };
}

/** For people, who may not read the task: nothing where the words would be those of the prompt. */
function sentenceOf({ what }: Fault, { usage }: Answer, job: Job): string {
  const who = usage.model ?? job.model ?? 'the model';
  return `The answer of ${who} is not in the format that was asked for${quoted(what, wordsOf(job))}.`;
}

/** The conversation goes on with what was wrong; `null` where there is none that could. */
function repairOf(job: Job, output: string, { what }: Fault): Job | null {
  const said = conversationOf(job);
  if (said === null) return null;
  const prompt = `That is not in the format that was asked for: ${what}. Answer again with the mended JSON, and nothing else.`;
  const messages: readonly ChatMessage[] = [
    ...said,
    { role: 'assistant', content: output.slice(0, answerLimits.repairedCharsMax) },
    { role: 'user', content: prompt },
  ];
  const tools = job.request?.kind === 'chat' ? job.request : {};
  return { ...job, prompt, request: { ...tools, kind: 'chat', messages } };
}

/** What was said so far. A prompt that goes to the model as it is, or has a gap in it, is not said to anybody. */
function conversationOf({ prompt, request }: Job): readonly ChatMessage[] | null {
  switch (request?.kind) {
    case 'chat':
      return request.messages;
    case 'completion': {
      const { system, template, suffix, raw = false, images } = request;
      if (raw || template !== undefined || suffix) return null;
      const first: readonly ChatMessage[] = system === undefined ? [] : [{ role: 'system', content: system }];
      return [...first, { role: 'user', content: prompt, ...(images !== undefined && { images }) }];
    }
    case 'embedding':
      return null;
    case undefined:
      return [{ role: 'user', content: prompt }];
  }
}

/** What all tries took together. */
function sumOf(usages: readonly Usage[]): Usage {
  return usages.reduce((sum, next) => ({
    model: next.model,
    promptTokens: added(sum.promptTokens, next.promptTokens),
    outputTokens: added(sum.outputTokens, next.outputTokens),
    loadMs: added(sum.loadMs, next.loadMs),
    promptMs: added(sum.promptMs, next.promptMs),
    generateMs: added(sum.generateMs, next.generateMs),
    totalMs: added(sum.totalMs, next.totalMs),
    doneReason: next.doneReason,
  }));
}

function added(sum: number | null, next: number | null): number | null {
  return sum === null || next === null ? (sum ?? next) : sum + next;
}
