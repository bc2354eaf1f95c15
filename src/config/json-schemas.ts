/** JSON Schemas of the files, for editors: completion, help and red underlines while one types. */

import type { z } from 'zod';
import type { ConfigFileName } from './config-file.ts';
import { koubouFileSchema } from './koubou-file.ts';
import { modelsFileSchema } from './models-file.ts';
import { type JsonSchema, jsonSchemaOf } from './schema-outline.ts';
import { workersFileSchema } from './workers-file.ts';

const schemas = {
  'koubou.yaml': koubouFileSchema,
  'workers.yaml': workersFileSchema,
  'ollama_models.yaml': modelsFileSchema,
} as const satisfies Record<ConfigFileName, z.ZodType>;

/** The loader takes a variable where a number, a switch or a word of a list stands; editors must not object to it. */
const variable = {
  type: 'string',
  pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^{}]*)?\\}',
  description: `Text with \${NAME} or \${NAME:-default}, replaced from the environment.`,
} as const;

/** The schemas (draft 2020-12) by the name of their file under `config/schema`. */
export function configJsonSchemas(): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(schemas).map(([file, schema]) => {
      const rules = allowVariables(jsonSchemaOf(schema)) as Readonly<Record<string, unknown>>;
      return [file.replace(/\.yaml$/, '.schema.json'), { ...rules, $defs: { variable } }];
    }),
  );
}

function allowVariables(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(allowVariables);
  if (!isMapping(node)) return node;
  if (isNarrow(node)) {
    const { description, default: byDefault, ...rules } = node;
    return {
      ...(description === undefined ? {} : { description }),
      ...(byDefault === undefined ? {} : { default: byDefault }),
      anyOf: [rules, { $ref: '#/$defs/variable' }],
    };
  }
  return Object.fromEntries(
    // Names of keys are not expanded, so their rules stay as they are.
    Object.entries(node).map(([key, child]) => [
      key,
      key === 'propertyNames' ? child : allowVariables(child),
    ]),
  );
}

function isMapping(node: unknown): node is JsonSchema {
  return typeof node === 'object' && node !== null;
}

/** A rule for one value that the text of a variable would break. */
function isNarrow(node: JsonSchema): boolean {
  if (node.type === 'integer' || node.type === 'number' || node.type === 'boolean') return true;
  return (
    node.type === 'string' &&
    [node.enum, node.const, node.pattern, node.format].some((rule) => rule !== undefined)
  );
}
