import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { expect, test } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import type { TaskId } from '../../src/machines/identifiers.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { recordSpans } from '../support/recorded-spans.ts';
import { setupRest } from '../support/rest-client.ts';
import { setupRuntime, spec, succeeded } from '../support/running-server.ts';
import { until } from '../support/until.ts';

const clientTrace = '0af7651916cd43dd8448eb211c80319c';
const clientSpan = 'b7ad6b7169203331';
const traceparent = `00-${clientTrace}-${clientSpan}-01`;
const secret = 'the cellar door stands open';

/** Of whom a span is a child, by names; a span of nobody here is told by its id. */
function lineage(span: ReadableSpan, all: readonly ReadableSpan[]): readonly string[] {
  const parent = all.find((other) => other.spanContext().spanId === span.parentSpanContext?.spanId);
  if (parent !== undefined) return [span.name, ...lineage(parent, all)];
  return [span.name, span.parentSpanContext?.spanId ?? 'nobody'];
}

test('from the span of a client to that of an attempt which begins when the request was long answered', async () => {
  const spans = recordSpans();
  const puppet = new PuppetBackend();
  const rest = await setupRest({ backend: puppet.backend });
  await rest.runtime.pause();
  const { body } = await rest.post('/task/delegate', { prompt: secret }, { traceparent });
  await spans.named('POST /task/delegate');
  await rest.runtime.resume();
  const held = await puppet.job(1);
  expect(spans.ended.map(({ name }) => name)).toEqual(['koubou.delegate', 'POST /task/delegate']);
  held.settle(succeeded(secret));
  await rest.runtime.wait(body.task_id as TaskId, 5_000);
  const attempt = await spans.named('text_completion gpt-oss:20b');
  expect(lineage(attempt, spans.ended)).toEqual([
    'text_completion gpt-oss:20b',
    'koubou.delegate',
    'POST /task/delegate',
    clientSpan,
  ]);
  expect(new Set(spans.ended.map((span) => span.spanContext().traceId))).toEqual(new Set([clientTrace]));
  expect(spans.ended.map(({ kind }) => kind)).toEqual([SpanKind.PRODUCER, SpanKind.SERVER, SpanKind.CLIENT]);
});

test('nothing that was asked or answered stands in any span', async () => {
  const spans = recordSpans();
  const rest = await setupRest({ backend: async () => succeeded(`about ${secret}`) });
  const { body } = await rest.post('/task/delegate', { prompt: secret, sync: true });
  expect(body.output).toContain(secret);
  await rest.post('/task/delegate', { prompt: secret, priority: 99 });
  await spans.named('POST /task/delegate', 2);
  const told = spans.ended.map(({ name, attributes, events, status }) => [name, attributes, events, status]);
  expect(told).toHaveLength(4);
  expect(JSON.stringify(told)).not.toContain('cellar');
});

test('a request is told by its route, not by its path, and ends as it was answered', async () => {
  const spans = recordSpans();
  const rest = await setupRest();
  await rest.get('/task/task_20260101_000000_000000/status?include=attempts', { 'x-request-id': 'shop-7' });
  const asked = await spans.named('GET /task/:id/status');
  expect(asked.kind).toBe(SpanKind.SERVER);
  expect(asked.attributes).toEqual({
    'http.request.method': 'GET',
    'http.route': '/task/:id/status',
    'http.response.status_code': 404,
    'url.path': '/task/task_20260101_000000_000000/status',
    'url.scheme': 'http',
    'server.address': 'localhost',
    'koubou.request_id': 'shop-7',
  });
  expect(asked.status.code).toBe(SpanStatusCode.UNSET);
  await rest.get('/wp-login.php');
  expect((await spans.named('GET')).attributes).not.toHaveProperty('http.route');
});

test('what is refused at the door is still told by the route that it was meant for', async () => {
  const spans = recordSpans();
  const rest = await setupRest();
  const { status } = await rest.get('/workers/status', { origin: 'https://evil.example' });
  expect(status).toBe(403);
  expect((await spans.named('GET /workers/status')).attributes).toMatchObject({
    'http.response.status_code': 403,
  });
});

test('a delegation that is refused says why by its code', async () => {
  const spans = recordSpans();
  const rest = await setupRest();
  await rest.runtime.drain();
  await rest.post('/task/delegate', { prompt: secret });
  const delegated = await spans.named('koubou.delegate');
  expect(delegated.attributes).toMatchObject({ 'error.type': 'pool.draining' });
  expect(delegated.status).toEqual({ code: SpanStatusCode.ERROR });
  const asked = await spans.named('POST /task/delegate');
  expect(asked.attributes).toMatchObject({ 'http.response.status_code': 503, 'error.type': '503' });
  expect(asked.status.code).toBe(SpanStatusCode.ERROR);
});

test('tasks of one request are one delegation, and the parent of all of their attempts', async () => {
  const spans = recordSpans();
  const rest = await setupRest();
  const tasks = [{ prompt: 'one' }, { prompt: 'two' }];
  const { body } = await rest.post('/tasks/delegate', { tasks });
  for (const { task_id } of body.tasks) await rest.runtime.wait(task_id, 5_000);
  const delegated = await spans.named('koubou.delegate');
  expect(delegated.attributes).toEqual({ 'koubou.task.count': 2 });
  const attempts = [
    await spans.named('text_completion gpt-oss:20b', 1),
    await spans.named('text_completion gpt-oss:20b', 2),
  ];
  const { spanId } = delegated.spanContext();
  expect(attempts.map((each) => each.parentSpanContext?.spanId)).toEqual([spanId, spanId]);
});

test('a task that a former process accepted is worked at under the span of its client', async () => {
  const spans = recordSpans();
  const { runtime: before, home, close } = await setupRuntime();
  await before.pause();
  const app = createApp(before, { error: () => undefined });
  const body = JSON.stringify({ prompt: 'later' });
  const headers = { 'content-length': String(body.length), traceparent, tracestate: 'shop=7' };
  await app.request('/task/delegate', { method: 'POST', body, headers });
  const delegated = await spans.named('koubou.delegate');
  await close();
  const { runtime } = await setupRuntime({ home });
  await runtime.resume();
  const attempt = await spans.named('text_completion gpt-oss:20b');
  expect(attempt.parentSpanContext).toMatchObject({
    traceId: clientTrace,
    spanId: delegated.spanContext().spanId,
  });
  expect(attempt.spanContext().traceState?.serialize()).toBe('shop=7');
});

test('a task that is cancelled leaves no span open, even where its backend never ends', async () => {
  const spans = recordSpans();
  const puppet = new PuppetBackend();
  const { runtime } = await setupRuntime({ backend: puppet.backend });
  const { taskIds } = await runtime.delegate([spec()]);
  await puppet.job(1);
  expect(spans.openNames).toHaveLength(1);
  await runtime.cancel(taskIds[0] as TaskId);
  const attempt = await spans.named('text_completion gpt-oss:20b');
  expect(attempt.attributes).toMatchObject({ 'koubou.outcome': 'cancelled' });
  expect(attempt.status.code).toBe(SpanStatusCode.UNSET);
  await until(() => expect(spans.openNames).toEqual([]));
});
