import { describe, expect, test } from 'vitest';
import { routeClassOf, smallTokens } from '../../src/machines/route-class.ts';
import { makeDemand } from '../support/placement-samples.ts';

const classOfLength = (promptTokens: number | null, answerTokens = 0) =>
  routeClassOf(makeDemand({ promptTokens, answerTokens }));

describe('the length that tasks of one class have in common', () => {
  test('is of no matter up to what every context holds, answer included', () => {
    const small = classOfLength(1);
    expect(classOfLength(smallTokens)).toBe(small);
    expect(classOfLength(smallTokens - 96, 96)).toBe(small);
    expect(classOfLength(smallTokens - 96, 97)).not.toBe(small);
  });

  test('is that of the answer alone where nothing is known of the prompt', () => {
    expect(classOfLength(null, 5_000)).toBe(classOfLength(5_000));
    expect(classOfLength(null)).toBe(classOfLength(0));
  });

  test('reaches from there a fifth further for each class, with no gap and no overlap', () => {
    for (let from = smallTokens; from < 200_000; from *= 1.2) {
      const own = classOfLength(Math.floor(from) + 1);
      expect(classOfLength(Math.floor(from * 1.2))).toBe(own);
      expect(classOfLength(Math.floor(from))).not.toBe(own);
    }
  });
});
