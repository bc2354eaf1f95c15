import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { closeCodes, readFrameToPool, readFrameToWorker } from '../../src/actors/worker-protocol.ts';
import { linkLimits } from '../../src/machines/link-limits.ts';
import { wireLimits } from '../../src/machines/wire-limits.ts';

const page = readFileSync('docs/worker-protocol.md', 'utf8');

/** The text below a heading of the second level, up to the next one. */
function section(heading: string): string {
  const [, text = ''] = page.split(`\n## ${heading}\n`);
  return text.split('\n## ')[0] ?? '';
}

/** The frames of a section, each with the heading that it stands under. */
function examples(heading: string): { under: string; json: string }[] {
  return section(heading)
    .split('\n### ')
    .slice(1)
    .flatMap((part) => {
      const under = part.split('\n')[0] ?? '';
      return [...part.matchAll(/```json\n([\s\S]*?)\n```/g)].map((match) => ({
        under,
        json: match[1] ?? '',
      }));
    });
}

const [fromWorker, fromPool] = [examples('From the worker'), examples('From the pool')];

test.each(fromWorker)('the example of $under is what the pool reads', ({ under, json }) => {
  expect(readFrameToPool(json)).toEqual({ frame: JSON.parse(json) });
  expect(JSON.parse(json).type).toBe(under);
});

test.each(fromPool)('the example of $under is what a worker reads', ({ under, json }) => {
  expect(readFrameToWorker(json)).toEqual({ frame: JSON.parse(json) });
  expect(JSON.parse(json).type).toBe(under);
});

test('every frame has an example, and every example is of a frame', () => {
  expect(page.match(/```json/g)).toHaveLength(fromWorker.length + fromPool.length);
  const types = (all: typeof fromPool) => new Set(all.map(({ under }) => under));
  expect(types(fromWorker)).toEqual(new Set(['hello', 'beat', 'text', 'settled', 'goodbye']));
  expect(types(fromPool)).toEqual(new Set(['welcome', 'run', 'resume', 'stop', 'ack', 'refused', 'error']));
});

test('every code with which the pool closes is told', () => {
  for (const code of Object.values(closeCodes)) expect(section('From the pool')).toContain(String(code));
});

test('the limits are those of the program', () => {
  const mebibyte = 1_024 * 1_024;
  const rows = [
    ['a frame to a worker', `${linkLimits.frameToWorkerBytesMax / mebibyte} MiB`],
    ['a `settled`', `${linkLimits.frameToPoolBytesMax / mebibyte} MiB`],
    ['any other frame to the pool', `${linkLimits.plainFrameCharsMax / mebibyte} Mi characters`],
    ['`text` of one frame', `${linkLimits.textFrameCharsMax.toLocaleString('en')} code units`],
    ['`slots`', String(linkLimits.slotsMax)],
    ['leases in one frame', linkLimits.leasesMax.toLocaleString('en')],
    ['models in one frame', String(linkLimits.modelsMax)],
    ['labels, capabilities', String(linkLimits.labelsMax)],
    ['messages of a conversation', wireLimits.messagesMax.toLocaleString('en')],
    ['tools, and calls in one message', String(wireLimits.toolsMax)],
    ['pictures of one message', String(wireLimits.picturesMax)],
    ['inputs of an embedding', wireLimits.inputsMax.toLocaleString('en')],
    ['names', `${linkLimits.nameCharsMax} characters`],
    ['sentences', `${linkLimits.sentenceCharsMax.toLocaleString('en')} characters`],
    ['workers that have joined one pool', String(linkLimits.linksMax)],
    ['bytes that a worker leaves unread', `${linkLimits.unsentBytesMax / mebibyte} MiB; then it is cut off`],
  ];
  const table = section('Limits')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| what'))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, 3),
    );
  expect(table).toEqual(rows);
});
