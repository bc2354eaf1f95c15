import { describe, expect, test } from 'vitest';
import { expectOneProblem, leastModels, problemsIn, type Refusal } from './config-folder.ts';

const local = 'workers: { local_workers: [{ worker_id: local_001 }] }\n';
const rules = (...lines: string[]) => `${local}routing_policy:\n  rules:\n    - ${lines.join('\n    - ')}\n`;

describe('workers that do not fit together', () => {
  const refusals: Refusal[] = [
    {
      name: 'a worker id used twice',
      text: 'workers:\n  local_workers:\n    - worker_id: a\n  remote_workers:\n    - worker_id: ▶a\n      remote_host: h\n',
      path: 'workers.remote_workers[0].worker_id',
      fault: 'expected a worker_id of its own',
      hint: 'line 3 has it already',
    },
    {
      name: 'a worker named like a location',
      text: 'workers: { local_workers: [{ worker_id: ▶remote }] }\n',
      path: 'workers.local_workers[0].worker_id',
      fault: 'expected a name other than local and remote',
    },
    {
      name: 'a priority above 10',
      text: rules('{ priority_range: [8, ▶11], preferred_workers: [local] }'),
      path: 'routing_policy.rules[0].priority_range[1]',
      fault: 'expected a whole number from 1 to 10, found 11',
    },
    {
      name: 'a priority below 1',
      text: rules('{ priority_range: [▶0, 3], preferred_workers: [local] }'),
      path: 'routing_policy.rules[0].priority_range[0]',
      fault: 'expected a whole number from 1 to 10, found 0',
    },
    {
      name: 'a range upside down',
      text: rules('{ priority_range: ▶[7, 5], preferred_workers: [local] }'),
      path: 'routing_policy.rules[0].priority_range',
      fault: 'expected the lower priority first, found [7, 5]',
      hint: 'write [5, 7]',
    },
    {
      name: 'a range that shares a priority with an earlier one',
      text: rules(
        '{ priority_range: [7, 10], preferred_workers: [local] }',
        '{ priority_range: ▶[5, 7], preferred_workers: [local] }',
      ),
      path: 'routing_policy.rules[1].priority_range',
      fault: 'expected priorities that no other rule is for, found [5, 7]',
      hint: 'it overlaps [7, 10] of line 4',
    },
    {
      name: 'a range of three numbers',
      text: rules('{ priority_range: ▶[5, 6, 7], preferred_workers: [local] }'),
      path: 'routing_policy.rules[0].priority_range',
      fault: 'expected a list of exactly 2, found a list of 3',
    },
    {
      name: 'a preferred worker that is nobody',
      text: rules('{ priority_range: [5, 7], preferred_workers: [local, ▶local_01] }'),
      path: 'routing_policy.rules[0].preferred_workers[1]',
      fault: 'expected local, remote or the worker_id of a worker above, found "local_01"',
      hint: 'did you mean local_001?',
    },
    {
      name: 'a rule that prefers nobody',
      text: rules('{ priority_range: [5, 7], preferred_workers: ▶[] }'),
      path: 'routing_policy.rules[0].preferred_workers',
      fault: 'expected a list of at least 1, found an empty list',
    },
    {
      name: 'fewer workers at most than at least, counted with defaults',
      text: 'workers: {}\npool: { min_workers: ▶6 }\n',
      path: 'pool.min_workers',
      fault: 'expected a number at most max_workers, which is 5, found 6',
    },
    {
      name: 'thresholds that would flap',
      text: 'workers: {}\npool: { scale_up_threshold: ▶0.3 }\n',
      path: 'pool.scale_up_threshold',
      fault: 'expected a number greater than scale_down_threshold, which is 0.3',
    },
    {
      name: 'a timeout that no heartbeat can meet',
      text: 'workers: {}\nhealth_check: { interval: ▶90 }\n',
      path: 'health_check.interval',
      fault: 'expected a number less than timeout, which is 90, found 90',
    },
  ];
  test.each(refusals)('$name: refused', (refusal) => expectOneProblem('workers', refusal));

  test('a rule for one priority is fine', () => {
    expect(problemsIn({ workers: rules('{ priority_range: [5, 5], preferred_workers: [local] }') })).toEqual(
      [],
    );
  });

  test('as many workers at most as at least is fine', () => {
    expect(problemsIn({ workers: 'workers: {}\npool: { min_workers: 2, max_workers: 2 }\n' })).toEqual([]);
  });
});

describe('models that are not there', () => {
  const models = 'models: { small-1b: { name: s }, large-70b: { name: l } }\n';
  const refusals: Refusal[] = [
    {
      name: 'default_model',
      text: `default_model: ▶small-1\n${models}`,
      path: 'default_model',
      fault: 'expected a key under models, found "small-1"',
      hint: 'did you mean small-1b?',
    },
    {
      name: 'a recommendation',
      text: `default_model: small-1b\n${models}task_recommendations:\n  general: ▶nobody\n`,
      path: 'task_recommendations.general',
      fault: 'found "nobody"',
      hint: 'known here: small-1b, large-70b',
    },
    {
      name: 'a name of one letter, like which everything looks',
      text: 'default_model: ▶x\nmodels: { m: { name: s } }\n',
      path: 'default_model',
      fault: 'found "x"',
      hint: 'known here: m',
    },
    {
      name: 'the fallback chain',
      text: `default_model: small-1b\n${models}performance: { fallback: { chain: [small-1b, ▶large-70] } }\n`,
      path: 'performance.fallback.chain[1]',
      fault: 'found "large-70"',
      hint: 'did you mean large-70b?',
    },
    {
      name: 'a rule of auto_select',
      text: `default_model: small-1b\n${models}performance: { auto_select: { rules: [{ condition: task_size < 9, model: ▶x }] } }\n`,
      path: 'performance.auto_select.rules[0].model',
      fault: 'found "x"',
    },
  ];
  test.each(refusals)('$name: refused with the nearest key', (refusal) =>
    expectOneProblem('models', refusal));

  test.each([
    'task_size',
    'task_size << 4',
    'size < 4',
    'task_size < -1',
    'task_size < 1; exit()',
  ])('the condition "%s" is refused', (condition) => {
    const performance = `performance: { auto_select: { rules: [{ condition: "${condition}", model: any }] } }`;
    const problems = problemsIn({ models: `${leastModels}${performance}\n` });
    expect(problems).toEqual([
      expect.objectContaining({ line: 5, path: 'performance.auto_select.rules[0].condition' }),
    ]);
  });

  test('of two keys equally near, the one that is not there yet is proposed', () => {
    const options = 'options: { top_p: 0.9, top_x: 1 }';
    const [problem] = problemsIn({ models: `default_model: a\nmodels: { a: { name: x, ${options} } }\n` });
    expect(problem?.hint).toBe('did you mean top_k?');
  });

  test('a key with a dot is quoted in the path', () => {
    const [problem] = problemsIn({
      models: 'default_model: a.b\nmodels: { a.b: { name: x, optoins: {} } }\n',
    });
    expect(problem?.path).toBe('models["a.b"].optoins');
  });

  test('a task type that GraphQL could not name is refused', () => {
    const [problem] = problemsIn({ models: `${leastModels}task_recommendations: { code-review: any }\n` });
    expect(problem).toMatchObject({ line: 5, path: 'task_recommendations.code-review' });
  });
});
