import { expect, test } from 'vitest';
import { KoubouError } from '../../../src/machines/errors.ts';
import { journalMachine } from '../../../src/machines/journal-machine.ts';
import { ChartCoverage } from '../../support/path-coverage.ts';
import { replayAll } from '../../support/path-replay.ts';
import { edgePaths, simplePaths, type Walk } from '../../support/path-walk.ts';

const refusal = new KoubouError('storage.unavailable', 'the disk is full');
const walk: Walk = {
  machine: journalMachine,
  events: () => [
    { type: 'journal.failed', atMs: 1, refusal: null },
    { type: 'journal.failed', atMs: 2, refusal },
    { type: 'journal.committed' },
  ],
  // Its patience doubles up to a second; here it counts whether it was doubled once, and more than once.
  keyOf: ({ context }) => [context.failingSinceMs, context.refusal?.code, Math.min(context.delayMs, 80)],
};

test('a journal is where each path was foreseen to lead, and nothing of its chart is left out', async () => {
  const coverage = new ChartCoverage(journalMachine);
  const machine = coverage.watch(journalMachine.provide({ actions: { commitAgain: () => undefined } }));
  const paths = [...edgePaths(walk), ...simplePaths(walk)];
  expect(paths.length).toBeGreaterThan(60);
  await replayAll(walk, paths, () => ({ coverage, machine }));
  expect(coverage.missing()).toEqual([]);
  expect(coverage.summary()).toBe(
    '3/3 states, 4/4 transitions, 0/0 guards, 0/0 places of guards, 1/1 delays',
  );
});
