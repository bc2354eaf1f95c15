import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OpenCalls } from '../../src/http/mcp/open-calls.ts';
import { pageOf } from '../../src/http/mcp/text-page.ts';
import { mcpLimits } from '../../src/machines/mcp-limits.ts';

test('pages, one behind the other, are the whole text, and none holds half of a character', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '鍛', '🔨', '\n'), maxLength: 40 });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 7 }), (whole, limit) => {
      let read = '';
      for (let at: number | null = 0; at !== null; ) {
        const page = pageOf(whole, at, limit);
        expect(page.text).not.toMatch(/\p{Surrogate}/u);
        expect(page.text.length).toBeLessThanOrEqual(limit + 1);
        expect(page.totalChars).toBe(whole.length);
        read += page.text;
        at = page.nextOffset;
      }
      expect(read).toBe(whole);
    }),
  );
});

test('a page that begins in the middle of a character begins with all of it; one behind the end is empty', () => {
  expect(pageOf('🔨b', 1, 1)).toEqual({ text: '🔨', offset: 0, totalChars: 3, nextOffset: 2 });
  expect(pageOf('abc', 9, 5)).toEqual({ text: '', offset: 3, totalChars: 3, nextOffset: null });
});

test('a call can be cancelled by its session alone, until it is closed', () => {
  const calls = new OpenCalls();
  const call = calls.open('a', 1);
  calls.cancel('b', 1);
  calls.cancel('a', '1');
  expect(call.signal.aborted).toBe(false);
  calls.cancel('a', 1);
  expect(call.signal.aborted).toBe(true);
  call.close();
  expect(calls.size).toBe(0);
});

test('a call under an id that is in use takes it over, and the end of the first one leaves it alone', () => {
  const calls = new OpenCalls();
  const first = calls.open('a', 1);
  const second = calls.open('a', 1);
  first.close();
  calls.cancel('a', 1);
  expect([first.signal.aborted, second.signal.aborted]).toEqual([false, true]);
});

test('beyond the limit a call is served, and not remembered', () => {
  const calls = new OpenCalls();
  for (let id = 0; id < mcpLimits.openCallsMax; id += 1) calls.open('a', id);
  const oneMore = calls.open('a', 'one more');
  expect(calls.size).toBe(mcpLimits.openCallsMax);
  calls.cancel('a', 'one more');
  expect(oneMore.signal.aborted).toBe(false);
});
