/** The text of one YAML file, with the way back from a path to its line. */

import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from 'yaml';
import type { ConfigProblem } from './problem.ts';

/** Both count from 1. */
interface Position {
  readonly line: number;
  readonly column: number;
}

export interface YamlSource {
  readonly file: string;
  /** Plain data; `undefined` when the text is not YAML, or holds nothing. */
  readonly data: unknown;
  readonly problems: readonly ConfigProblem[];
  /** Where the value, or its key, stands; what is not there stands where its nearest ancestor does. */
  locate(path: readonly PropertyKey[], part: 'key' | 'value'): Position;
}

/** Reads YAML 1.2. Never throws: what is wrong is in `problems`. */
export function parseYaml(file: string, text: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const faults: YAMLError[] = [...document.errors, ...document.warnings];
  const problems = faults.map((fault) => syntaxProblem(file, text, fault, positionOf(fault.pos[0])));
  // A mapping with a key too many can still be read; after any other fault the data would be a guess.
  const readable = faults.every((fault) => fault.code === 'DUPLICATE_KEY');
  const sourceOf = (data: unknown, ...more: readonly ConfigProblem[]): YamlSource => ({
    file,
    data,
    problems: [...problems, ...more],
    locate: (path, part) => positionOf(offsetAt(document, path, part)),
  });
  if (!readable) return sourceOf(undefined);
  try {
    const data: unknown = document.toJS();
    return data === null ? sourceOf(undefined, emptyProblem(file)) : sourceOf(data);
  } catch (cause) {
    // Aliases are resolved only here: one without an anchor, or far too many of them.
    const fault = cause instanceof Error ? cause.message : String(cause);
    return sourceOf(undefined, yamlProblem(file, fault, positionOf(0)));
  }
}

function offsetAt(document: Document, path: readonly PropertyKey[], part: 'key' | 'value'): number {
  let node: Node | null = document.contents;
  let keyOffset = startOf(node) ?? 0;
  let valueOffset = keyOffset;
  for (const step of path) {
    const found = childOf(document, node, step);
    if (found === undefined) return keyOffset;
    valueOffset = startOf(found.value) ?? startOf(found.key) ?? valueOffset;
    keyOffset = startOf(found.key) ?? valueOffset;
    node = found.value;
  }
  return part === 'key' ? keyOffset : valueOffset;
}

interface Child {
  readonly key: Node | null;
  readonly value: Node | null;
}

function childOf(document: Document, parent: Node | null, step: PropertyKey): Child | undefined {
  const node = isAlias(parent) ? (parent.resolve(document) ?? null) : parent;
  if (isSeq(node)) {
    const item = node.items[Number(step)];
    return isNode(item) ? { key: null, value: item } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.findLast(({ key }) => isScalar(key) && String(key.value) === String(step));
  if (pair === undefined) return undefined;
  return { key: isNode(pair.key) ? pair.key : null, value: isNode(pair.value) ? pair.value : null };
}

function startOf(node: Node | null): number | undefined {
  return node?.range?.[0];
}

function syntaxProblem(file: string, text: string, fault: YAMLError, position: Position): ConfigProblem {
  if (fault.code !== 'DUPLICATE_KEY') return yamlProblem(file, fault.message, position);
  const key = /^[^:\n]*/.exec(text.slice(fault.pos[0]))?.[0] ?? '';
  const hint = 'remove one of the two';
  return {
    file,
    ...position,
    path: key,
    fault: 'duplicate key',
    expected: 'each key once',
    found: key,
    hint,
  };
}

function yamlProblem(file: string, message: string, position: Position): ConfigProblem {
  return {
    file,
    ...position,
    path: '',
    fault: `not valid YAML: ${message}`,
    expected: 'YAML',
    found: message,
    hint: null,
  };
}

function emptyProblem(file: string): ConfigProblem {
  return {
    file,
    line: 1,
    column: 1,
    path: '',
    fault: 'the file is empty',
    expected: 'a mapping of keys to values',
    found: 'an empty file',
    hint: 'run `koubou init` for a fresh one',
  };
}
