import { expect, test } from 'vitest';
import { ollamaServer } from '../../src/actors/ollama-errors.ts';
import { ServerAnswer, type WrittenCall } from '../../src/actors/server-answer.ts';
import { type Asked, ServerTrouble } from '../../src/actors/server-errors.ts';
import { answerLimits } from '../../src/machines/answer-limits.ts';
import { limits } from '../../src/machines/limits.ts';
import { noUsage, type Outcome } from '../../src/machines/outcome.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';

const asked: Asked = {
  server: ollamaServer('/api/chat'),
  address: 'gpu-1:11434',
  model: 'tiny',
  prompt: 'a',
  secret: null,
};
const job = makeJob({
  request: { kind: 'chat', messages: [{ role: 'user', content: 'a' }], tools: [{ name: 'saw' }] },
});

function call(changes: Partial<WrittenCall> = {}): WrittenCall {
  return { id: null, name: 'saw', arguments: '{}', ...changes };
}

/** How an answer ends that consists of these calls; also where it throws that. */
function ended(calls: readonly WrittenCall[], doneReason = 'stop'): Outcome {
  try {
    const answer = new ServerAnswer(asked, job, recordedIo());
    return answer.end(calls, { usage: { ...noUsage, doneReason }, emptyBecause: 'said nothing.' });
  } catch (error) {
    if (error instanceof ServerTrouble) return error.outcome;
    throw error;
  }
}

test('calls without an id, with one that is taken or too long, get one by their place', () => {
  const outcome = ended([
    call(),
    call({ id: 'a' }),
    call({ id: 'a' }),
    call({ id: 'x'.repeat(257) }),
    call({ arguments: ' ' }),
  ]);
  expect(outcome).toMatchObject({
    reply: {
      toolCalls: [
        { id: 'call_1_0' },
        { id: 'a' },
        { id: 'call_1_2' },
        { id: 'call_1_3' },
        { id: 'call_1_4', arguments: '{}' },
      ],
    },
  });
});

test.each<[string, readonly WrittenCall[]]>([
  ['without a name', [call({ name: '' })]],
  ['with a name that is none', [call({ name: 'x'.repeat(257) })]],
  ['with arguments in a list', [call({ arguments: '[]' })]],
  ['in such numbers', Array(answerLimits.toolCallsMax + 1).fill(call())],
])('calls %s are garbage', (_what, calls) => {
  expect(ended(calls)).toMatchObject({ kind: 'retry', failure: { code: 'backend.garbage' } });
});

test('so many calls as there may be are an answer', () => {
  const outcome = ended(Array(answerLimits.toolCallsMax).fill(call()));
  expect(outcome).toMatchObject({ reply: { toolCalls: { length: answerLimits.toolCallsMax } } });
});

test('a call that the tokens did not suffice for is no matter of another attempt', () => {
  expect(ended([call({ arguments: '{"q' })], 'length')).toMatchObject({
    kind: 'failed',
    failure: { code: 'output.invalid', message: expect.stringContaining('num_predict') },
  });
});

test('text, thoughts and calls together have the bound of an answer', () => {
  const quarter = 'x'.repeat(limits.outputBytesMax / 4);
  const answer = new ServerAnswer(asked, job, recordedIo());
  answer.text(quarter);
  answer.thought(quarter);
  answer.weigh(quarter);
  answer.weigh(quarter);
  expect(() => answer.thought('x')).toThrow(ServerTrouble);
});
