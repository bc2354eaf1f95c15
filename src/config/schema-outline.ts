/** Questions to a JSON Schema that error messages need: what is known here, what is expected there. */

import { z } from 'zod';

export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** The JSON Schema (draft 2020-12) of what may be written, or of what comes `out` of it. */
export function jsonSchemaOf(schema: z.ZodType, side: 'in' | 'out' = 'in'): JsonSchema {
  return z.toJSONSchema(schema, {
    io: side === 'in' ? 'input' : 'output',
    // Bounds that every whole number of JavaScript has tell nobody anything.
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
}

/** The schema of the value at `path`; `undefined` where the schema knows nothing. */
export function schemaAt(schema: JsonSchema, path: readonly PropertyKey[]): JsonSchema | undefined {
  let current: JsonSchema | undefined = schema;
  for (const step of path) {
    if (current === undefined) return undefined;
    current = childOf(withoutNull(current), step);
  }
  return current === undefined ? undefined : withoutNull(current);
}

/** Keys that a mapping may have; empty when it may have any. */
export function knownKeys(schema: JsonSchema | undefined): readonly string[] {
  return Object.keys(schema?.properties ?? {});
}

/** The path of every key that stands in no list. */
export function keyPlaces(schema: JsonSchema, at: readonly string[] = []): readonly (readonly string[])[] {
  return Object.entries(withoutNull(schema).properties ?? {}).flatMap(([key, child]) => {
    const path = [...at, key];
    return typeof child === 'boolean' ? [path] : [path, ...keyPlaces(child, path)];
  });
}

/** What a value must be, in words: `a whole number from 1 to 10`. */
export function expectation(schema: JsonSchema | undefined): string {
  if (schema === undefined) return 'nothing';
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`;
  switch (schema.type) {
    case 'integer':
      return `a whole number${expectedRange(schema)}`;
    case 'number':
      return `a number${expectedRange(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return expectedList(schema);
    case 'object':
      return 'a mapping of keys to values';
    case 'string':
      return expectedText(schema);
    default:
      // Our files have neither unions nor values that must be null.
      return 'a value';
  }
}

/** The rule for the keys of a mapping that takes any. */
export function keyRule(schema: JsonSchema | undefined): JsonSchema | undefined {
  return typeof schema?.propertyNames === 'object' ? schema.propertyNames : undefined;
}

function childOf(schema: JsonSchema, step: PropertyKey): JsonSchema | undefined {
  const child =
    typeof step === 'number'
      ? (schema.prefixItems?.[step] ?? schema.items)
      : (ownProperty(schema.properties, String(step)) ?? schema.additionalProperties);
  return typeof child === 'object' && !Array.isArray(child) ? child : undefined;
}

function ownProperty<T>(record: Record<string, T> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** A nullable list is written as a choice of the list and null; null never has children. */
function withoutNull(schema: JsonSchema): JsonSchema {
  return schema.anyOf?.find((branch) => branch.type !== 'null') ?? schema;
}

function expectedRange({ minimum, maximum }: JsonSchema): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of at least ${minimum}`;
  return maximum === undefined ? '' : ` of at most ${maximum}`;
}

function expectedList({ minItems, maxItems }: JsonSchema): string {
  if (minItems === undefined) return 'a list';
  return minItems === maxItems ? `a list of exactly ${minItems}` : `a list of at least ${minItems}`;
}

function expectedText(schema: JsonSchema): string {
  const example = schema.examples?.[0];
  if (example !== undefined && (schema.pattern !== undefined || schema.format !== undefined)) {
    return `text such as ${JSON.stringify(example)}`;
  }
  return schema.minLength === undefined ? 'text' : 'text that is not empty';
}
