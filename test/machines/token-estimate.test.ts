import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/machines/limits.ts';
import { estimateTokens, fitsWindow, windowOf } from '../../src/machines/token-estimate.ts';

const english =
  'The workshop starts early in the morning. The master lights the fire, and the apprentices sweep up the shavings ' +
  'of the day before. Outside the rain falls quietly, and its sound on the roof can be heard all the way into the room.';
const japanese =
  '工房の朝は早い。親方は火を起こし、弟子たちは昨日の木くずを掃き集める。窓の外では雨が静かに降り、屋根を打つ音が部屋の中まで聞こえてくる。';
const katakana =
  'ソフトウェアエンジニアリングのベストプラクティスとして、テストカバレッジとコードレビューのプロセス';
const chinese = '作坊的早晨开始得很早。师傅生火，徒弟们把昨天的木屑扫到一起。窗外静静地下着雨。';
const korean = '공방의 아침은 이르다. 주인은 불을 피우고 제자들은 어제의 나무 부스러기를 쓸어 모은다.';
const code = `export function windowOf(bounds: WindowBounds): number | null {
  const { numCtxAsked, modelMax } = bounds;
  return known.length === 0 ? null : Math.min(...known);
}
`;

/** Counted by the tokenizers of gpt-oss, Qwen 3, Llama 3, Gemma 3 and DeepSeek 3: the fewest and the most. */
const counted: readonly [string, string, number, number][] = [
  ['English prose', english, 48, 50],
  ['Japanese prose', japanese, 47, 64],
  ['loanwords in katakana', katakana, 21, 33],
  ['Chinese prose', chinese, 26, 38],
  ['Korean prose', korean, 31, 38],
  ['source code', code, 42, 49],
];

describe('an estimate of tokens', () => {
  test.each(
    counted,
  )('of %s is below what any tokenizer counts, and above half of it', (_kind, text, fewest, most) => {
    const estimate = estimateTokens(text);
    expect(estimate).toBeLessThanOrEqual(fewest);
    expect(estimate).toBeGreaterThan(most / 2);
  });

  test('of nothing is nothing', () => {
    expect(estimateTokens('')).toBe(0);
  });

  test.each([
    ['spaces', ' '],
    ['empty lines', '\n'],
    ['lines of spaces', '\n '],
    ['a ruler', '-'],
    ['a frame', '─'],
  ])('of %s without end is far below its characters', (_what, piece) => {
    expect(estimateTokens(piece.repeat(10_000))).toBeLessThan(120);
  });

  test('never shrinks when text is appended', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('a', 'B', '7', ' ', '\n', ';', '木', 'の', 'カ', '가', 'é', 'я', '🛠'))
        .map((each) => each.join('')),
    );
    fc.assert(
      fc.property(texts, texts, (text, more) => {
        expect(estimateTokens(text + more)).toBeGreaterThanOrEqual(estimateTokens(text));
      }),
    );
  });

  test('is a whole number, and no more than one for each character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const estimate = estimateTokens(text);
        expect(Number.isSafeInteger(estimate)).toBe(true);
        expect(estimate).toBeGreaterThanOrEqual(0);
        expect(estimate).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  test('grows with the text: the longest prompt is counted whole', () => {
    const prompt = english.repeat(Math.floor(limits.promptCharsMax / english.length));
    const once = estimateTokens(english);
    const times = prompt.length / english.length;
    expect(estimateTokens(prompt)).toBeGreaterThanOrEqual(once * times);
    expect(estimateTokens(prompt)).toBeLessThanOrEqual((once + 1) * times);
  });
});

/** What a piece of text costs, in hundredths of a token: a hundred repetitions of it are that many whole ones. */
const rules: readonly [rule: string, cost: number, pieces: readonly string[]][] = [
  ['a word of up to eight letters costs one, with the space before it', 90, [' a', ' workshop', 'shavings ']],
  ['a longer word costs a tenth more for each letter', 100, [' workbench', ' Saturdays']],
  ['a very long word is still one word', 150, [' apprenticeship']],
  ['a word may begin with capitals, or be all of them', 90, [' Workshop', ' KOUBOU', ' HTTPs']],
  ['a capital after small letters begins another word', 180, [' camelCase', ' workShop']],
  ['an accent within a word makes it dearer', 115, [' rôle', ' hübsch', ' São']],
  ['an accent at the beginning of a word costs nothing more', 90, [' étage', ' Ärger', ' über']],
  ['three digits are a group', 100, [' 7', ' 77', ' 777']],
  ['the fourth digit begins another group', 200, [' 1868', ' 186810']],
  ['the seventh begins a third', 300, [' 1234567', ' 123456789']],
  ['a number after letters is one of its own', 190, [' v2', ' gpt4']],
  ['blanks between words cost one token in all, from the second on', 180, ['a  ', 'a   ', '        a']],
  ['the end of a line costs less than a word, and empty lines nothing', 170, ['a\n', 'a\r\n', 'a\n\n\n']],
  ['after punctuation the end of a line is free', 155, ['a;\n', 'a.\n\n']],
  ['after a blank the end of a line is free', 90, ['a \n']],
  ['a sign of ASCII costs less than a word', 155, ['a.', 'a(']],
  ['each further sign costs less than the first', 215, ['a});', 'a"}]']],
  ['a sign that is repeated costs next to nothing', 157, ['a---', 'a===']],
  ['a sign that is not of ASCII costs less, and so does the underscore', 130, ['a→', 'a_', 'a。']],
  ['a frame costs next to nothing for each of its signs', 132, ['a───']],
  ['an emoji is charged once, though it takes two places', 70, ['🦊', '🏮']],
  ['letters of other scripts cost a quarter each', 50, ['да', 'με']],
];

describe('the rules of the estimate', () => {
  test.each(rules)('%s: %i hundredths', (_rule, cost, pieces) => {
    expect(pieces.map((piece) => estimateTokens(piece.repeat(100)))).toEqual(pieces.map(() => cost));
  });

  test('the first character repeats nothing, whichever it is', () => {
    const first = Array.from({ length: 0x20 }, (_, at) => String.fromCharCode(at)).filter(
      (sign) => !/\s/.test(sign),
    );
    expect(first.map((sign) => estimateTokens(`${sign}→←`))).toEqual(first.map(() => 1));
  });
});

describe('a window', () => {
  test('holds a prompt and its answer up to its last token', () => {
    expect(fitsWindow({ promptTokens: 4_000, answerTokens: 96 }, 4_096)).toBe(true);
    expect(fitsWindow({ promptTokens: 4_000, answerTokens: 97 }, 4_096)).toBe(false);
  });

  test('is not made longer by an answer without a limit, which is written as −1', () => {
    expect(fitsWindow({ promptTokens: 4_097, answerTokens: -1 }, 4_096)).toBe(false);
    expect(fitsWindow({ promptTokens: 4_096, answerTokens: -1 }, 4_096)).toBe(true);
  });

  const nothing = { numCtxAsked: null, catalogNumCtx: null, modelMax: null, workerMax: null };

  test.each([
    ['is unknown where nothing is said', {}, null],
    ['is what the task asks for', { numCtxAsked: 2_048 }, 2_048],
    [
      'is what the task asks for, rather than what the file says',
      { numCtxAsked: 8_192, catalogNumCtx: 4_096 },
      8_192,
    ],
    ['is what the file says where the task asks for nothing', { catalogNumCtx: 4_096 }, 4_096],
    ['is no longer than the model was made for', { numCtxAsked: 65_536, modelMax: 32_768 }, 32_768],
    [
      'is no longer than the worker allows',
      { catalogNumCtx: 16_384, workerMax: 8_192, modelMax: 131_072 },
      8_192,
    ],
    ['is at most the longest of the model where nobody asks', { modelMax: 32_768 }, 32_768],
    ['is at most what the worker allows where nobody asks', { workerMax: 4_096 }, 4_096],
  ])('%s', (_rule, bounds, expected) => {
    expect(windowOf({ ...nothing, ...bounds })).toBe(expected);
  });
});
