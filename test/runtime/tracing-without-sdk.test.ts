import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ollamaBackend } from '../../src/actors/ollama-backend.ts';
import { openaiBackend } from '../../src/actors/openai-backend.ts';
import { remoteContext, traceParentOf } from '../../src/actors/traced-context.ts';
import type { TaskId } from '../../src/machines/identifiers.ts';
import { setupGraphql } from '../http/graphql-client.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { type RestClient, setupRest } from '../support/rest-client.ts';
import { setupRuntime, spec, succeeded } from '../support/running-server.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

async function metadataAfter(rest: RestClient, headers: Record<string, string>) {
  const { body } = await rest.post('/task/delegate', { prompt: 'write a haiku' }, headers);
  return rest.runtime.task(body.task_id as TaskId).metadata;
}

test('without an SDK the place that a client named is kept with the task, and given to its backend', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ backend: puppet.backend });
  const metadata = await metadataAfter(rest, { traceparent, tracestate: 'shop=7,rojo=1' });
  expect(metadata).toMatchObject({ trace: traceparent, trace_state: 'shop=7,rojo=1' });
  const { job, settle } = await puppet.job(1);
  settle(succeeded('done'));
  expect(job.trace).toEqual({ traceparent, tracestate: 'shop=7,rojo=1' });
});

test('without an SDK and without a client that traces, nothing is kept and nothing is sent', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ backend: puppet.backend });
  expect(await metadataAfter(rest, { tracestate: 'shop=7' })).not.toHaveProperty('trace');
  const { job, settle } = await puppet.job(1);
  settle(succeeded('done'));
  expect(job).not.toHaveProperty('trace');
});

test('a task that comes in by GraphQL keeps the place, too', async () => {
  const { ask, runtime } = await setupGraphql();
  const mutation = 'mutation { submitTask(input: { type: GENERAL, prompt: "a haiku" }) { taskId } }';
  const { data } = await ask(mutation, {}, { traceparent, 'x-request-id': 'shop-7' });
  const { metadata } = runtime.task(data.submitTask.taskId as TaskId);
  expect(metadata).toMatchObject({ trace: traceparent, request_id: 'shop-7' });
});

test('requests at once do not take each other for their clients', async () => {
  const rest = await setupRest();
  const ids = Array.from({ length: 8 }, (_, n) => `${n + 1}`.repeat(16));
  const kept = await Promise.all(
    ids.map((id) => metadataAfter(rest, { traceparent: `00-${'a'.repeat(32)}-${id}-00` })),
  );
  expect(kept.map(({ trace }) => trace)).toEqual(ids.map((id) => `00-${'a'.repeat(32)}-${id}-00`));
  expect(await metadataAfter(rest, {})).not.toHaveProperty('trace');
});

test.each([
  ['Ollama', 'ollama'],
  ['OpenAI', 'openai'],
] as const)('a server of %s is told the place', async (_name, kind) => {
  const asked: Headers[] = [];
  const network: typeof fetch = async (_input, init) => {
    asked.push(new Headers(init?.headers));
    return new Response('not now', { status: 503 });
  };
  const backend =
    kind === 'ollama'
      ? ollamaBackend({ host: 'http://forge:11434', fetch: network })
      : openaiBackend({ baseUrl: 'http://forge:1234/v1', apiKey: 'key', fetch: network });
  const rest = await setupRest({ backend });
  const headers = { traceparent, tracestate: 'shop=7' };
  await rest.post('/task/delegate', { prompt: 'a haiku', sync: true, options: { retry_count: 0 } }, headers);
  await rest.post('/task/delegate', { prompt: 'a haiku', sync: true, options: { retry_count: 0 } });
  const told = asked.map((each) => [each.get('traceparent'), each.get('tracestate')]);
  expect(told).toEqual([
    [traceparent, 'shop=7'],
    [null, null],
  ]);
  expect(asked[0]?.get('authorization')).toBe(kind === 'openai' ? 'Bearer key' : null);
});

test.each([
  ['is empty', ''],
  ['lacks its flags', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331'],
  ['has no trace', '00-00000000000000000000000000000000-b7ad6b7169203331-01'],
  ['has no span', '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01'],
  ['has a version that is none', 'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ['has capitals', '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01'],
  ['says more than its version may', `${traceparent}-more`],
  ['has more than one line', `${traceparent}\r\nx: y`],
])('a traceparent is not passed on that %s', (_what, text) => {
  expect(traceParentOf(remoteContext({ traceparent: text }))).toBeUndefined();
});

test('a traceparent of a later version is passed on in the words of ours', () => {
  const later = `42${traceparent.slice(2, -2)}ff-more`;
  const passedOn = traceParentOf(remoteContext({ traceparent: later }));
  // Flags that nobody knows are not for us to repeat.
  expect(passedOn).toEqual({ traceparent: `${traceparent.slice(0, -2)}03` });
});

test('a tracestate that is none, or too long, is dropped, and its traceparent is not', () => {
  for (const tracestate of ['', '=', 'a b', `x=${'y'.repeat(600)}`]) {
    expect(traceParentOf(remoteContext({ traceparent, tracestate }))).toEqual({ traceparent });
  }
});

test('whatever is sent as a place, what is passed on is one, or nothing', () => {
  const hex = (length: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
  const wellFormed = fc.tuple(hex(2), hex(32), hex(16), hex(2)).map((parts) => parts.join('-'));
  fc.assert(
    fc.property(fc.oneof(wellFormed, fc.string()), fc.string(), (text, tracestate) => {
      const passedOn = traceParentOf(remoteContext({ traceparent: text, tracestate }));
      if (passedOn === undefined) return;
      expect(passedOn.traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-0[0-3]$/);
      expect(passedOn.traceparent.slice(3, -2)).toBe(text.slice(3, 53));
      expect(passedOn.tracestate ?? 'a=1').toMatch(/^[\x20-\x7e]{3,512}$/);
    }),
  );
});

test('a task of nobody that traces is delegated as ever', async () => {
  const { runtime } = await setupRuntime();
  const { taskIds } = await runtime.delegate([spec()]);
  expect((await runtime.wait(taskIds[0] as TaskId, 5_000)).metadata).not.toHaveProperty('trace');
});
