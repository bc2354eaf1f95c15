import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Backend } from '../../src/actors/execution.ts';
import { ollamaBackend } from '../../src/actors/ollama-backend.ts';
import { openaiBackend } from '../../src/actors/openai-backend.ts';
import { noUsage, type Outcome } from '../../src/machines/outcome.ts';
import { makeJob } from '../support/backend-jobs.ts';
import { type FakeOllama, startFakeOllama } from '../support/fake-ollama.ts';
import { type FakeOpenai, startFakeOpenai } from '../support/fake-openai.ts';
import { until } from '../support/until.ts';
import { type RequestSubject, requestContract } from './request-contract.ts';

type BackendAt = (host: string) => Backend;

const kinds = [
  { kind: 'Ollama', backendAt: (host) => ollamaBackend({ host }), start: () => startFakeOllama() },
  {
    kind: 'OpenAI',
    backendAt: (host) => openaiBackend({ baseUrl: `${host}/v1`, apiKey: null }),
    start: () => startFakeOpenai(),
  },
] as const satisfies readonly {
  kind: string;
  backendAt: BackendAt;
  start: () => Promise<FakeOllama | FakeOpenai>;
}[];

/** Backends with one fault each, and the rules that must find it. */
const broken: readonly { fault: string; spoil: (whole: Backend) => Backend; rules: readonly string[] }[] = [
  {
    fault: 'takes garbage for an answer',
    spoil: (whole) => async (job, io) => {
      const outcome = await whole(job, io);
      const isGarbage = outcome.kind === 'retry' && outcome.failure.code === 'backend.garbage';
      return isGarbage ? { kind: 'succeeded', output: '[]', usage: noUsage } : outcome;
    },
    rules: [
      'arguments of a call that are not an object are garbage',
      'what is not a vector for each text is garbage',
    ],
  },
  {
    fault: 'forgets which tools must be called',
    spoil: (whole) => (job, io) => {
      if (job.request?.kind !== 'chat') return whole(job, io);
      const { toolChoice: _, ...request } = job.request;
      return whole({ ...job, request }, io);
    },
    rules: [
      'calls of tools that nobody offered are no answer',
      'a tool that had to be called, and was not, is never a success',
      'a tool that must be called, and is none, is refused',
    ],
  },
  {
    fault: 'answers an abort, but lets the server go on',
    spoil: (whole) => (job, io) => {
      const aborted = new Promise<Outcome>((resolve) => {
        io.signal.addEventListener('abort', () => resolve({ kind: 'cancelled' }));
      });
      return Promise.race([aborted, whole(job, { ...io, signal: new AbortController().signal })]);
    },
    rules: ['an abort while vectors are made stops the server in time'],
  },
];

describe.each(kinds)('the $kind backend', ({ backendAt, start }) => {
  let fake: FakeOllama | FakeOpenai;

  beforeEach(async () => {
    fake = await start();
  });

  afterEach(() => fake.close());

  function subject(subjectAt: BackendAt): RequestSubject {
    return {
      backendAt: subjectAt,
      host: fake.url,
      shortJob: makeJob({ model: 'ok' }),
      longJob: makeJob({ model: 'slow' }),
      serverBusy: () => until(() => expect(fake.openGenerations).toBe(1)),
      serverIdle: () => until(() => expect(fake.openGenerations).toBe(0)),
    };
  }

  for (const { name, check } of requestContract) {
    test(`keeps the contract on the fake: ${name}`, () => check(subject(backendAt)));
  }

  for (const { fault, spoil, rules } of broken) {
    test(`is found out by the contract when it ${fault}`, async () => {
      const found: string[] = [];
      for (const { name, check } of requestContract) {
        await check(subject((host) => spoil(backendAt(host)))).catch(() => found.push(name));
      }
      expect(found).toEqual(rules);
    });
  }
});
