import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readServerEvents, type ServerEvent } from '../../src/cli/sse-reader.ts';

/** Reads a stream that arrives in pieces of these sizes, over and over. */
async function read(text: string, sizes: readonly number[] = [text.length || 1]) {
  const bytes = new TextEncoder().encode(text);
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (let at = 0, piece = 0; at < bytes.length; piece += 1) {
        const size = sizes[piece % sizes.length] ?? 1;
        controller.enqueue(bytes.slice(at, at + size));
        at += size;
      }
      controller.close();
    },
  });
  const told: ServerEvent[] = [];
  for await (const event of readServerEvents(body)) told.push(event);
  return told;
}

const stream =
  ': still here\n\nid: 1\nevent: task.accepted\ndata: {"a":1}\n\ndata: 工房\ndata:  two\n\nid\nevent: end\ndata\n\n';
const told = [
  { id: '1', event: 'task.accepted', data: '{"a":1}' },
  { id: null, event: 'message', data: '工房\n two' },
  { id: '', event: 'end', data: '' },
];

test('fields, comments, data over several lines, and names alone', async () => {
  expect(await read(stream)).toEqual(told);
});

test('all three line ends, in pieces of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      async (sizes, lineEnd) => {
        // After a bare carriage return at the very end nobody can know whether the line feed follows.
        const text = `${stream.replaceAll('\n', lineEnd)}${lineEnd === '\r' ? ':' : ''}`;
        expect(await read(text, sizes)).toEqual(told);
      },
    ),
  );
});

test('an event that was cut off is not told', async () => {
  expect(await read('data: whole\n\nevent: end\ndata: {"ha')).toEqual([
    { id: null, event: 'message', data: 'whole' },
  ]);
});
