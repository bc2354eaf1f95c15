/** From a file on disk to checked data. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { problemsOf } from './diagnostics.ts';
import { type Environment, expandVariables } from './expansion.ts';
import { Place } from './place.ts';
import type { ConfigProblem } from './problem.ts';
import { jsonSchemaOf } from './schema-outline.ts';
import { parseYaml, type YamlSource } from './yaml-source.ts';

export type ConfigFileName = 'koubou.yaml' | 'workers.yaml' | 'ollama_models.yaml';

export interface ConfigFile<T> {
  /** The settings with their defaults; `undefined` when anything in the file is wrong. */
  readonly settings: T | undefined;
  /** What the file says, right or wrong, for checks of one setting against another. */
  readonly root: Place;
  readonly problems: readonly ConfigProblem[];
}

export interface ConfigFileOptions {
  readonly configDir: string;
  readonly environment: Environment;
  /** A file that may be missing has a default for each of its keys. */
  readonly mayBeMissing?: boolean;
  /** Stands in for what the file says. */
  readonly text?: string | undefined;
}

/** Reads, parses, expands and checks one file. Never throws for what stands in it, or for its absence. */
export function readConfigFile<S extends z.ZodType>(
  name: ConfigFileName,
  schema: S,
  { configDir, environment, mayBeMissing = false, text }: ConfigFileOptions,
): ConfigFile<z.output<S>> {
  const read = text === undefined ? readText(join(configDir, name)) : { text };
  if ('reason' in read) {
    const root = new Place(sourceWithoutText(name), undefined);
    const isFine = mayBeMissing && read.reason === missing;
    return isFine
      ? { settings: schema.parse({}), root, problems: [] }
      : { settings: undefined, root, problems: [unreadable(name, read.reason)] };
  }
  const source = parseYaml(name, read.text);
  if (source.data === undefined) {
    return { settings: undefined, root: new Place(source, undefined), problems: source.problems };
  }

  const outline = jsonSchemaOf(schema);
  const expanded = expandVariables(source, outline, environment);
  const root = new Place(source, expanded.data);
  const checked = schema.safeParse(expanded.data);
  const invalid = checked.success ? [] : problemsOf(checked.error.issues, root, outline);
  // What a missing variable leaves behind is no second problem.
  const toldBefore = new Set(expanded.problems.map(({ path }) => path));
  const problems = [
    ...source.problems,
    ...expanded.problems,
    ...invalid.filter(({ path }) => !toldBefore.has(path)),
  ];
  return { settings: problems.length === 0 ? checked.data : undefined, root, problems };
}

const missing = 'no such file';

function readText(path: string): { readonly text: string } | { readonly reason: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)) };
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    if (code === 'ENOENT') return { reason: missing };
    return { reason: code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8' : code };
  }
}

function sourceWithoutText(file: ConfigFileName): YamlSource {
  return { file, data: undefined, problems: [], locate: () => ({ line: 1, column: 1 }) };
}

function unreadable(file: ConfigFileName, reason: string): ConfigProblem {
  const isMissing = reason === missing;
  return {
    file,
    line: null,
    column: null,
    path: '',
    fault: isMissing
      ? 'the file is missing in the configuration folder'
      : `the file cannot be read: ${reason}`,
    expected: 'a readable file',
    found: reason,
    hint: isMissing ? 'run `koubou init` to lay it out, or point KOUBOU_CONFIG to its folder' : null,
  };
}
