import { expect } from 'vitest';
import type { Job } from '../../src/actors/execution.ts';
import type { ChatRequest, EmbeddingRequest } from '../../src/machines/model-request.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';
import { brokenVectors } from '../support/fake-embeddings.ts';
import { fakeCalls } from '../support/fake-ollama-modes.ts';
import { type BackendSubject, cancelMsMax, messageOf, type Rule } from './backend-contract.ts';

/** A server that is steered by the names of models. */
export interface RequestSubject extends BackendSubject {
  /** Resolves when a generation runs at the server. */
  readonly serverBusy: () => Promise<unknown>;
}

const tools: NonNullable<ChatRequest['tools']> = [
  { name: 'search', description: 'Looks it up.', parameters: { type: 'object' } },
  { name: 'clock' },
];

const conversation: ChatRequest = {
  kind: 'chat',
  messages: [
    { role: 'system', content: 'You are a joiner.' },
    { role: 'user', content: 'What is a dovetail?' },
  ],
};

function chatJob(model: string, request: Partial<ChatRequest> = {}): Job {
  return makeJob({ model, prompt: 'What is a dovetail?', request: { ...conversation, ...request } });
}

function embeddingJob(model: string, request: Partial<EmbeddingRequest> = {}): Job {
  const inputs = ['oak', '工房の仕事', 'a'];
  return makeJob({ model, prompt: 'oak', request: { kind: 'embedding', inputs, ...request } });
}

function run({ backendAt, host }: BackendSubject, job: Job): Promise<Outcome> {
  return backendAt(host)(job, recordedIo());
}

/** What every backend that talks to a server must do with more than plain prompts. The model's name tells the fake what to do. */
export const requestContract: readonly Rule<RequestSubject>[] = [
  {
    name: 'a conversation is answered in order, and is whole in the outcome',
    check: async ({ backendAt, host }) => {
      const io = recordedIo();
      const outcome = await backendAt(host)(chatJob('ok', { tools }), io);
      expect(io.texts.length).toBeGreaterThan(1);
      expect(outcome).toMatchObject({ kind: 'succeeded', output: io.texts.join('') });
      expect(outcome).not.toHaveProperty('reply');
    },
  },
  {
    name: 'calls of tools without text are an answer, with the thoughts before it',
    check: async (subject) => {
      for (const toolChoice of ['auto', 'required', { name: 'clock' }] as const) {
        const outcome = await run(subject, chatJob('tool-calls', { tools, toolChoice }));
        expect(outcome).toMatchObject({ kind: 'succeeded', output: '', reply: { thinking: 'Hm. ' } });
        const calls = (outcome.kind === 'succeeded' && outcome.reply?.toolCalls) || [];
        expect(calls.map(({ name, arguments: args }) => ({ name, arguments: JSON.parse(args) }))).toEqual(
          fakeCalls,
        );
        expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length);
      }
    },
  },
  {
    name: 'calls of tools that nobody offered are no answer',
    check: async (subject) => {
      for (const request of [{}, { tools, toolChoice: 'none' }] as const) {
        const outcome = await run(subject, chatJob('tool-calls', request));
        expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.empty' } });
      }
    },
  },
  {
    name: 'a tool that had to be called, and was not, is never a success',
    check: async (subject) => {
      for (const toolChoice of ['required', { name: 'clock' }] as const) {
        const outcome = await run(subject, chatJob('ok', { tools, toolChoice }));
        expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'output.invalid' } });
      }
    },
  },
  {
    name: 'a tool that must be called, and is none, is refused',
    check: async (subject) => {
      for (const request of [{ toolChoice: 'required' }, { tools, toolChoice: { name: 'saw' } }] as const) {
        const outcome = await run(subject, chatJob('ok', request));
        expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'input.refused' } });
      }
    },
  },
  {
    name: 'arguments of a call that are not an object are garbage',
    check: async (subject) => {
      const outcome = await run(subject, chatJob('tool-broken', { tools }));
      expect(outcome).toMatchObject({ kind: 'retry', failure: { code: 'backend.garbage' } });
    },
  },
  {
    name: 'a prompt with a system prompt is answered, and so is one that goes to the model as it is',
    check: async (subject) => {
      for (const request of [{ system: 'Be short.' }, { raw: true }, { suffix: 'end' }] as const) {
        const io = recordedIo();
        const job = makeJob({ model: 'ok', request: { kind: 'completion', ...request } });
        const outcome = await subject.backendAt(subject.host)(job, io);
        expect(io.texts.length).toBeGreaterThan(1);
        expect(outcome).toMatchObject({ kind: 'succeeded', output: io.texts.join('') });
      }
    },
  },
  {
    name: 'each text becomes a vector, in order, and no text is told',
    check: async ({ backendAt, host }) => {
      const io = recordedIo();
      const outcome = await backendAt(host)(embeddingJob('ok'), io);
      const output = outcome.kind === 'succeeded' ? outcome.output : '';
      expect(JSON.parse(output)).toEqual([
        [3, 27.75, -0.25],
        [5, '工'.charCodeAt(0) / 4, -0.25],
        [1, 24.25, -0.25],
      ]);
      expect(outcome).toMatchObject({ usage: { model: 'ok', promptTokens: 7, outputTokens: null } });
      expect(io.texts).toEqual([]);
    },
  },
  {
    name: 'what is not a vector for each text is garbage',
    check: async (subject) => {
      for (const mode of brokenVectors) {
        const outcome = await run(subject, embeddingJob(mode));
        expect(outcome, mode).toMatchObject({ kind: 'retry', failure: { code: 'backend.garbage' } });
      }
    },
  },
  {
    name: 'vectors of another length than was asked for are not taken for them',
    check: async (subject) => {
      expect(await run(subject, embeddingJob('ok', { dimensions: 3 }))).toMatchObject({ kind: 'succeeded' });
      expect(await run(subject, embeddingJob('ok', { dimensions: 4 }))).toMatchObject({
        kind: 'failed',
        failure: { code: 'output.invalid' },
      });
    },
  },
  {
    name: 'an abort while vectors are made stops the server in time',
    check: async (subject) => {
      const io = recordedIo();
      const running = subject.backendAt(subject.host)(embeddingJob('hang'), io);
      await subject.serverBusy();
      const abortedMs = performance.now();
      io.abort();
      expect(await running).toEqual({ kind: 'cancelled' });
      await subject.serverIdle();
      expect(performance.now() - abortedMs).toBeLessThan(cancelMsMax);
    },
  },
  {
    name: 'an unknown model is final, whatever it is asked for',
    check: async (subject) => {
      for (const job of [chatJob('unknown-model'), embeddingJob('unknown-model')]) {
        const outcome = await run(subject, job);
        expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'model.unknown' } });
      }
    },
  },
  {
    name: 'no message repeats what was said in a conversation, or a text that was to be a vector',
    check: async (subject) => {
      // The words with which the fakes fail.
      const content = 'llama runner process has terminated; the engine has died';
      const chat = chatJob('error-500', { messages: [{ role: 'user', content }, ...conversation.messages] });
      for (const job of [chat, embeddingJob('error-500', { inputs: ['oak', content] })]) {
        const message = messageOf(await run(subject, job));
        expect(message).toContain('500');
        expect(message).not.toMatch(/runner|engine/);
      }
    },
  },
];
