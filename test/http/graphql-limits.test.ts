import fc from 'fast-check';
import { getIntrospectionQuery } from 'graphql';
import { expect, test } from 'vitest';
import { documentLimits } from '../../src/http/graphql/document-limits.ts';
import { setupGraphql } from './graphql-client.ts';

const repeated = (count: number, part: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => part(n)).join(' ');

test('the introspection query of tools is answered', async () => {
  const { ask } = await setupGraphql();
  const { data, errors } = await ask(getIntrospectionQuery());
  expect(errors).toEqual([]);
  expect(data.__schema.queryType.name).toBe('Query');
});

test.each([
  ['nested too deep', `{ task(id: "x") ${'{ a '.repeat(11)}${'}'.repeat(11)} }`, 'levels deep'],
  ['with too many aliases', `{ ${repeated(51, (n) => `a${n}: health`)} }`, 'aliases'],
  ['with too many tokens', `{ ${repeated(2_000, () => 'health')} }`, 'tokens'],
  ['that multiply lists', `{ ${repeated(21, (n) => `a${n}: tasks(limit: 1000) { id }`)} }`, 'costs'],
  [
    'that hide it in fragments',
    'query { ...a } fragment a on Query { x: tasks(limit: 1000) { events { seq type at } } }',
    'costs',
  ],
])('queries %s are refused with the bound that they passed', async (_name, query, told) => {
  const { ask } = await setupGraphql();
  const { errors, data } = await ask(query);
  expect(errors[0]?.message).toContain(told);
  expect(data).toBeNull();
});

test('a list is measured by the variable that limits it', async () => {
  const { ask } = await setupGraphql();
  const query = 'query($n: Int!) { tasks(limit: $n) { events { seq } } }';
  expect((await ask(query, { n: 10 })).errors).toEqual([]);
  expect((await ask(query, { n: 1_000 })).errors[0]?.message).toContain('costs');
});

test('fragments that spread others by the dozen are refused in no time', async () => {
  const { ask } = await setupGraphql();
  const spread = (n: number) => `fragment f${n} on Query { ${repeated(8, () => `...f${n + 1}`)} }`;
  const bomb = `{ ...f0 } ${repeated(40, spread)} fragment f40 on Query { health }`;
  const began = performance.now();
  const { errors } = await ask(bomb);
  expect(errors[0]?.message).toContain('costs');
  expect(performance.now() - began).toBeLessThan(2_000);
});

test('a body over 1 MiB is refused, said or not how long it is', async () => {
  const { app } = await setupGraphql();
  const body = JSON.stringify({
    query: '{ health }',
    variables: { x: 'a'.repeat(documentLimits.bodyBytesMax) },
  });
  const headers = { 'content-type': 'application/json' };
  const said = await app.request('/graphql', {
    method: 'POST',
    body,
    headers: { ...headers, 'content-length': String(body.length) },
  });
  expect(said.status).toBe(413);
  const unsaid = await app.request('/graphql', { method: 'POST', body, headers });
  expect(unsaid.status).toBe(413);
});

test('options nested deeper than JSON may be are refused', async () => {
  const { ask } = await setupGraphql();
  const deep = JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`);
  const mutation =
    'mutation($o: JSON) { submitTask(input: { type: GENERAL, prompt: "p", options: $o }) { success } }';
  const { errors } = await ask(mutation, { o: { deep } });
  expect(errors[0]?.message).toContain('nested deeper');
});

test('whatever comes in, the answer is JSON, is no fault of ours, and comes soon', async () => {
  const { app, logged } = await setupGraphql();
  const word = fc.constantFrom(
    '{',
    '}',
    '(',
    ')',
    '[',
    ']',
    ':',
    '!',
    '$',
    '...',
    '@include(if: true)',
    'tasks',
    'task',
    'id',
    'limit',
    'query',
    'mutation',
    'subscription',
    'fragment',
    'on',
    'Query',
    'a',
    '"x"',
    '-1',
    '1e999',
    '99999999999',
    'null',
    'health',
    '__schema',
    '__typename',
  );
  const query = fc.oneof(
    fc.array(word, { maxLength: 60 }).map((words) => words.join(' ')),
    fc.string({ unit: 'binary' }),
    fc
      .tuple(
        fc.constantFrom('tasks', 'pendingTasks'),
        fc.anything().map((value) => JSON.stringify(value) ?? 'null'),
      )
      .map(([list, limit]) => `{ ${list}(limit: ${limit}) { id } }`),
  );
  await fc.assert(
    fc.asyncProperty(query, fc.jsonValue(), fc.jsonValue(), async (text, variables, operationName) => {
      const began = performance.now();
      const response = await app.request('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: text, variables, operationName }),
      });
      await response.json();
      expect(response.status).toBeLessThan(500);
      expect(performance.now() - began).toBeLessThan(2_000);
      expect(logged).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
