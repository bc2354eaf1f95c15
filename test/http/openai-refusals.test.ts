import fc from 'fast-check';
import OpenAI, {
  APIConnectionError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
  UnprocessableEntityError,
} from 'openai';
import { expect, test } from 'vitest';
import { openAiLimits } from '../../src/machines/openai-limits.ts';
import { type FailureCode, failed } from '../../src/machines/outcome.ts';
import { answered, setupOpenAi } from './openai-client.ts';

const messages = [{ role: 'user', content: 'Hello.' }];
const done = async () => answered('done');

test.each([
  ['messages', {}],
  ['messages.0.role', { messages: [{ role: 'function', content: 'x' }] }],
  ['messages.0.content', { messages: [{ role: 'user', content: 7 }] }],
  ['messages.0.content.0.type', { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] }],
  ['n', { messages, n: 2 }],
  ['logprobs', { messages, logprobs: true }],
  ['top_logprobs', { messages, top_logprobs: 3 }],
  ['temperature', { messages, temperature: 'hot' }],
  ['tool_choice', { messages, tool_choice: 'required' }],
  ['tools.0.type', { messages, tools: [{ type: 'custom' }] }],
  ['response_format.type', { messages, response_format: { type: 'xml' } }],
  [
    'response_format.json_schema.schema',
    { messages, response_format: { type: 'json_schema', json_schema: {} } },
  ],
  ['functions', { messages, functions: [] }],
  ['modalities.0', { messages, modalities: ['audio'] }],
  ['metadata.priority', { messages, metadata: { priority: '11' } }],
  ['metadata.priority', { messages, metadata: { priority: 'high' } }],
])('%s is named when it is wrong', async (param, body) => {
  const { client } = await setupOpenAi({ backend: done });
  const error = await client.chat.completions.create({ model: 'koubou', ...body } as never).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BadRequestError);
  expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', param, code: 'invalid_value' });
});

test('the address of a picture is refused with what to send instead', async () => {
  const { client } = await setupOpenAi({ backend: done });
  const picture = { type: 'image_url', image_url: { url: 'https://example.org/a.png' } } as const;
  const asking = client.chat.completions.create({
    model: 'koubou',
    messages: [{ role: 'user', content: [picture] }],
  });
  await expect(asking).rejects.toThrow(/as data:image\/png;base64/);
});

test('fields that nobody knows are ignored', async () => {
  const { post } = await setupOpenAi({ backend: done });
  const body = {
    messages,
    store: true,
    service_tier: 'auto',
    parallel_tool_calls: false,
    user: 'u',
    prioritty: 1,
  };
  expect((await post('/v1/chat/completions', body)).status).toBe(200);
});

test.each([
  ['messages', { messages: Array(openAiLimits.messagesMax + 1).fill(messages[0]) }],
  [
    'messages.0.content',
    {
      messages: [
        { role: 'user', content: Array(openAiLimits.partsMax + 1).fill({ type: 'text', text: '' }) },
      ],
    },
  ],
  [
    'tools',
    { messages, tools: Array(openAiLimits.toolsMax + 1).fill({ type: 'function', function: { name: 'f' } }) },
  ],
  ['model', { messages, model: 'm'.repeat(openAiLimits.nameCharsMax + 1) }],
  ['stop', { messages, stop: Array(openAiLimits.stopsMax + 1).fill('x') }],
])('more of %s than there may be is refused', async (param, body) => {
  const { post } = await setupOpenAi({ backend: done });
  const response = await post('/v1/chat/completions', body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { param } });
});

test.each<[FailureCode, number, unknown, string]>([
  ['model.unknown', 404, NotFoundError, 'model_not_found'],
  ['input.too_long', 400, BadRequestError, 'input_too_long'],
  ['output.invalid', 422, UnprocessableEntityError, 'output_invalid'],
  ['execution.crashed', 500, InternalServerError, 'execution_crashed'],
])('a task that fails with %s is answered %i, and the client is told not to try again', async (...row) => {
  const [failure, status, type, code] = row;
  let jobs = 0;
  const { client } = await setupOpenAi({
    backend: async () => {
      jobs += 1;
      return failed(failure, 'it is so');
    },
  });
  const asking = client.chat.completions.create({ model: 'koubou', messages } as never, { maxRetries: 2 });
  const error: unknown = await asking.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(type);
  expect(error).toMatchObject({ status, code, error: { message: 'it is so' } });
  expect(jobs).toBe(1);
});

test('a task that somebody cancels is answered as a conflict', async () => {
  const { client, puppet, runtime } = await setupOpenAi();
  const asking = client.chat.completions
    .create({ model: 'koubou', messages } as never)
    .catch((e: unknown) => e);
  await runtime.cancel((await puppet.job(1)).job.taskId);
  const error = await asking;
  expect(error).toBeInstanceOf(ConflictError);
  expect(error).toMatchObject({ code: 'task_cancelled' });
});

test('without the token of the server a client is told so as OpenAI would', async () => {
  const setUp = { change: <T>(config: T) => ({ ...config, apiToken: 'right' }), backend: done };
  const { client, listener } = await setupOpenAi(setUp, 'wrong');
  const asking = client.models.list();
  await expect(asking).rejects.toBeInstanceOf(AuthenticationError);
  await expect(asking).rejects.toMatchObject({ type: 'invalid_request_error', code: 'invalid_api_key' });
  const right = new OpenAI({ baseURL: `${listener.url}/v1`, apiKey: 'right' });
  expect((await right.models.list()).data.length).toBeGreaterThan(0);
  const elsewhere = await fetch(`${listener.url}/tasks`);
  expect(await elsewhere.json()).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
});

test('too many requests are told so as OpenAI would, and when to come back', async () => {
  const { client } = await setupOpenAi({
    backend: done,
    change: (config) => {
      const rateLimit = { ...config.server.rateLimit, loopbackPerMinute: 1 };
      return { ...config, server: { ...config.server, rateLimit } };
    },
  });
  await client.models.list();
  const error: unknown = await client.models.list().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RateLimitError);
  expect(error).toMatchObject({ type: 'rate_limit_error', code: 'rate_limit_exceeded' });
  expect(Number((error as RateLimitError).headers.get('retry-after'))).toBeGreaterThan(0);
});

test('a page of another site is refused in the shape of OpenAI', async () => {
  const { post } = await setupOpenAi({ backend: done });
  const response = await post('/v1/chat/completions', { messages }, { origin: 'https://example.org' });
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({
    error: { type: 'permission_error', code: 'auth_forbidden' },
  });
});

test('what is not there is told in the shape of OpenAI', async () => {
  const { client } = await setupOpenAi();
  const asking = client.responses.create({ model: 'koubou', input: 'x' });
  await expect(asking).rejects.toBeInstanceOf(NotFoundError);
  await expect(asking).rejects.toMatchObject({ code: 'unknown_url' });
});

const anything = fc.jsonValue({ maxDepth: 3 });
const some = (...values: unknown[]) =>
  fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: anything });
const part = fc.record(
  { type: some('text', 'image_url'), text: some('a', '\ud800'), image_url: some({ url: 'data:,' }) },
  { requiredKeys: [] },
);
const body = fc.record(
  {
    model: some('koubou', 'toString', '__proto__'),
    messages: fc.oneof(
      anything,
      fc.array(
        fc.record(
          {
            role: some('user', 'tool', 'assistant'),
            content: fc.oneof(some('x'), fc.array(part)),
            tool_calls: anything,
          },
          { requiredKeys: ['role'] },
        ),
        { maxLength: 3 },
      ),
    ),
    prompt: some('x', ['x']),
    input: some('x', ['x', 'y'], [1, 2]),
    stream: some(true, false),
    response_format: some({ type: 'json_object' }, { type: 'json_schema', json_schema: { schema: {} } }),
    tools: some([{ type: 'function', function: { name: 'f' } }]),
    metadata: some({ priority: 3 }, { type: 'constructor' }),
    stop: some('x'),
    encoding_format: some('base64'),
  },
  { requiredKeys: [] },
);

test('no body makes the server fail', async () => {
  const faults: string[] = [];
  const { post } = await setupOpenAi({
    logged: faults,
    // A vector for each input that is asked for here: what is refused is refused by the door.
    backend: async ({ request }) =>
      answered(request?.kind === 'embedding' ? JSON.stringify(request.inputs.map(() => [0.5])) : 'done'),
  });
  const paths = fc.constantFrom('/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/models');
  await fc.assert(
    fc.asyncProperty(paths, fc.oneof(body, anything), async (path, sent) => {
      const response = await post(path, sent);
      const text = await response.text();
      expect(response.status).toBeLessThan(500);
      if (response.status !== 200)
        expect(JSON.parse(text)).toMatchObject({ error: { type: 'invalid_request_error' } });
    }),
    { numRuns: 150 },
  );
  expect(faults).toEqual([]);
});

test('a server that is not there is a connection error, as ever', async () => {
  const nobody = new OpenAI({ baseURL: 'http://127.0.0.1:9/v1', apiKey: 'none', maxRetries: 0 });
  await expect(nobody.models.list()).rejects.toBeInstanceOf(APIConnectionError);
});
