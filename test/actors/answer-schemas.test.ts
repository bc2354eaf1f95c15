import { describe, expect, test } from 'vitest';
import { AnswerSchemas } from '../../src/actors/answer-schemas.ts';
import { answerLimits } from '../../src/machines/answer-limits.ts';

const board = {
  type: 'object',
  properties: { wood: { enum: ['oak', 'ash'] }, mm: { type: 'integer' } },
  required: ['wood'],
};

describe('a value', () => {
  test.each([
    [{ wood: 'oak', mm: 20 }, []],
    [{ wood: 'oak', more: null }, []],
    [{}, ["it must have required property 'wood'"]],
    [
      { wood: 'pine', mm: 1.5 },
      ['its wood must be equal to one of the allowed values', 'its mm must be integer'],
    ],
    ['oak', ['it must be object']],
  ])('%j against a schema: %j', (value, complaints) => {
    expect(new AnswerSchemas().check(board, value)).toEqual({ complaints });
  });

  test.each([
    [{}, 0],
    [{ any: 'thing' }, 0],
    [[], 1],
    [null, 1],
    ['text', 1],
  ])('%j as any JSON object has %i complaints', (value, complaints) => {
    expect(new AnswerSchemas().check('json', value)).toEqual({
      complaints: Array(complaints).fill('it is not a JSON object'),
    });
  });

  test('has as many complaints as are told, however much is wrong', () => {
    const checked = new AnswerSchemas().check({ items: { type: 'string' } }, Array(100).fill(1));
    expect(checked).toMatchObject({ complaints: { length: answerLimits.complaintsMax } });
  });

  test('is judged by its formats', () => {
    const schemas = new AnswerSchemas();
    expect(schemas.check({ format: 'date-time' }, 'soon')).toEqual({
      complaints: ['it must match format "date-time"'],
    });
    expect(schemas.check({ format: 'of-our-own' }, 'soon')).toEqual({ complaints: [] });
  });

  test('that is nested deeper than can be followed is wrong, and breaks nothing', () => {
    let deep: unknown = [];
    for (let depth = 0; depth < 20_000; depth += 1) deep = [deep];
    const list = { $ref: '#/$defs/list', $defs: { list: { items: { $ref: '#/$defs/list' } } } };
    expect(new AnswerSchemas().check(list, deep)).toEqual({ complaints: ['it is nested too deep'] });
  });
});

describe('a schema', () => {
  test('is one of 2020-12, or of draft-07 where it says so', () => {
    const schemas = new AnswerSchemas();
    const pair = { items: [{ type: 'string' }], additionalItems: false };
    const draft7 = { ...pair, $schema: 'http://json-schema.org/draft-07/schema#' };
    expect(schemas.check(draft7, ['a', 1])).toEqual({ complaints: ['it must NOT have more than 1 items'] });
    const newer = { prefixItems: [{ type: 'string' }], items: false };
    expect(schemas.check(newer, ['a', 1])).toEqual({ complaints: ['it must NOT have more than 1 items'] });
    expect(schemas.refusalOf(pair)).toContain('cannot be used');
  });

  test.each([
    ['a type that there is not', { type: 'objekt' }, 'schema is invalid'],
    ['a reference to another machine', { items: { $ref: 'http://127.0.0.1/x' } }, 'outside of itself'],
    ['a reference to a file', { $ref: 'file:///etc/passwd' }, 'outside of itself'],
    ['a reference to nothing', { $ref: '#/$defs/gone' }, "can't resolve"],
    ['a draft that nobody checks by', { $schema: 'http://json-schema.org/draft-04/schema#' }, 'draft-04'],
    ['a promise', { $async: true }, '$async'],
    ['a pattern that is none', { pattern: '(' }, 'Invalid regular expression'],
  ])('with %s is refused in words that say so', (_what, schema, words) => {
    const schemas = new AnswerSchemas();
    expect(schemas.refusalOf(schema)).toContain(words);
    expect(schemas.check(schema, {})).toEqual({ refusal: schemas.refusalOf(schema) });
  });

  test('may have as many bytes as it may, and none more', () => {
    const ofBytes = (bytes: number) => ({ title: 'x'.repeat(bytes - '{"title":""}'.length) });
    const schemas = new AnswerSchemas();
    expect(schemas.refusalOf(ofBytes(answerLimits.schemaBytesMax))).toBeNull();
    expect(schemas.refusalOf(ofBytes(answerLimits.schemaBytesMax + 1))).toContain('65537 bytes');
  });

  test('may speak of references in its data', () => {
    expect(new AnswerSchemas().refusalOf({ const: { $ref: 'http://127.0.0.1/x' } })).toBeNull();
  });

  test('whose pattern looks for ever is stopped, and not tried again', () => {
    const schemas = new AnswerSchemas();
    const slow = { pattern: '^(a+)+$' };
    const startedMs = performance.now();
    expect(schemas.check(slow, `${'a'.repeat(60)}b`)).toMatchObject({
      refusal: expect.stringContaining('too long'),
    });
    expect(performance.now() - startedMs).toBeLessThan(answerLimits.schemaCheckMsMax + 2_000);
    expect(schemas.refusalOf(slow)).toContain('too long');
    expect(schemas.check({ pattern: '^(a+)+c$' }, 'aac')).toEqual({ complaints: [] });
  });

  test('is known to no other, whatever it calls itself', () => {
    const schemas = new AnswerSchemas();
    const name = 'https://example.com/board';
    expect(schemas.check({ $id: name, type: 'string' }, 'oak')).toEqual({ complaints: [] });
    expect(schemas.check({ $id: name, type: 'number' }, 1)).toEqual({ complaints: [] });
    expect(schemas.check({ items: { $id: name, type: 'string' } }, ['oak'])).toEqual({ complaints: [] });
  });

  test('is kept compiled as long as there are not too many', () => {
    const schemas = new AnswerSchemas();
    for (let each = 0; each < answerLimits.schemasMax + 5; each += 1) schemas.refusalOf({ title: `${each}` });
    expect(schemas.size).toBe(answerLimits.schemasMax);
  });
});
