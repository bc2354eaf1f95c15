import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../src/config.ts';
import { expectOneProblem, marked, problemsIn, writeConfig } from './config-folder.ts';

describe('texts that are no configuration', () => {
  test.each([
    ['a bracket that is never closed', 'workers: {}\npool: ▶[1\n'],
    ['a tab that indents', 'workers:\n▶\tlocal_workers: []\n'],
    ['a second document', 'workers: {}\n▶---\npool: {}\n'],
    ['an unknown tag', 'workers: {}\npool: ▶!secret x\n'],
  ])('%s is refused with its line', (_, source) => {
    const { text, line } = marked(source);
    const problems = problemsIn({ workers: text });
    expect(problems.map(({ fault }) => fault)).toEqual(
      problems.map(() => expect.stringMatching(/not valid YAML/)),
    );
    expect(problems[0]?.line).toBeGreaterThanOrEqual(line);
    expect(problems[0]?.line).toBeLessThanOrEqual(line + 1);
  });

  test('an alias of nothing is refused', () => {
    expect(problemsIn({ workers: 'workers: *nobody\n' })[0]?.fault).toContain('not valid YAML');
  });

  test('a duplicate key is refused at its second place', () => {
    expectOneProblem('workers', {
      name: 'duplicate',
      text: 'workers: {}\npool:\n  max_workers: 5\n  ▶max_workers: 6\n',
      path: 'max_workers',
      fault: 'duplicate key',
    });
  });

  test('the second of two equal keys counts, and is told when it is wrong, too', () => {
    const problems = problemsIn({ workers: 'workers: {}\npool:\n  max_workers: 5\n  max_workers: many\n' });
    expect(problems.map(({ line, column }) => [line, column])).toEqual([
      [4, 3],
      [4, 16],
    ]);
  });

  test('a fault behind an alias is told where the text stands', () => {
    const { text, line, column } = marked(
      'default_model: a\nmodels:\n  a: { name: x, options: &o { ▶sead: 1 } }\n  b: { name: y, options: *o }\n',
    );
    const problems = problemsIn({ models: text });
    expect(problems.map(({ path }) => path)).toEqual(['models.a.options.sead', 'models.b.options.sead']);
    for (const problem of problems) expect(problem).toMatchObject({ line, column });
  });

  test.each(['koubou', 'workers', 'models'] as const)('an empty %s file is refused', (file) => {
    for (const text of ['', '\n\n', '# nothing but a comment\n']) {
      expect(problemsIn({ [file]: text })).toEqual([
        expect.objectContaining({ line: 1, column: 1, path: '', fault: 'the file is empty' }),
      ]);
    }
  });

  test.each(['just words', '[1, 2]', '42'])('a file that is no mapping (%s) is refused', (text) => {
    const problems = problemsIn({ workers: text });
    expect(problems).toEqual([
      expect.objectContaining({ line: 1, path: '', expected: 'a mapping of keys to values' }),
    ]);
  });

  test('bytes that are not UTF-8 are refused', () => {
    const configDir = writeConfig({});
    writeFileSync(join(configDir, 'workers.yaml'), Buffer.from([0x77, 0xff, 0xfe]));
    const { problems } = checkConfig({ configDir, cwd: '/', env: {} });
    expect(problems).toEqual([
      expect.objectContaining({ file: 'workers.yaml', fault: expect.stringContaining('UTF-8') }),
    ]);
  });

  test('a folder in place of a file is refused', () => {
    const configDir = writeConfig({ workers: null });
    mkdirSync(join(configDir, 'workers.yaml'));
    const { problems } = checkConfig({ configDir, cwd: '/', env: {} });
    expect(problems).toEqual([expect.objectContaining({ fault: 'the file cannot be read: EISDIR' })]);
  });
});
