import { expect, test } from 'vitest';
import { messagesFor } from '../../src/cli/messages.ts';
import { english } from '../../src/cli/messages-en.ts';
import { japanese } from '../../src/cli/messages-ja.ts';

const samples = [7, 'sample', 'third'] as const;

/** Every message by its path; functions are called, so that one that throws or says nothing is found. */
function spoken(catalogue: object, path = ''): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(catalogue)) {
    const here = `${path}${key}`;
    if (typeof value === 'string') texts.set(here, value);
    else if (typeof value === 'function') texts.set(here, value(...samples));
    else for (const [inner, text] of spoken(value, `${here}.`)) texts.set(inner, text);
  }
  return texts;
}

test('both languages say the same things, and leave none of them empty', () => {
  const [en, ja] = [spoken(english), spoken(japanese)];
  expect([...ja.keys()].toSorted()).toEqual([...en.keys()].toSorted());
  for (const text of [...en.values(), ...ja.values()]) expect(text.trim()).not.toBe('');
});

test('sentences in Japanese are in Japanese', () => {
  const technical = /^(?:fields\.pid|talk\.taskEnded|talk\.progressOf|operating\.of)$/;
  const foreign = [...spoken(japanese)].filter(
    ([path, text]) =>
      !technical.test(path) && !/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(text),
  );
  expect(foreign).toEqual([]);
});

test('a message tells what its English original tells: the same values appear in both', () => {
  const [en, ja] = [spoken(english), spoken(japanese)];
  const differing = [...en].filter(([path, text]) =>
    samples.some((sample) => text.includes(String(sample)) !== (ja.get(path) ?? '').includes(String(sample))),
  );
  // In Japanese what is wrong with a command line is named by its code.
  expect(differing.map(([path]) => path)).toEqual([]);
});

test.each([
  [{ LANG: 'ja_JP.UTF-8' }, japanese],
  [{ LANG: 'ja_JP.UTF-8', LC_ALL: 'C' }, english],
  [{ LANG: 'en_GB', LC_MESSAGES: 'ja_JP' }, japanese],
  [{ LANG: 'de_DE', LC_MESSAGES: '', LC_ALL: 'ja' }, japanese],
  [{}, english],
])('the language follows LC_ALL, LC_MESSAGES and LANG in this order: %o', (env, expected) => {
  expect(messagesFor(env)).toBe(expected);
});
