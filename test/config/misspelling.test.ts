import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { leastModels, leastWorkers, problemsIn, type Texts } from './config-folder.ts';
import { everyKey } from './every-key.ts';

interface KnownKey {
  readonly file: keyof Texts;
  /** Steps to the mapping that holds the key. */
  readonly parent: readonly (string | number)[];
  readonly key: string;
  readonly siblings: readonly string[];
}

/** Mappings whose keys people choose. */
const freeKeys = new Set(['models', 'task_recommendations', 'hosts']);

function keysOf(file: keyof Texts, value: unknown, parent: readonly (string | number)[] = []): KnownKey[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => keysOf(file, item, [...parent, index]));
  if (typeof value !== 'object' || value === null) return [];
  const isFree = parent.length === 1 && freeKeys.has(String(parent[0]));
  const siblings = Object.keys(value);
  const own = isFree ? [] : siblings.map((key) => ({ file, parent, key, siblings }));
  return [...own, ...Object.entries(value).flatMap(([key, child]) => keysOf(file, child, [...parent, key]))];
}

/** The same data with one key renamed in place. */
function renamed(
  value: unknown,
  [step, ...rest]: readonly (string | number)[],
  from: string,
  to: string,
): unknown {
  if (Array.isArray(value))
    return value.map((item, index) => (index === step ? renamed(item, rest, from, to) : item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      if (step === undefined) return [key === from ? to : key, child];
      return [key, key === step ? renamed(child, rest, from, to) : child];
    }),
  );
}

const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz_0123456789');

/** One letter too many, too few, or another one. */
function oneEdit(word: string): fc.Arbitrary<string> {
  const at = fc.nat({ max: word.length });
  const edit = fc.constantFrom('insert', 'remove', 'replace');
  return fc.tuple(at, edit, letter).map(([index, kind, other]) => {
    const taken = kind === 'insert' ? 0 : 1;
    return word.slice(0, index) + (kind === 'remove' ? '' : other) + word.slice(index + taken);
  });
}

const misspelling = fc
  .constantFrom(...Object.entries(everyKey).flatMap(([file, data]) => keysOf(file as keyof Texts, data)))
  .chain((known) => oneEdit(known.key).map((written) => ({ ...known, written })))
  .filter(({ written, siblings }) => written !== '' && !siblings.includes(written));

test('the files that say everything are valid', () => {
  const texts = Object.entries(everyKey).map(([file, data]) => [file, stringify(data)]);
  expect(problemsIn(Object.fromEntries(texts))).toEqual([]);
});

test('any known key with one letter wrong is reported with the right one', () => {
  fc.assert(
    fc.property(misspelling, ({ file, parent, key, written }) => {
      const text = stringify(renamed(everyKey[file], parent, key, written));
      const least: Texts = { workers: leastWorkers, models: leastModels };
      const unknown = problemsIn({ ...least, [file]: text }).filter(({ fault }) => fault === 'unknown key');
      expect(unknown).toEqual([expect.objectContaining({ found: written })]);
      const proposed = unknown[0]?.hint?.match(/^did you mean (.*)\?$/)?.[1]?.split(' or ');
      expect(proposed).toContain(key);
      const line = text.split('\n')[(unknown[0]?.line ?? 0) - 1];
      expect(line?.slice((unknown[0]?.column ?? 0) - 1)).toMatch(new RegExp(`^"?${written}"?:`));
    }),
    { numRuns: 300 },
  );
});
