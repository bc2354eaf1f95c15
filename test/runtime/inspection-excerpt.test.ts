import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inspectionLimits as limits } from '../../src/machines/inspection-limits.ts';
import { excerptOf } from '../../src/runtime/inspection-excerpt.ts';

describe('an excerpt', () => {
  test('cuts long texts, and says how long they are', () => {
    const { excerptTextCharsMax: most } = limits;
    expect(excerptOf('x'.repeat(most))).toBe('x'.repeat(most));
    expect(excerptOf('x'.repeat(most + 1))).toBe(`${'x'.repeat(most)}… (${most + 1} characters)`);
  });

  test('shows the first entries of lists, records and maps, and says how many there are', () => {
    const many = limits.excerptEntriesMax + 1;
    const list = Array.from({ length: many }, (_, index) => index);
    const record = Object.fromEntries(list.map((index) => [`n${index}`, index]));
    expect((excerptOf(list) as unknown[]).at(-1)).toBe(`… (${many} in all)`);
    expect((excerptOf(list) as unknown[]).length).toBe(many);
    expect(excerptOf(record)).toMatchObject({ n0: 0, '…': `${many} in all` });
    expect(excerptOf(new Map(Object.entries(record)))).toEqual(excerptOf(record));
    expect(excerptOf(list.slice(1))).toEqual(list.slice(1));
  });

  test('ends at a depth, so that what holds itself has an end', () => {
    const knot: { inner?: unknown } = {};
    knot.inner = knot;
    const text = JSON.stringify(excerptOf(knot));
    expect(text.match(/inner/g)).toHaveLength(limits.excerptDepthMax);
    expect(text).toContain('…');
  });

  test('names what lives, and shows nothing of it', () => {
    class Registry {
      readonly secret = 'hidden';
    }
    const actor = { id: 'pool', sessionId: 'x:1', send: () => undefined, secret: 'hidden' };
    const shown = excerptOf({ actor, registry: new Registry(), act: () => 'hidden', fault: new Error('no') });
    expect(shown).toEqual({ actor: '[actor pool]', registry: '[Registry]', fault: 'no' });
  });

  test('is JSON of a bounded size, whatever it is taken from', () => {
    const bytesMax = limits.excerptValuesMax * (limits.excerptTextCharsMax + 30) * 4;
    fc.assert(
      fc.property(fc.anything({ maxDepth: 8, withMap: true, withSet: true, withDate: true }), (value) => {
        const text = JSON.stringify(excerptOf(value));
        expect(text.length).toBeLessThan(bytesMax);
        expect(JSON.parse(text)).toEqual(excerptOf(value));
      }),
      { numRuns: 200 },
    );
    const wide = Array.from({ length: 50 }, () =>
      Array.from({ length: 50 }, () => ({ a: 'x'.repeat(1_000) })),
    );
    expect(JSON.stringify(excerptOf(wide)).length).toBeLessThan(bytesMax / 4);
  });
});
