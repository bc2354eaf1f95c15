import { expect, test } from 'vitest';
import { curlOf, type TaskFacts } from '../../src/http/dashboard/task-facts.ts';
import {
  conditionsOf,
  noTerms,
  pageOf,
  queryOf,
  termsOf,
} from '../../src/http/dashboard/task-search-terms.ts';
import { taskListQuery } from '../../src/http/task-list-schemas.ts';

const terms = {
  ...noTerms,
  text: '100% <b>',
  status: 'failed',
  type: 'general',
  worker: 'w 1',
  priority: '3-7',
};

test('what is looked for stands in the address and comes back from it', () => {
  expect(termsOf(new URLSearchParams(queryOf(terms)))).toEqual(terms);
  expect(queryOf(noTerms)).toEqual({});
});

test('the server understands what is asked of it', () => {
  const since = '2026-11-22T10:00';
  const path = pageOf({ ...terms, since, until: since, sort: 'priority' }, '7.123', 300);
  const asked = taskListQuery.parse(Object.fromEntries(new URL(path, 'http://x').searchParams));
  expect(asked).toEqual({
    text: '100% <b>',
    status: 'failed',
    type: 'general',
    worker: 'w 1',
    priority_min: 3,
    priority_max: 7,
    accepted_since: new Date(since).toISOString(),
    accepted_until: new Date(since).toISOString(),
    sort: 'priority',
    brief: true,
    limit: 300,
    cursor: '7.123',
  });
});

test.each([
  ['7', { priority_min: 7, priority_max: 7 }],
  ['7 - 10', { priority_min: 7, priority_max: 10 }],
  ['7-', { priority_min: 7 }],
  ['11', {}],
  ['high', {}],
])('a priority of %j narrows by %j', (priority, expected) => {
  expect(conditionsOf({ ...noTerms, priority })).toEqual(expected);
});

test('a task as a command for a shell gives nothing of its prompt to the shell', () => {
  const task = {
    prompt: `it's $HOME \`id\` "x"`,
    type: 'general',
    priority: 5,
    metadata: { options: { seed: 7 } },
  } as unknown as TaskFacts;
  const command = curlOf(task, 'http://localhost:8765', true);
  expect(command).toContain(`--data-raw '{"prompt":"it'\\''s $HOME \`id\` \\"x\\"","type":"general"`);
  expect(command).toContain('"options":{"seed":7}');
  expect(command).toContain('Bearer $KOUBOU_API_TOKEN');
  expect(curlOf(task, 'http://localhost:8765', false)).not.toContain('Authorization');
});
