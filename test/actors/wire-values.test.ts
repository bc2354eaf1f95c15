import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/actors/execution.ts';
import {
  jobOf,
  modelOf,
  outcomeOf,
  residentOf,
  wireJobOf,
  wireModelsOf,
  wireOutcomeOf,
  wireResidentsOf,
} from '../../src/actors/wire-values.ts';
import { readFrameToPool, readFrameToWorker } from '../../src/actors/worker-protocol.ts';
import { limits } from '../../src/machines/limits.ts';
import type { ModelRequest } from '../../src/machines/model-request.ts';
import { failed, noUsage, type Outcome, retry } from '../../src/machines/outcome.ts';
import { makeJob } from '../support/backend-jobs.ts';
import { settledFrame } from '../support/worker-frames.ts';

/** An outcome after its way through a frame. */
function travelled(outcome: Outcome): Outcome {
  const read = readFrameToPool(JSON.stringify(settledFrame({ outcome: wireOutcomeOf(outcome) })));
  if (!('frame' in read) || read.frame.type !== 'settled') throw new Error(JSON.stringify(read));
  return outcomeOf(read.frame.outcome);
}

test('a job arrives as it was sent, without the files, which stand in its prompt', () => {
  const job = makeJob({ files: ['src/a.ts'], sampling: { num_ctx: 5 }, model: null, fresh: true });
  const read = readFrameToWorker(JSON.stringify({ type: 'run', job: wireJobOf(job) }));
  if (!('frame' in read) || read.frame.type !== 'run') throw new Error(JSON.stringify(read));
  expect(jobOf(read.frame.job)).toEqual({ ...job, files: [] });
});

describe('what is asked beside a prompt', () => {
  const chat: ModelRequest = {
    kind: 'chat',
    messages: [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'a', images: ['aGk='] },
      { role: 'assistant', content: '', toolCalls: [{ id: 'c', name: 'n', arguments: '{"a":1}' }] },
      { role: 'tool', content: '{}', toolCallId: 'c', toolName: 'n' },
    ],
    tools: [{ name: 'n', description: 'd', parameters: { type: 'object' } }, { name: 'm' }],
    toolChoice: { name: 'n' },
  };

  test.each<Partial<Job>>([
    { request: chat, prompt: '', format: { type: 'object' } },
    {
      request: { kind: 'chat', messages: [{ role: 'user', content: '' }], toolChoice: 'required' },
      prompt: '',
    },
    { request: { kind: 'completion', system: 's', template: 't', suffix: 'x', raw: true, images: ['aGk='] } },
    { request: { kind: 'completion' }, format: 'json' },
    { request: { kind: 'embedding', inputs: ['a', 'b'], dimensions: 3 }, prompt: '' },
  ])('arrives as it was sent: $request.kind', (asked) => {
    const job = makeJob(asked);
    const read = readFrameToWorker(JSON.stringify({ type: 'run', job: wireJobOf(job) }));
    if (!('frame' in read) || read.frame.type !== 'run') throw new Error(JSON.stringify(read));
    expect(jobOf(read.frame.job)).toEqual(job);
  });

  test('is not sent twice, as prompt too', () => {
    const content = 'the blue heron';
    const job = makeJob({
      prompt: content,
      request: { kind: 'chat', messages: [{ role: 'user', content }] },
    });
    expect(JSON.stringify(wireJobOf(job)).split(content)).toHaveLength(2);
  });
});

describe('an outcome', () => {
  test.each([
    {
      kind: 'succeeded',
      output: '工房',
      usage: { ...noUsage, model: 'tiny', totalMs: 1.5, outputTokens: 3 },
    },
    {
      kind: 'succeeded',
      output: '',
      usage: noUsage,
      reply: { toolCalls: [{ id: 'c', name: 'n', arguments: '{"工房":1}' }], thinking: 'Hm. ' },
    },
    retry('backend.busy', 'wait', 2_000),
    failed('model.unknown', 'no'),
    { kind: 'released', failure: { code: 'worker.lost', message: 'gone' } },
    { kind: 'cancelled' },
  ] as const satisfies readonly Outcome[])('arrives as it was sent: $kind', (outcome) => {
    expect(travelled(outcome)).toEqual(outcome);
  });

  test('arrives with its text whatever the characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (output) => {
        const outcome = { kind: 'succeeded', output, usage: noUsage } as const;
        expect(travelled(outcome)).toEqual(outcome);
      }),
    );
  });

  test.each([
    ['in characters', 'x'.repeat(limits.outputBytesMax + 1)],
    ['in bytes', '工'.repeat(limits.outputBytesMax / 3 + 1)],
    ['once it is escaped', '\u0001'.repeat(limits.outputBytesMax / 2)],
  ])('that is too long %s fails, instead of cutting the link for ever', (_how, output) => {
    const outcome = travelled({ kind: 'succeeded', output, usage: noUsage });
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'execution.too_large' } });
  });

  test('that is too long with its thoughts fails as well', () => {
    const thinking = 'x'.repeat(limits.outputBytesMax);
    const outcome = travelled({ kind: 'succeeded', output: 'x', usage: noUsage, reply: { thinking } });
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'execution.too_large' } });
  });

  test('with more words than fit is shortened', () => {
    const usage = { ...noUsage, model: 'm'.repeat(1_000), doneReason: '' };
    expect(travelled({ kind: 'succeeded', output: 'x', usage })).toMatchObject({
      usage: { model: 'm'.repeat(256), doneReason: null },
    });
    const { failure } = travelled(failed('input.refused', 'w'.repeat(10_000))) as {
      failure: { message: string };
    };
    expect(failure.message).toHaveLength(2_000);
  });
});

test('what a server says of its models arrives, and what no server should say is left out', () => {
  const model = { name: 'tiny', sizeBytes: 5, contextTokensMax: null };
  const resident = { name: 'tiny', memoryBytes: 5, contextTokens: 512 };
  expect(wireModelsOf([model, { ...model, name: '' }, { ...model, sizeBytes: -1 }]).map(modelOf)).toEqual([
    model,
  ]);
  expect(wireResidentsOf([resident, { ...resident, memoryBytes: 0.5 }]).map(residentOf)).toEqual([resident]);
  expect(wireModelsOf(Array(600).fill(model))).toHaveLength(512);
});
