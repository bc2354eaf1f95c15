import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import {
  fallbackChain,
  isModelFault,
  type ModelChoices,
  modelKey,
  modelOf,
  nextFallback,
  sameModel,
  suggestModel,
} from '../../src/machines/model-choice.ts';
import type { FailureCode } from '../../src/machines/outcome.ts';

const shipped: ModelChoices = loadConfig({
  cwd: '/nowhere',
  env: { KOUBOU_CONFIG: `${process.cwd()}/config` },
}).models;

const plain: ModelChoices = {
  defaultModel: 'default:1b',
  catalog: { small: { name: 'small:1b' }, large: { name: 'large:70b' } },
  recommendations: {},
  autoSelect: { enabled: false, rules: [] },
  fallback: { enabled: false, chain: [] },
};

describe('the model that the file proposes', () => {
  test.each([
    ['code_generation', 10, 'gpt-oss:20b'],
    ['translation', 9_000, 'mistral:7b'],
    ['general', 99, 'qwen2.5-coder:1.5b'],
    ['general', 100, 'qwen2.5-coder:7b'],
    ['general', 499, 'qwen2.5-coder:7b'],
    ['general', 500, 'gpt-oss:20b'],
  ])('for %s of %i characters is %s, as shipped', (taskType, promptChars, name) => {
    expect(suggestModel({ taskType, promptChars }, shipped)).toBe(name);
  });

  test('is the default where nothing else decides', () => {
    expect(suggestModel({ taskType: 'general', promptChars: 10 }, plain)).toBe('default:1b');
    const none = { ...shipped, autoSelect: { ...shipped.autoSelect, enabled: false } };
    expect(suggestModel({ taskType: 'general', promptChars: 10 }, none)).toBe('gpt-oss:20b');
  });

  test.each([
    ['<', [true, false, false]],
    ['<=', [true, true, false]],
    ['>', [false, false, true]],
    ['>=', [false, true, true]],
    ['==', [false, true, false]],
  ] as const)('follows a rule with %s', (operator, holds) => {
    const models = {
      ...plain,
      autoSelect: { enabled: true, rules: [{ condition: { operator, value: 100 }, model: 'large' }] },
    };
    const suggested = [99, 100, 101].map((promptChars) =>
      suggestModel({ taskType: 'x', promptChars }, models),
    );
    expect(suggested).toEqual(holds.map((does) => (does ? 'large:70b' : 'default:1b')));
  });

  test('is that of the first rule that holds', () => {
    const rules = ['small', 'large'].map((model) => ({
      condition: { operator: '>=', value: 0 } as const,
      model,
    }));
    const models = { ...plain, autoSelect: { enabled: true, rules } };
    expect(suggestModel({ taskType: 'x', promptChars: 5 }, models)).toBe('small:1b');
  });

  test('is not fooled by a type that every object has', () => {
    for (const taskType of ['constructor', 'toString', '__proto__']) {
      expect(suggestModel({ taskType, promptChars: 10 }, plain)).toBe('default:1b');
    }
  });

  test('is always one that the file names', () => {
    const key = fc.constantFrom('small', 'large');
    const operator = fc.constantFrom('<', '<=', '>', '>=', '==' as const);
    const rule = fc.record({ condition: fc.record({ operator, value: fc.nat(1_000) }), model: key });
    const choices = fc.record({
      recommendations: fc.dictionary(fc.constantFrom('general', 'analysis'), key),
      autoSelect: fc.record({ enabled: fc.boolean(), rules: fc.array(rule) }),
    });
    const tasks = fc.record({
      taskType: fc.constantFrom('general', 'analysis', 'x'),
      promptChars: fc.nat(2_000),
    });
    fc.assert(
      fc.property(choices, tasks, (some, task) => {
        const name = suggestModel(task, { ...plain, ...some });
        expect(['default:1b', 'small:1b', 'large:70b']).toContain(name);
        const recommended = some.recommendations[task.taskType];
        if (recommended !== undefined) expect(name).toBe(plain.catalog[recommended]?.name);
      }),
    );
  });
});

describe('the model that runs a task', () => {
  const demand = { model: 'own', suggested: 'suggested', fallback: 'fallback' };

  test('is the fallback, else its own, else that of the worker, else the proposed one', () => {
    expect(modelOf(demand, 'pinned')).toBe('fallback');
    expect(modelOf({ ...demand, fallback: null }, 'pinned')).toBe('own');
    expect(modelOf({ ...demand, fallback: null, model: null }, 'pinned')).toBe('pinned');
    expect(modelOf({ ...demand, fallback: null, model: null }, null)).toBe('suggested');
  });
});

describe('the next model after one that failed', () => {
  const chain = ['a', 'b', 'c'];

  test('is the first of the chain for one that is not in it', () => {
    expect(nextFallback(chain, 0, 'x')).toEqual({ step: 1, model: 'a' });
  });

  test('is the one behind it, for one of the chain', () => {
    expect(nextFallback(chain, 0, 'b')).toEqual({ step: 3, model: 'c' });
  });

  test('goes on from where it was, whatever failed since', () => {
    expect(nextFallback(chain, 2, 'a')).toEqual({ step: 3, model: 'c' });
    expect(nextFallback(chain, 2, 'x')).toEqual({ step: 3, model: 'c' });
  });

  test('is none at the end, and none without a chain', () => {
    expect(nextFallback(chain, 0, 'c')).toBeUndefined();
    expect(nextFallback(chain, 3, 'x')).toBeUndefined();
    expect(nextFallback([], 0, 'x')).toBeUndefined();
  });

  test('is never the one that failed, under no other name and at no other place', () => {
    expect(nextFallback(['a:latest', 'b'], 0, 'a')).toEqual({ step: 2, model: 'b' });
    expect(nextFallback(['a', 'a', 'b'], 0, 'a')).toEqual({ step: 3, model: 'b' });
    expect(nextFallback(['a', 'b', 'a'], 2, 'a')).toBeUndefined();
  });

  test('leads through each place at most once, whichever models fail', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd', 'a:latest');
    fc.assert(
      fc.property(fc.array(names, { maxLength: 8 }), fc.infiniteStream(names), (any, failing) => {
        let step = 0;
        for (const failed of failing) {
          const next = nextFallback(any, step, failed);
          if (next === undefined) return;
          expect(next.step).toBeGreaterThan(step);
          expect(next.step).toBeLessThanOrEqual(any.length);
          expect(any[next.step - 1]).toBe(next.model);
          expect(sameModel(next.model, failed)).toBe(false);
          step = next.step;
        }
      }),
    );
  });

  test('is looked for in a chain of names, which is empty when it is switched off', () => {
    expect(fallbackChain(shipped)).toEqual(['gpt-oss:20b', 'qwen2.5-coder:7b', 'qwen2.5-coder:1.5b']);
    expect(fallbackChain({ ...shipped, fallback: { ...shipped.fallback, enabled: false } })).toEqual([]);
  });
});

describe('a failure', () => {
  test.each<[FailureCode, ReturnType<typeof isModelFault>]>([
    ['model.unknown', 'at once'],
    ['output.invalid', 'at once'],
    ['backend.error', 'at last'],
    ['backend.cut', 'at last'],
    ['backend.garbage', 'at last'],
    ['backend.empty', 'at last'],
    ['backend.unreachable', undefined],
    ['backend.busy', undefined],
    ['backend.no_answer', undefined],
    ['input.refused', undefined],
    ['input.too_long', undefined],
    ['execution.timeout', undefined],
    ['execution.crashed', undefined],
    ['execution.too_large', undefined],
    ['worker.lost', undefined],
    ['leases.exhausted', undefined],
    ['actor.crashed', undefined],
  ])('%s calls for another model: %s', (code, when) => {
    expect(isModelFault(code)).toBe(when);
  });
});

describe('the name of a model', () => {
  test.each([
    ['llama3', 'llama3:latest'],
    ['llama3:8b', 'llama3:8b'],
    ['library/llama3', 'library/llama3:latest'],
    ['localhost:5000/llama3', 'localhost:5000/llama3:latest'],
    ['localhost:5000/llama3:8b', 'localhost:5000/llama3:8b'],
    ['localhost:/llama3', 'localhost:/llama3:latest'],
    ['', ':latest'],
  ])('%s is known as %s', (name, key) => {
    expect(modelKey(name)).toBe(key);
    expect(sameModel(name, key)).toBe(true);
  });

  test('without a tag means the latest, and no other', () => {
    expect(sameModel('llama3', 'llama3:latest')).toBe(true);
    expect(sameModel('llama3', 'llama3:8b')).toBe(false);
    expect(sameModel('llama3:8b', 'llama3:70b')).toBe(false);
    expect(sameModel('llama3', 'llama')).toBe(false);
  });
});
