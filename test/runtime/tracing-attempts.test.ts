import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import type { Backend, Job } from '../../src/actors/execution.ts';
import { withTracing } from '../../src/actors/traced-backend.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { failed, noUsage, type Outcome, retry } from '../../src/machines/outcome.ts';
import type { WorkerConfig } from '../../src/machines/routing-policy.ts';
import { makeJob, recordedIo } from '../support/backend-jobs.ts';
import { recordSpans } from '../support/recorded-spans.ts';
import { setupRuntime, succeeded } from '../support/running-server.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const job = makeJob({ prompt: 'the cellar door stands open', attempt: 2, waitedMs: 1_250 });

/** A backend under a span each, of a worker that is like the shipped one but for `changes`. */
async function setupTraced(backend: Backend, changes: Partial<WorkerConfig> = {}) {
  const spans = recordSpans();
  const clock = new VirtualClock();
  const { config } = await setupRuntime();
  const [shipped] = config.workers;
  if (shipped === undefined) throw new Error('there is no worker');
  const worker = { ...shipped, workerId: workerId('forge'), endpointUrl: 'http://forge:11434', ...changes };
  const tracer = trace.getTracer('test');
  return { spans, clock, traced: withTracing(backend, worker, { tracer, clock }) };
}

/** The attributes of the span that one run leaves. */
async function attributesOf(asked: Job, outcome: Outcome, changes: Partial<WorkerConfig> = {}) {
  const { spans, traced } = await setupTraced(async () => outcome, changes);
  await traced(asked, recordedIo());
  const [span] = spans.ended;
  return { name: span?.name, ...span?.attributes };
}

test('an attempt is told in the names of the conventions for generative AI', async () => {
  const usage = { ...noUsage, model: 'tiny:q4', promptTokens: 12, outputTokens: 34, doneReason: 'length' };
  const { spans, clock, traced } = await setupTraced(async (_, { onText }) => {
    await clock.advance(250);
    onText('wet ');
    await clock.advance(1_000);
    onText('stones');
    return { kind: 'succeeded', output: 'wet stones', usage };
  });
  const io = recordedIo();
  const sampling = {
    temperature: 0.2,
    top_p: 0.9,
    num_predict: 64,
    seed: 7,
    stop: ['cellar'],
    num_ctx: 4_096,
  };
  await traced({ ...job, sampling, format: 'json' }, io);
  expect(io.texts).toEqual(['wet ', 'stones']);
  const [span] = spans.ended;
  expect([span?.name, span?.kind, span?.status.code]).toEqual([
    'text_completion tiny',
    SpanKind.CLIENT,
    SpanStatusCode.UNSET,
  ]);
  expect(span?.attributes).toEqual({
    'gen_ai.operation.name': 'text_completion',
    'gen_ai.provider.name': 'ollama',
    'gen_ai.request.model': 'tiny',
    'gen_ai.request.temperature': 0.2,
    'gen_ai.request.top_p': 0.9,
    'gen_ai.request.max_tokens': 64,
    'gen_ai.request.seed': 7,
    'gen_ai.request.stream': true,
    'gen_ai.output.type': 'json',
    'gen_ai.response.model': 'tiny:q4',
    'gen_ai.response.finish_reasons': ['length'],
    'gen_ai.response.time_to_first_chunk': 0.25,
    'gen_ai.usage.input_tokens': 12,
    'gen_ai.usage.output_tokens': 34,
    'server.address': 'forge',
    'server.port': 11_434,
    'koubou.worker.id': 'forge',
    'koubou.task.id': job.taskId,
    'koubou.task.type': 'general',
    'koubou.task.priority': 5,
    'koubou.attempt': 2,
    'koubou.queue.wait_ms': 1_250,
    'koubou.outcome': 'succeeded',
  });
  expect(span?.events.map(({ name }) => name)).toEqual(['koubou.first_token']);
});

test.each([
  ['chat', { kind: 'chat', messages: [{ role: 'user', content: 'cellar' }] }, 'ollama', 'chat tiny'],
  ['a completion', { kind: 'completion', system: 'cellar' }, 'openai', 'text_completion tiny'],
  ['vectors', { kind: 'embedding', inputs: ['cellar'], dimensions: 64 }, 'openai', 'embeddings tiny'],
  ['a plain prompt of an OpenAI server', null, 'openai', 'chat tiny'],
  ['a plain prompt of an Ollama server', null, 'ollama', 'text_completion tiny'],
] as const)('asking for %s has its own name', async (_what, request, backend, name) => {
  const told = await attributesOf({ ...job, request }, succeeded('done'), { backend });
  expect(told).toMatchObject({ name, 'gen_ai.provider.name': backend });
  expect(JSON.stringify(told)).not.toContain('cellar');
});

test('an attempt without a model, of a worker without an address, has a name all the same', async () => {
  const worker = { backend: 'joined', endpointUrl: 'joined:forge' } as const;
  const told = await attributesOf({ ...job, model: null }, succeeded('done'), worker);
  expect(told).toMatchObject({ name: 'text_completion', 'gen_ai.provider.name': 'koubou' });
  expect(told).not.toHaveProperty('server.address');
});

test('an answer from memory took no tokens', async () => {
  const usage = { ...noUsage, promptTokens: 12, outputTokens: 34, doneReason: 'cached' };
  const told = await attributesOf(job, { kind: 'succeeded', output: 'wet stones', usage });
  expect(told).toMatchObject({ 'koubou.cached': true, 'koubou.outcome': 'succeeded' });
  expect(Object.keys(told).filter((name) => name.startsWith('gen_ai.usage'))).toEqual([]);
});

test.each([
  ['retry', retry('backend.busy', 'the cellar is full'), 'backend.busy'],
  ['failed', failed('input.refused', 'it quotes the cellar'), 'input.refused'],
] as const)('an attempt that ends with "%s" is an error by its code alone', async (kind, outcome, code) => {
  const { spans, traced } = await setupTraced(async () => outcome);
  await traced(job, recordedIo());
  const [span] = spans.ended;
  expect(span?.attributes).toMatchObject({ 'error.type': code, 'koubou.outcome': kind });
  expect(span?.status).toEqual({ code: SpanStatusCode.ERROR });
});

test('a backend that crashes ends its span, and crashes', async () => {
  const { spans, traced } = await setupTraced(() => Promise.reject(new TypeError('a bug in the cellar')));
  await expect(traced(job, recordedIo())).rejects.toThrow('a bug');
  expect(spans.ended[0]?.attributes).toMatchObject({ 'error.type': 'execution.crashed' });
  expect(spans.ended[0]?.events).toEqual([]);
});

test.each([
  ['before its deadline, since somebody cancelled it', 10, [], { 'koubou.outcome': 'cancelled' }],
  ['at its deadline, silent until then', 60_000, [], { 'error.type': 'backend.no_answer' }],
  ['at its deadline, in the midst of its text', 60_000, ['wet'], { 'error.type': 'execution.timeout' }],
] as const)('an attempt that is stopped %s ends at once', async (_when, afterMs, texts, told) => {
  const { spans, clock, traced } = await setupTraced((_, { onText }) => {
    for (const text of texts) onText(text);
    return new Promise(() => {});
  });
  const io = recordedIo();
  void traced({ ...job, deadlineMs: 60_000 }, io);
  await clock.advance(afterMs);
  expect(spans.ended).toEqual([]);
  io.abort();
  expect(spans.ended[0]?.attributes).toMatchObject(told);
});

test('the span of an attempt is active while its backend runs, whatever was before', async () => {
  const { spans, traced } = await setupTraced(async ({ trace: place }) => {
    await Promise.resolve();
    return succeeded(`${trace.getActiveSpan()?.spanContext().spanId} ${place?.traceparent}`);
  });
  const outcome = await trace.getTracer('test').startActiveSpan('somebody else', async (other) => {
    const settled = await traced(job, recordedIo());
    other.end();
    return settled;
  });
  const [attempt] = spans.ended;
  const { traceId, spanId } = attempt?.spanContext() ?? {};
  expect(outcome).toMatchObject({ output: `${spanId} 00-${traceId}-${spanId}-01` });
  expect(attempt?.parentSpanContext).toBeUndefined();
});
