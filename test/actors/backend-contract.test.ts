import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Backend } from '../../src/actors/execution.ts';
import { ollamaBackend } from '../../src/actors/ollama-backend.ts';
import { openaiBackend } from '../../src/actors/openai-backend.ts';
import { noUsage, type Outcome } from '../../src/machines/outcome.ts';
import { makeJob } from '../support/backend-jobs.ts';
import { type FakeOllama, startFakeOllama } from '../support/fake-ollama.ts';
import { type FakeOpenai, startFakeOpenai } from '../support/fake-openai.ts';
import { until } from '../support/until.ts';
import { type BackendSubject, backendContract } from './backend-contract.ts';

const tokenDelayMs = 20;

type BackendAt = (host: string) => Backend;

/** One kind of server, as its fake plays it. */
interface Played {
  readonly kind: string;
  /** Of which every broken backend below is made. */
  readonly backendAt: BackendAt;
  readonly start: () => Promise<FakeOllama | FakeOpenai>;
  readonly differences: Partial<BackendSubject>;
}

const kinds: readonly Played[] = [
  {
    kind: 'Ollama',
    backendAt: (host) => ollamaBackend({ host }),
    start: () => startFakeOllama({ tokenDelayMs }),
    differences: {},
  },
  {
    kind: 'OpenAI',
    backendAt: (host) => openaiBackend({ baseUrl: `${host}/v1`, apiKey: null }),
    start: () => startFakeOpenai({ tokenDelayMs }),
    differences: { tellsDurations: false, modelAdvice: 'GET /models' },
  },
];

/** Backends with one fault each, and the rules that must find it. */
const broken: readonly { fault: string; spoil: (whole: Backend) => Backend; rules: readonly string[] }[] = [
  {
    fault: 'takes a cut stream for a success',
    spoil: (whole) => async (job, io) => {
      const texts: string[] = [];
      const onText = (text: string): void => {
        texts.push(text);
        io.onText(text);
      };
      const outcome = await whole(job, { ...io, onText });
      const isCut = outcome.kind === 'retry' && outcome.failure.code === 'backend.cut';
      return isCut ? { kind: 'succeeded', output: texts.join(''), usage: noUsage } : outcome;
    },
    rules: ['an answer that is cut off is never a success'],
  },
  {
    fault: 'answers an abort, but lets the server go on',
    spoil: (whole) => (job, io) => {
      const aborted = new Promise<Outcome>((resolve) => {
        io.signal.addEventListener('abort', () => resolve({ kind: 'cancelled' }));
      });
      const deaf = { ...io, signal: new AbortController().signal };
      return Promise.race([aborted, whole(job, deaf)]);
    },
    rules: [
      'an abort before the start asks nothing of the server',
      'an abort in the middle of the answer stops the generation in time, and no text follows',
    ],
  },
  {
    fault: 'forgets to stream',
    spoil: (whole) => (job, io) => whole(job, { ...io, onText: () => {} }),
    rules: [
      'an answer is streamed in order, and is whole in the outcome',
      'two jobs at once do not mix',
      'an abort in the middle of the answer stops the generation in time, and no text follows',
      'an answer that is cut off is never a success',
    ],
  },
];

describe.each(kinds)('the $kind backend', ({ backendAt, start, differences }) => {
  let fake: FakeOllama | FakeOpenai;

  beforeEach(async () => {
    fake = await start();
  });

  afterEach(() => fake.close());

  function subject(subjectAt: BackendAt): BackendSubject {
    return {
      backendAt: subjectAt,
      host: fake.url,
      shortJob: makeJob({ model: 'ok' }),
      longJob: makeJob({ model: 'slow' }),
      serverIdle: () => until(() => expect(fake.openGenerations).toBe(0)),
      ...differences,
    };
  }

  for (const { name, check } of backendContract) {
    test(`keeps the contract on the fake: ${name}`, () => check(subject(backendAt)));
  }

  for (const { fault, spoil, rules } of broken) {
    test(`is found out by the contract when it ${fault}`, async () => {
      fake.tokens = Array.from({ length: 70 }, (_, index) => `word ${index} `); // 1.4 s if nobody stops it
      const found: string[] = [];
      for (const { name, check } of backendContract) {
        await check(subject((host) => spoil(backendAt(host)))).catch(() => found.push(name));
      }
      expect(found).toEqual(rules);
    });
  }
});
