import { expect } from 'vitest';
import type { Backend, Job } from '../../src/actors/execution.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';
import { startCuttingProxy } from '../support/cutting-proxy.ts';

/** What the contract is run on: a way to make backends, and a server that works. */
export interface BackendSubject {
  readonly backendAt: (host: string) => Backend;
  readonly host: string;
  /** A prompt that the server answers within a second. */
  readonly shortJob: Job;
  /** One that it would answer for seconds, unless told to stop. */
  readonly longJob: Job;
  /** Resolves when no generation runs at the server any more. */
  readonly serverIdle: () => Promise<unknown>;
  /** False where the server does not tell how long it took. */
  readonly tellsDurations?: boolean;
  /** What to do about a model that the server does not have; where it is left out: what to do at Ollama. */
  readonly modelAdvice?: string;
}

export interface Rule<Subject = BackendSubject> {
  readonly name: string;
  readonly check: (subject: Subject) => Promise<void>;
}

/** Within so long after an abort, the backend has answered and the server has stopped (src/actors/execution.ts). */
export const cancelMsMax = 1_000;

/** Some lines of an answer, far from all. */
const cutAfterBytes = 700;

const secret = 'tell nobody about the blue heron on the roof';

/** What every backend that talks to a server must do, on the real thing as on the fake. */
export const backendContract: readonly Rule[] = [
  {
    name: 'an answer is streamed in order, and is whole in the outcome',
    check: async ({ backendAt, host, shortJob }) => {
      const io = recordedIo();
      const outcome = await backendAt(host)(shortJob, io);
      expect(outcome.kind).toBe('succeeded');
      expect(io.texts.length).toBeGreaterThan(1);
      expect(outputOf(outcome)).toBe(io.texts.join(''));
    },
  },
  {
    name: 'tokens and durations are counted',
    check: async ({ backendAt, host, shortJob, tellsDurations = true }) => {
      const outcome = await backendAt(host)(shortJob, recordedIo());
      const usage = outcome.kind === 'succeeded' ? outcome.usage : {};
      expect(usage).toMatchObject({ model: shortJob.model, doneReason: expect.any(String) });
      const { promptTokens, outputTokens, totalMs } = usage as Record<string, number>;
      for (const counted of [promptTokens, outputTokens]) expect(counted).toBeGreaterThan(0);
      if (tellsDurations) expect(totalMs).toBeGreaterThan(0);
      else expect(totalMs).toBeNull();
    },
  },
  {
    name: 'two jobs at once do not mix',
    check: async ({ backendAt, host, shortJob }) => {
      const backend = backendAt(host);
      const ios = [recordedIo(), recordedIo()];
      const outcomes = await Promise.all(ios.map((io) => backend(shortJob, io)));
      const outputs = outcomes.map(outputOf);
      expect(outputs).toEqual(ios.map((io) => io.texts.join('')));
      expect(outputs[0]).toBe(outputs[1]);
    },
  },
  {
    name: 'an abort before the start asks nothing of the server',
    check: async ({ backendAt, host, shortJob }) => {
      const io = recordedIo(AbortSignal.abort());
      expect(await backendAt(host)(shortJob, io)).toEqual({ kind: 'cancelled' });
      expect(io.texts).toEqual([]);
    },
  },
  {
    name: 'an abort right after the start ends the job without text',
    check: async (subject) => {
      const io = recordedIo();
      const running = subject.backendAt(subject.host)(subject.longJob, io);
      await stopsInTime(subject, io.abort, running);
      expect(io.texts).toEqual([]);
    },
  },
  {
    name: 'an abort in the middle of the answer stops the generation in time, and no text follows',
    check: async (subject) => {
      const io = recordedIo();
      const running = subject.backendAt(subject.host)(subject.longJob, io);
      await Promise.race([io.firstText, running]);
      const textsAtAbort = io.texts.length;
      await stopsInTime(subject, io.abort, running);
      expect(io.texts.length).toBe(textsAtAbort);
    },
  },
  {
    name: 'an unknown model is final, and says how to get it',
    check: async ({ backendAt, host, modelAdvice = 'ollama pull unknown-model' }) => {
      const model = 'unknown-model';
      const outcome = await backendAt(host)(makeJob({ model }), recordedIo());
      expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'model.unknown' } });
      expect(messageOf(outcome)).toContain(model);
      expect(messageOf(outcome)).toContain(modelAdvice);
    },
  },
  {
    name: 'a job without a model is refused with what to do',
    check: async ({ backendAt, host }) => {
      const outcome = await backendAt(host)(makeJob({ model: null }), recordedIo());
      expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'input.refused' } });
    },
  },
  {
    name: 'a server that is not there is worth another attempt',
    check: async ({ backendAt, shortJob }) => {
      const outcome = await backendAt('http://127.0.0.1:1')(shortJob, recordedIo());
      expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.unreachable' } });
    },
  },
  {
    name: 'an answer that is cut off is never a success',
    check: async ({ backendAt, host, longJob, serverIdle }) => {
      const proxy = await startCuttingProxy(host, cutAfterBytes);
      try {
        const io = recordedIo();
        const outcome = await backendAt(proxy.url)(longJob, io);
        expect(io.texts.length).toBeGreaterThan(0);
        expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.cut' } });
        await serverIdle();
      } finally {
        await proxy.close();
      }
    },
  },
  {
    name: 'no message repeats the prompt',
    check: async ({ backendAt, host }) => {
      const failing = [
        backendAt(host)(makeJob({ prompt: secret, model: 'unknown-model' }), recordedIo()),
        backendAt('http://127.0.0.1:1')(makeJob({ prompt: secret }), recordedIo()),
      ];
      for (const outcome of await Promise.all(failing)) {
        expect(messageOf(outcome)).not.toBe('');
        expect(messageOf(outcome)).not.toContain(secret);
      }
    },
  },
];

async function stopsInTime(
  subject: BackendSubject,
  abort: () => void,
  running: Promise<Outcome>,
): Promise<void> {
  const abortedMs = performance.now();
  abort();
  expect(await running).toEqual({ kind: 'cancelled' });
  await subject.serverIdle();
  expect(performance.now() - abortedMs).toBeLessThan(cancelMsMax);
}

function outputOf(outcome: Outcome): string | undefined {
  return outcome.kind === 'succeeded' ? outcome.output : undefined;
}

export function messageOf(outcome: Outcome): string {
  return 'failure' in outcome ? outcome.failure.message : '';
}
