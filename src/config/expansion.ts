/** `${NAME}` and `${NAME:-default}` in the string values of a file. */

import type { ConfigProblem } from './problem.ts';
import { describeFoundAt, formatPath } from './problem.ts';
import { type JsonSchema, schemaAt } from './schema-outline.ts';
import type { YamlSource } from './yaml-source.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Expanded {
  readonly data: unknown;
  readonly problems: readonly ConfigProblem[];
}

const reference = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}/g;

/**
 * Replaces the variables in all strings of the file. Text of a variable is read as a number or as true or false where the
 * schema wants one. A variable without value and default is a problem.
 */
export function expandVariables(source: YamlSource, schema: JsonSchema, environment: Environment): Expanded {
  const problems: ConfigProblem[] = [];

  const expandText = (text: string, path: readonly PropertyKey[]): unknown => {
    const unset: string[] = [];
    const expanded = text.replace(reference, (_, name: string, fallback: string | undefined) => {
      const value = environment[name];
      if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
      if (value === undefined) unset.push(name);
      return value ?? '';
    });
    const position = source.locate(path, 'value');
    const common = {
      file: source.file,
      ...position,
      path: formatPath(path),
      found: describeFoundAt(path, text),
    };
    for (const name of unset) {
      const hint = `set it, or give a default: \${${name}:-…}`;
      const fault = `the environment variable ${name} is not set`;
      problems.push({ ...common, fault, expected: `a value of ${name}`, hint });
    }
    if (text.replace(reference, '').includes('${')) {
      const expected = `\${NAME} or \${NAME:-default}`;
      problems.push({
        ...common,
        fault: `expected ${expected}, found ${common.found}`,
        expected,
        hint: null,
      });
    }
    return readAs(schemaAt(schema, path)?.type, expanded);
  };

  const expand = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (typeof value === 'string') return value.includes('${') ? expandText(value, path) : value;
    if (Array.isArray(value)) return value.map((item, index) => expand(item, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, expand(item, [...path, key])]),
    );
  };

  return { data: expand(source.data, []), problems };
}

function readAs(type: JsonSchema['type'], text: string): unknown {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if ((type === 'integer' || type === 'number') && Number.isFinite(number)) return number;
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
