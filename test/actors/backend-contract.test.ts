import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Backend } from '../../src/actors/execution.ts';
import { ollamaBackend } from '../../src/actors/ollama-backend.ts';
import { noUsage, type Outcome } from '../../src/machines/outcome.ts';
import { makeJob } from '../support/backend-jobs.ts';
import { type FakeOllama, startFakeOllama } from '../support/fake-ollama.ts';
import { until } from '../support/until.ts';
import { type BackendSubject, backendContract } from './backend-contract.ts';

let fake: FakeOllama;

beforeEach(async () => {
  fake = await startFakeOllama({ tokenDelayMs: 20 });
});

afterEach(() => fake.close());

function subject(backendAt: (host: string) => Backend): BackendSubject {
  return {
    backendAt,
    host: fake.url,
    shortJob: makeJob({ model: 'ok' }),
    longJob: makeJob({ model: 'slow' }),
    serverIdle: () => until(() => expect(fake.openGenerations).toBe(0)),
  };
}

describe('the Ollama backend keeps the contract on the fake', () => {
  for (const { name, check } of backendContract) {
    test(name, () => check(subject((host) => ollamaBackend({ host }))));
  }
});

/** Backends with one fault each, and the rules that must find it. */
const broken: readonly { fault: string; backendAt: (host: string) => Backend; rules: readonly string[] }[] = [
  {
    fault: 'takes a cut stream for a success',
    backendAt: (host) => async (job, io) => {
      const texts: string[] = [];
      const onText = (text: string): void => {
        texts.push(text);
        io.onText(text);
      };
      const outcome = await ollamaBackend({ host })(job, { ...io, onText });
      const isCut = outcome.kind === 'retry' && outcome.failure.code === 'backend.cut';
      return isCut ? { kind: 'succeeded', output: texts.join(''), usage: noUsage } : outcome;
    },
    rules: ['an answer that is cut off is never a success'],
  },
  {
    fault: 'answers an abort, but lets the server go on',
    backendAt: (host) => (job, io) => {
      const aborted = new Promise<Outcome>((resolve) => {
        io.signal.addEventListener('abort', () => resolve({ kind: 'cancelled' }));
      });
      const deaf = { ...io, signal: new AbortController().signal };
      return Promise.race([aborted, ollamaBackend({ host })(job, deaf)]);
    },
    rules: [
      'an abort before the start asks nothing of the server',
      'an abort in the middle of the answer stops the generation in time, and no text follows',
    ],
  },
  {
    fault: 'forgets to stream',
    backendAt: (host) => (job, io) => ollamaBackend({ host })(job, { ...io, onText: () => {} }),
    rules: [
      'an answer is streamed in order, and is whole in the outcome',
      'two jobs at once do not mix',
      'an abort in the middle of the answer stops the generation in time, and no text follows',
      'an answer that is cut off is never a success',
    ],
  },
];

describe('the contract finds a backend that', () => {
  for (const { fault, backendAt, rules } of broken) {
    test(fault, async () => {
      fake.tokens = Array.from({ length: 70 }, (_, index) => `word ${index} `); // 1.4 s if nobody stops it
      const found: string[] = [];
      for (const { name, check } of backendContract) {
        await check(subject(backendAt)).catch(() => found.push(name));
      }
      expect(found).toEqual(rules);
    });
  }
});
