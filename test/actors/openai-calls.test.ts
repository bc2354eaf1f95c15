import { expect, test } from 'vitest';
import { OpenaiCalls } from '../../src/actors/openai-calls.ts';

type Piece = Parameters<OpenaiCalls['add']>[0];

/** The calls out of pieces, one a chunk. */
function callsOf(pieces: readonly NonNullable<NonNullable<Piece>['tool_calls']>[number][]) {
  const calls = new OpenaiCalls({ weigh: () => undefined });
  for (const piece of pieces) calls.add({ tool_calls: [piece] });
  return calls.all;
}

test('pieces belong to the call of their number, however they are mixed', () => {
  const pieces = [
    { index: 0, id: 'a', function: { name: 'saw', arguments: '' } },
    { index: 1, id: 'b', function: { name: 'plane', arguments: '{"mm"' } },
    { index: 0, function: { arguments: '{"n":' } },
    { index: 1, id: '', function: { name: '', arguments: ':2}' } },
    { index: 0, function: { arguments: '1}' } },
  ];
  expect(callsOf(pieces)).toEqual([
    { id: 'a', name: 'saw', arguments: '{"n":1}' },
    { id: 'b', name: 'plane', arguments: '{"mm":2}' },
  ]);
});

test('without a number an id begins a call, and what has none goes on with the last', () => {
  const pieces = [
    { id: 'a', function: { name: 'saw', arguments: '{' } },
    { function: { arguments: '}' } },
    { id: 'b', function: { name: 'plane', arguments: '{}' } },
  ];
  expect(callsOf(pieces)).toEqual([
    { id: 'a', name: 'saw', arguments: '{}' },
    { id: 'b', name: 'plane', arguments: '{}' },
  ]);
});

test('a name that comes with each piece is one name', () => {
  const pieces = [
    { index: 0, id: 'a', function: { name: 'saw', arguments: '{' } },
    { index: 0, id: 'a', function: { name: 'saw', arguments: '}' } },
  ];
  expect(callsOf(pieces)).toEqual([{ id: 'a', name: 'saw', arguments: '{}' }]);
});

test('what says nothing of calls adds none', () => {
  const calls = new OpenaiCalls({ weigh: () => undefined });
  for (const delta of [null, undefined, {}, { tool_calls: null }, { tool_calls: [] }]) calls.add(delta);
  expect(calls.all).toEqual([]);
});
