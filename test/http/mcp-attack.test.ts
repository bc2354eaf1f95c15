import fc from 'fast-check';
import { expect, test } from 'vitest';
import { setupMcp } from '../support/mcp-client.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';

const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

const tools = [
  'koubou_delegate_task',
  'koubou_delegate_many',
  'koubou_get_task',
  'koubou_list_tasks',
  'koubou_cancel_task',
  'koubou_retry_task',
  'koubou_get_worker_status',
  'koubou_get_system_stats',
  'toString',
];
const uris = [
  'koubou://tasks/x',
  'koubou://tasks/task_20200101_000000_000000_abc/output?offset=1e9',
  'koubou://tasks/%/output?limit=0',
  'koubou://workers',
  'koubou://logs/%2e%2e%2fmcp_server',
  'koubou://',
  'file:///etc/passwd',
  '%',
];

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', 'constructor', '\0', '\ud800', -1, 1e308),
);
/** What it should be, or anything. */
const orAny = <T>(right: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 6, arbitrary: right as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: anything });
const some = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] });

const item = some({
  prompt: orAny(fc.string({ minLength: 1 })),
  priority: orAny(fc.integer({ min: 1, max: 10 })),
  type: orAny(fc.constant('general')),
  files: anything,
  options: anything,
  output_file: anything,
});
const callArguments = fc.oneof(
  item,
  some({ tasks: orAny(fc.array(item, { maxLength: 3 })), idempotency_key: anything }),
  some({ task_id: orAny(fc.constantFrom('x', 'task_20200101_000000_000000_abc')), attempts: anything }),
  some({
    limit: orAny(fc.nat(200)),
    status: anything,
    cursor: anything,
    hours: anything,
    worker_id: anything,
  }),
  anything,
);
const callParams = fc.record({ name: orAny(fc.constantFrom(...tools)), arguments: callArguments });
const readParams = fc.record({ uri: orAny(fc.constantFrom(...uris)) });
const promptParams = fc.record({
  name: orAny(fc.constant('delegate')),
  arguments: orAny(some({ lang: anything })),
});
const completeParams = fc.record({
  ref: orAny(
    fc.constantFrom(
      { type: 'ref/resource', uri: 'koubou://tasks/{id}' },
      { type: 'ref/resource', uri: 'koubou://logs/{worker}' },
      { type: 'ref/prompt', name: 'delegate' },
    ),
  ),
  argument: orAny(fc.record({ name: fc.constantFrom('id', 'worker', 'lang', 'x'), value: fc.string() })),
});
const taskParams = fc.record({ taskId: orAny(fc.constant('task_20200101_000000_000000_abc')) });

const methodAndParams: fc.Arbitrary<readonly [unknown, unknown]> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('tools/call'), orAny(callParams)) },
  fc.tuple(fc.constant('resources/read'), orAny(readParams)),
  fc.tuple(fc.constant('prompts/get'), orAny(promptParams)),
  fc.tuple(fc.constant('completion/complete'), orAny(completeParams)),
  fc.tuple(fc.constantFrom('tasks/get', 'tasks/cancel', 'tasks/update'), orAny(taskParams)),
  fc.tuple(fc.constantFrom('initialize', 'server/discover', 'tools/list', 'resources/list'), anything),
  fc.tuple(fc.constantFrom('notifications/cancelled', 'no/such', '__proto__'), anything),
  fc.tuple(anything, anything),
);

interface Attack {
  readonly body: unknown;
  readonly headers: Record<string, string>;
}

const attack: fc.Arbitrary<Attack> = fc
  .record({
    target: methodAndParams,
    id: orAny(fc.nat()),
    isModern: fc.boolean(),
    isWhole: fc.constantFrom(true, true, true, false),
    body: anything,
  })
  .map(({ target: [method, params], id, isModern, isWhole, body }) => {
    if (!isWhole) return { body, headers: {} };
    if (!isModern) return { body: { jsonrpc: '2.0', id, method, params }, headers: {} };
    const { name, uri } = (params ?? {}) as { name?: unknown; uri?: unknown };
    const isObject = typeof params === 'object' && params !== null && !Array.isArray(params);
    const whole = isObject ? { ...params, _meta: envelope } : params;
    const headers = { 'mcp-protocol-version': '2026-07-28', ...header('mcp-method', method) };
    const named = header('mcp-name', name ?? uri);
    return { body: { jsonrpc: '2.0', id, method, params: whole }, headers: { ...headers, ...named } };
  });

function header(key: string, value: unknown): Record<string, string> {
  return typeof value === 'string' && /^[\x21-\x7e]{1,200}$/.test(value) ? { [key]: value } : {};
}

test('whatever is sent, nothing breaks, nothing hangs and nothing is given away', async () => {
  const { send, logged, home } = await setupMcp({ backend: new PuppetBackend().backend });
  const reached = { results: 0, refusals: 0 };
  await fc.assert(
    fc.asyncProperty(attack, async ({ body, headers }) => {
      const { status, text } = await send(JSON.stringify(body), headers);
      expect(status).toBeLessThan(500);
      // Internal errors are only what the library makes of parameters of the wrong shape: a list of what was expected.
      expect(text).not.toMatch(/"code":-32603,"message":"(?!\[)/);
      expect(text).not.toMatch(/node_modules|\.[tj]s:\d|\\n +at \w/);
      expect(text).not.toContain(home);
      if (text.includes('"isError":true')) reached.refusals += 1;
      else if (text.includes('"result"')) reached.results += 1;
    }),
    { numRuns: 200 },
  );
  expect(logged).toEqual([]);
  // The attack has come as far as the tools.
  expect(reached.results).toBeGreaterThan(10);
  expect(reached.refusals).toBeGreaterThan(10);
}, 30_000);
