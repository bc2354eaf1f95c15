import { expect, test } from 'vitest';
import type { z } from 'zod';
import { chatSchema, embedSchema, generateSchema } from '../../src/http/ollama-facade/ollama-schemas.ts';
import { ollamaLimits } from '../../src/machines/ollama-limits.ts';

const { nameCharsMax, messagesMax, toolsMax, imagesMax, inputsMax, dimensionsMax } = ollamaLimits;
const times = <T>(count: number, each: T): T[] => Array.from({ length: count }, () => each);
const call = { function: { name: 'weather' } };
const assistant = (count: number) => ({ role: 'assistant', tool_calls: times(count, call) });

const bounds: readonly (readonly [string, z.ZodType, number, (size: number) => object])[] = [
  ['characters of a name', chatSchema, nameCharsMax, (size) => ({ model: 'm'.repeat(size) })],
  [
    'messages',
    chatSchema,
    messagesMax,
    (size) => ({ model: 'm', messages: times(size, { role: 'user', content: 'q' }) }),
  ],
  ['tools', chatSchema, toolsMax, (size) => ({ model: 'm', tools: times(size, call) })],
  ['calls', chatSchema, toolsMax, (size) => ({ model: 'm', messages: [assistant(size)] })],
  ['pictures', generateSchema, imagesMax, (size) => ({ model: 'm', images: times(size, 'aGk=') })],
  ['texts', embedSchema, inputsMax, (size) => ({ model: 'm', input: times(size, 'a') })],
  ['dimensions', embedSchema, dimensionsMax, (size) => ({ model: 'm', dimensions: size })],
];

test.each(bounds)('the most %s are taken, and one more is refused', (_what, schema, max, bodyOf) => {
  expect(schema.safeParse(bodyOf(max)).error?.issues).toBeUndefined();
  expect(schema.safeParse(bodyOf(max + 1)).success).toBe(false);
});
