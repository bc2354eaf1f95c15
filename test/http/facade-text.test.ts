import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ToldText } from '../../src/http/facade-text.ts';
import type { AssignmentId } from '../../src/machines/identifiers.ts';

/** Tells attempts to a stream; the last one may have an output. */
function tell(attempts: readonly (readonly string[])[], output: string) {
  let told = '';
  let breaks = 0;
  const text = new ToldText(
    (piece) => {
      told += piece;
    },
    () => {
      breaks += 1;
    },
  );
  for (const [index, pieces] of attempts.entries()) {
    let offset = 0;
    for (const piece of pieces) {
      text.hear({ assignmentId: (index + 1) as AssignmentId, offset, text: piece });
      offset += piece.length;
    }
  }
  text.end(output);
  return { told, breaks };
}

const pieces = fc.array(fc.stringMatching(/^[ab]{0,3}$/), { maxLength: 5 });

test('a stream that does not break has told the answer, and one that breaks has told a beginning of an attempt', () => {
  fc.assert(
    fc.property(fc.array(pieces, { minLength: 1, maxLength: 4 }), (attempts) => {
      const texts = attempts.map((each) => each.join(''));
      const output = texts.at(-1) ?? '';
      const { told, breaks } = tell(attempts, output);
      // It breaks when, and only when, the attempts do not all begin alike.
      const isAlike = texts.every((one) =>
        texts.every((other) => one.startsWith(other) || other.startsWith(one)),
      );
      const isCovered = texts.every((one) => output.startsWith(one));
      expect(breaks).toBe(isAlike && isCovered ? 0 : 1);
      if (breaks === 0) expect(told).toBe(output);
      else expect(texts.some((each) => each.startsWith(told))).toBe(true);
    }),
  );
});

test('what comes late misses the beginning, and is told all of it in the end', () => {
  let told = '';
  const text = new ToldText(
    (piece) => {
      told += piece;
    },
    () => expect.unreachable(),
  );
  text.hear({ assignmentId: 1 as AssignmentId, offset: 4, text: 'tail' });
  expect(told).toBe('');
  text.end('the tail');
  expect(told).toBe('the tail');
});

test('white space that the output has not does not break a stream', () => {
  expect(tell([['fine', '\n']], 'fine')).toEqual({ told: 'fine\n', breaks: 0 });
});
