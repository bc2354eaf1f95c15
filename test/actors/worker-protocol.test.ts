import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readFrameToPool, readFrameToWorker } from '../../src/actors/worker-protocol.ts';
import { limits } from '../../src/machines/limits.ts';
import { linkLimits } from '../../src/machines/link-limits.ts';
import { wireLimits } from '../../src/machines/wire-limits.ts';
import { beatFrame, helloFrame, settledFrame } from '../support/worker-frames.ts';

const toPool = (frame: object) => readFrameToPool(JSON.stringify(frame));
const toWorker = (frame: object) => readFrameToWorker(JSON.stringify(frame));
const succeeded = (output: string) => ({
  kind: 'succeeded',
  output,
  usage: {
    model: null,
    prompt_tokens: null,
    output_tokens: null,
    load_ms: null,
    prompt_ms: null,
    generate_ms: null,
    total_ms: null,
    done_reason: null,
  },
});

describe('a frame to the pool', () => {
  test.each([
    helloFrame(),
    beatFrame(),
    settledFrame(),
    { type: 'text', assignment_id: 1, offset: 0, text: 'a' },
    { type: 'goodbye' },
    { type: 'error', code: 'x', message: 'y' },
  ])('is read: $type', (frame) => {
    expect(toPool(frame)).toEqual({ frame });
  });

  test('may have fields that this version does not know, and loses them', () => {
    expect(toPool({ type: 'goodbye', mood: 'sad' })).toEqual({ frame: { type: 'goodbye' } });
  });

  test.each([
    ['a name that is a path', helloFrame({ worker_id: '../../etc' }), 'worker_id'],
    ['no slots', helloFrame({ slots: 0 }), 'slots'],
    ['more slots than anybody has', helloFrame({ slots: linkLimits.slotsMax + 1 }), 'slots'],
    ['too many models', helloFrame({ models: Array(linkLimits.modelsMax + 1).fill('m') }), 'models'],
    [
      'a label without end',
      helloFrame({ labels: { a: 'x'.repeat(linkLimits.nameCharsMax + 1) } }),
      'labels.a',
    ],
    [
      'too many labels',
      helloFrame({ labels: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`l${n}`, ''])) }),
      'labels',
    ],
    ['a factor of nothing', helloFrame({ performance_factor: 0 }), 'performance_factor'],
    ['a lease that is no number', beatFrame({ leases: ['1'] }), 'leases.0'],
    ['more leases than anybody holds', beatFrame({ leases: Array(2_049).fill(1) }), 'leases'],
    ['a negative offset', { type: 'text', assignment_id: 1, offset: -1, text: '' }, 'offset'],
    [
      'a long piece of text',
      { type: 'text', assignment_id: 1, offset: 0, text: 'x'.repeat(linkLimits.textFrameCharsMax + 1) },
      'text',
    ],
    ['a task id that is none', settledFrame({ task_id: "task'; --" }), 'task_id'],
    ['an unknown outcome', settledFrame({ outcome: { kind: 'vanished' } }), 'outcome.kind'],
    [
      'an unknown failure',
      settledFrame({ outcome: { kind: 'failed', failure: { code: 'x', message: '' } } }),
      'outcome.failure.code',
    ],
    [
      'an answer that is too long',
      settledFrame({ outcome: succeeded('x'.repeat(limits.outputBytesMax + 1)) }),
      'outcome.output',
    ],
  ])('with %s is refused, and the place is named', (_what, frame, place) => {
    expect(toPool(frame)).toEqual({ fault: expect.stringContaining(`its ${place} `) });
  });

  test('that carries no answer has at most a mebibyte; one with an answer may be longer', () => {
    const residents = Array.from({ length: 512 }, () => ({
      name: 'x'.repeat(256),
      memory_bytes: 1,
      context_tokens: null,
      padding: 'x'.repeat(2_048),
    }));
    expect(toPool(beatFrame({ residents }))).toEqual({ fault: expect.stringContaining('longer than') });
    const long = settledFrame({ outcome: succeeded('x'.repeat(2 * linkLimits.plainFrameCharsMax)) });
    expect(toPool(long)).toHaveProperty('frame');
  });

  test('may announce kinds of requests that this version does not know', () => {
    expect(toPool(helloFrame({ requests: ['song', 'embedding', 'chat'] }))).toMatchObject({
      frame: { requests: ['chat', 'embedding'] },
    });
    expect(toPool(helloFrame())).not.toHaveProperty('frame.requests');
    expect(toPool(helloFrame({ requests: 'chat' }))).toHaveProperty('fault');
  });

  test('of another version is a fault that names the version, whatever else it says', () => {
    expect(toPool({ type: 'hello', protocol: 7, sings: true })).toMatchObject({ protocol: 7 });
  });

  test('is told from nonsense without throwing, and the nonsense is not repeated', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify(value)),
        ),
        (raw) => {
          for (const read of [readFrameToPool(raw), readFrameToWorker(raw)]) {
            expect(read).toHaveProperty('fault');
            expect((read as { fault: string }).fault.length).toBeLessThan(200);
          }
        },
      ),
    );
    const secret = readFrameToPool(JSON.stringify(settledFrame({ outcome: { kind: 'a secret prompt' } })));
    expect(JSON.stringify(secret)).not.toContain('secret');
  });
});

const chatOf = (messages: number, rest: object = {}) => ({
  kind: 'chat',
  messages: Array(messages).fill({ role: 'user', content: 'a' }),
  ...rest,
});

describe('a frame to a worker', () => {
  const job = {
    task_id: 'task_20260101_000000_000001_ab',
    assignment_id: 1,
    task_type: 'general',
    priority: 5,
    prompt: 'p',
    model: null,
    sampling: { temperature: 0 },
    fresh: false,
    deadline_ms: 1_000,
  };

  test.each([
    {
      type: 'welcome',
      protocol: 1,
      heartbeat_ms: 15_000,
      resume: [{ assignment_id: 1, offset: 2 }],
      drop: [3],
    },
    { type: 'run', job },
    { type: 'run', job: { ...job, request: chatOf(wireLimits.messagesMax), format: { type: 'object' } } },
    { type: 'resume', assignment_id: 1, offset: 2 },
    { type: 'stop', assignment_id: 1 },
    { type: 'ack', assignment_id: 1 },
    { type: 'refused', code: 'protocol', message: 'm', protocol: 2 },
    { type: 'error', code: 'x', message: 'y' },
  ])('is read: $type', (frame) => {
    expect(toWorker(frame)).toEqual({ frame });
  });

  test.each([
    ['a kind of request that there is not', { type: 'run', job: { ...job, request: { kind: 'song' } } }],
    [
      'a conversation without a word',
      { type: 'run', job: { ...job, request: { kind: 'chat', messages: [] } } },
    ],
    [
      'more messages than are sent',
      { type: 'run', job: { ...job, request: chatOf(wireLimits.messagesMax + 1) } },
    ],
    [
      'an input without a letter',
      { type: 'run', job: { ...job, request: { kind: 'embedding', inputs: [''] } } },
    ],
    [
      'more inputs than are sent',
      {
        type: 'run',
        job: { ...job, request: { kind: 'embedding', inputs: Array(wireLimits.inputsMax + 1).fill('a') } },
      },
    ],
    [
      'more tools than are sent',
      {
        type: 'run',
        job: { ...job, request: chatOf(1, { tools: Array(wireLimits.toolsMax + 1).fill({ name: 't' }) }) },
      },
    ],
    [
      'more pictures than are sent',
      {
        type: 'run',
        job: {
          ...job,
          request: { kind: 'completion', images: Array(wireLimits.picturesMax + 1).fill('aGk=') },
        },
      },
    ],
    ['a format that is none', { type: 'run', job: { ...job, format: 'xml' } }],
    ['no deadline', { type: 'run', job: { ...job, deadline_ms: 0 } }],
    ['a heartbeat without a pause', { type: 'welcome', protocol: 1, heartbeat_ms: 0, resume: [], drop: [] }],
    ['a refusal for a reason of its own', { type: 'refused', code: 'mood', message: '', protocol: 1 }],
  ])('with %s is refused', (_what, frame) => {
    expect(toWorker(frame)).toHaveProperty('fault');
  });
});
