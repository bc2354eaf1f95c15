import { expect, test } from 'vitest';
import { printFields, printTable } from '../../src/cli/table.ts';
import { cutToWidth, displayWidth, printable } from '../../src/cli/text-width.ts';
import { recordedTerminal } from './recorded-terminal.ts';

test('columns stand under each other, by the columns that characters take', () => {
  const terminal = recordedTerminal();
  printTable(
    terminal,
    ['タスク', 'STATUS', 'PROMPT'],
    [
      ['t1', 'completed', 'a'],
      ['task_2', null, 'b\nc'],
    ],
  );
  expect(terminal.out).toEqual([
    'タスク  STATUS     PROMPT\n',
    't1      completed  a\n',
    'task_2  -          b c\n',
  ]);
});

test('the last column is cut at the edge of a terminal, and whole where there is none', () => {
  const [narrow, wide] = [recordedTerminal(30), recordedTerminal()];
  const text = '工房の仕事です。'.repeat(10);
  for (const terminal of [narrow, wide]) printTable(terminal, ['ID', 'PROMPT'], [['task_0001', text]]);
  const cut = narrow.out[1]?.trimEnd() ?? '';
  expect(displayWidth(cut)).toBeLessThanOrEqual(31);
  expect(cut).toMatch(/^task_0001 {2}工房.*…$/);
  expect(wide.out[1]).toContain(text);
});

test('fields without a value are left out', () => {
  const terminal = recordedTerminal();
  printFields(terminal, [
    ['TASK', 't1'],
    ['WORKER', null],
    ['A', 0],
  ]);
  expect(terminal.out).toEqual(['TASK    t1\n', 'A       0\n']);
});

test.each([
  ['abc', 3],
  ['工房', 4],
  ['ｶﾀｶﾅ', 4],
  ['🛠️x', 3],
  ['e\u0301', 1],
])('%s is %i columns wide', (text, width) => {
  expect(Math.abs(displayWidth(text) - width)).toBeLessThanOrEqual(text.includes('🛠') ? 1 : 0);
});

test('a cut never exceeds its width, nor splits a character', () => {
  expect(cutToWidth('工房工房', 8)).toBe('工房工房');
  expect(cutToWidth('工房工房', 7)).toBe('工房工…');
  expect(cutToWidth('工房工房', 6)).toBe('工房…');
});

test('line breaks and tabs of an answer stay, commands to the terminal go', () => {
  expect(printable('a\n\tb\u001b[31mc\u001b]52;c;x\u0007\u009b2J')).toBe('a\n\tbc]52;c;x2J');
});
