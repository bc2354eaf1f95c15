import fc from 'fast-check';
import { expect, test } from 'vitest';
import { setupRest } from '../support/rest-client.ts';
import { succeeded } from '../support/running-server.ts';

const paths = ['/api/chat', '/api/generate', '/api/embed', '/api/embeddings', '/api/show'];

const words = fc.string({ unit: 'binary' });
const few = fc.oneof(fc.jsonValue({ maxDepth: 2 }), words, fc.double());

/** Mostly what is right there, and anything otherwise. */
const mostly = (right: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: few });

const name = mostly(fc.constantFrom('koubou', 'tiny', '../etc', 'a:b:c', 'constructor'));
const call = fc.record({ function: fc.record({ name, arguments: mostly(fc.dictionary(words, few)) }) });
const message = fc.record(
  {
    role: mostly(fc.constantFrom('system', 'user', 'assistant', 'tool')),
    content: mostly(words),
    images: mostly(fc.array(fc.base64String())),
    tool_calls: mostly(fc.array(call, { maxLength: 3 })),
    tool_name: name,
    tool_call_id: name,
  },
  { requiredKeys: ['role'] },
);
const body = fc.record(
  {
    model: name,
    prompt: mostly(fc.string()),
    input: mostly(fc.oneof(fc.string(), fc.array(fc.string({ minLength: 1 })))),
    messages: mostly(fc.array(message, { maxLength: 3 })),
    tools: mostly(fc.array(fc.record({ function: fc.record({ name }) }), { maxLength: 2 })),
    stream: mostly(fc.boolean()),
    format: mostly(fc.constantFrom('', null)),
    options: mostly(fc.record({ num_ctx: mostly(fc.constant(100_000)), stop: mostly(fc.string()) })),
    think: mostly(fc.boolean()),
    keep_alive: mostly(fc.constantFrom('5m', 0, -1)),
    priority: mostly(fc.integer({ min: 1, max: 10 })),
    metadata: mostly(fc.dictionary(words, few)),
    suffix: mostly(fc.string()),
    raw: mostly(fc.boolean()),
    dimensions: mostly(fc.integer({ min: 1, max: 9 })),
  },
  { requiredKeys: ['model', 'prompt', 'messages', 'input'] },
);

test('whatever is sent, the server answers with a refusal or an answer, in the shape of Ollama', async () => {
  const logged: string[] = [];
  const rest = await setupRest({
    logged,
    workers: [{ maxConcurrentTasks: 8 }],
    backend: async () => succeeded('[[1]]'),
  });
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.oneof({ weight: 9, arbitrary: body }, few),
      async (path, sent) => {
        const answer = await rest.post(path, sent);
        seen.set(`${path} ${answer.status}`, (seen.get(`${path} ${answer.status}`) ?? 0) + 1);
        expect(answer.status).toBeLessThan(500);
        const isLines = answer.headers.get('content-type') === 'application/x-ndjson';
        const objects = isLines
          ? String(answer.body)
              .trim()
              .split('\n')
              .map((line) => JSON.parse(line))
          : [answer.body];
        const last = objects.at(-1);
        if (answer.status === 200) expect(last).not.toHaveProperty('error');
        else expect(last).toEqual({ error: expect.any(String) });
      },
    ),
    { numRuns: 250 },
  );
  // Both must have been met everywhere, or nothing was attacked.
  expect([...seen.keys()].sort()).toEqual(paths.flatMap((path) => [`${path} 200`, `${path} 400`]).sort());
  expect(logged).toEqual([]);
});

test('bytes that are no JSON, and JSON that is too deep, are refused', async () => {
  const rest = await setupRest();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), fc.string({ unit: 'binary' }), async (path, sent) => {
      expect((await rest.post(path, `{${sent}`)).status).toBe(400);
    }),
    { numRuns: 50 },
  );
  const deep = `${'{"format":'.repeat(100)}1${'}'.repeat(100)}`;
  expect((await rest.post('/api/chat', deep)).body).toEqual({ error: expect.stringContaining('deeper') });
});
