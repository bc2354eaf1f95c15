import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { configJsonSchemas } from '../../src/config/json-schemas.ts';
import { koubouFileSchema } from '../../src/config/koubou-file.ts';
import { everyKey } from './every-key.ts';
import { originalModels, originalWorkers } from './original-files.ts';

const configDir = join(import.meta.dirname, '..', '..', 'config');
const files = { koubou: 'koubou', workers: 'workers', models: 'ollama_models' } as const;
const kinds = Object.keys(files) as (keyof typeof files)[];

const textOf = (kind: keyof typeof files) => readFileSync(join(configDir, `${files[kind]}.yaml`), 'utf8');
const writtenSchema = (kind: keyof typeof files): z.core.JSONSchema.JSONSchema =>
  JSON.parse(readFileSync(join(configDir, 'schema', `${files[kind]}.schema.json`), 'utf8'));

/** A second reader of the schemas, apart from the loader. */
const accepts = (kind: keyof typeof files, data: unknown) =>
  z.fromJSONSchema(writtenSchema(kind)).safeParse(data).success;

test('the schemas on disk are those of the loader (else: npm run build && node scripts/config-schemas.mjs)', () => {
  const written = readdirSync(join(configDir, 'schema')).map((name) => [
    name,
    JSON.parse(readFileSync(join(configDir, 'schema', name), 'utf8')),
  ]);
  expect(Object.fromEntries(written)).toEqual(configJsonSchemas());
});

describe.each(kinds)('the schema of the %s file', (kind) => {
  test('accepts the shipped file and one that says everything', () => {
    expect(accepts(kind, parse(textOf(kind)))).toBe(true);
    expect(accepts(kind, everyKey[kind])).toBe(true);
  });

  test('refuses a key that the loader refuses', () => {
    expect(accepts(kind, { ...everyKey[kind], somthing: 1 })).toBe(false);
  });

  test('closes every mapping with named keys, and describes every key', () => {
    const faults: string[] = [];
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      if ('properties' in node && typeof node.properties === 'object' && node.properties !== null) {
        if (!('additionalProperties' in node) || node.additionalProperties !== false)
          faults.push(`${path} is open`);
        for (const [key, child] of Object.entries(node.properties)) {
          const isInert = path.endsWith('.logging') && kind === 'models';
          const isDescribed = typeof child === 'object' && child !== null && 'description' in child;
          if (!isDescribed && !isInert) faults.push(`${path}.${key} has no description`);
          visit(child, `${path}.${key}`);
        }
      }
      for (const key of ['items', 'additionalProperties', 'anyOf'] as const) {
        const child: unknown = Reflect.get(node, key);
        for (const one of Array.isArray(child) ? child : [child]) visit(one, `${path}.*`);
      }
    };
    visit(writtenSchema(kind), kind);
    expect(faults).toEqual([]);
  });

  test('is named in the first line of the shipped file', () => {
    const [first] = textOf(kind).split('\n');
    expect(first).toBe(`# yaml-language-server: $schema=./schema/${files[kind]}.schema.json`);
  });

  test('has no key that the shipped file does not speak of', () => {
    const text = textOf(kind);
    const inert = ['level', 'detailed_prompts', 'save_responses', 'response_dir'];
    const unspoken = keysOf(everyKey[kind]).filter((key) => !new RegExp(`\\b${key}\\b`).test(text));
    expect(unspoken.filter((key) => !inert.includes(key))).toEqual([]);
  });
});

test('files of the original are accepted', () => {
  expect(accepts('workers', parse(originalWorkers))).toBe(true);
  expect(accepts('models', parse(originalModels))).toBe(true);
});

test('a variable is accepted where a number, a switch or a word of a list stands', () => {
  const health = { interval: `\${BEAT:-15}` };
  expect(accepts('workers', { workers: {}, health_check: health })).toBe(true);
  expect(accepts('workers', { workers: {}, health_check: { interval: 'often' } })).toBe(false);
});

test('koubou.yaml, as shipped, says exactly the defaults', () => {
  expect(parse(textOf('koubou'))).toEqual(koubouFileSchema.parse({}));
});

function keysOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [key, ...keysOf(child)]);
}
