import { expect, test } from 'vitest';
import { joinMachine, type Refusal } from '../../../src/machines/join-machine.ts';
import { ChartCoverage } from '../../support/path-coverage.ts';
import { replayAll } from '../../support/path-replay.ts';
import { edgePaths, simplePaths, type Walk } from '../../support/path-walk.ts';

const refusal: Refusal = { code: 'http_503', message: 'not now', isFinal: false, retryAfterMs: 0 };
const nothing = () => undefined;

/** @param drainGraceMs longer than all other waits, or shorter: who is first decides where a path leads */
function walkWith(drainGraceMs: number): Walk {
  return {
    machine: joinMachine,
    input: { drainGraceMs },
    events: () => [
      { type: 'link.opened' },
      { type: 'link.welcomed' },
      { type: 'link.cut', detail: 'reset', draw: 0 },
      { type: 'link.refused', refusal, draw: 0 },
      { type: 'link.refused', refusal: { ...refusal, isFinal: true }, draw: 0 },
      { type: 'join.stop' },
      { type: 'join.drained' },
      { type: 'join.kill' },
    ],
    // Each failure makes the next wait longer, and leads nowhere else.
    keyOf: ({ context }) => [Math.min(context.failures, 1), context.detail],
  };
}

/** Every order in which a link comes and goes; why it goes, and how often it went, is left out. */
function roundsWith(drainGraceMs: number): Walk {
  const { machine, input } = walkWith(drainGraceMs);
  const events = () => [
    { type: 'link.opened' },
    { type: 'link.welcomed' },
    { type: 'link.cut', detail: 'reset', draw: 0 },
    { type: 'join.stop' },
    { type: 'join.drained' },
  ];
  return { machine, input, events };
}

test('a joined worker is where each path was foreseen to lead, and nothing of its chart is left out', async () => {
  const coverage = new ChartCoverage(joinMachine);
  const actions = { connect: nothing, greet: nothing, hangUp: nothing, sayGoodbye: nothing };
  const machine = coverage.watch(joinMachine.provide({ actions }));
  for (const drainGraceMs of [100, 60_000]) {
    const walk = walkWith(drainGraceMs);
    const rounds = roundsWith(drainGraceMs);
    const edges = edgePaths(walk);
    const simple = simplePaths(rounds);
    expect([edges.length > 250, simple.length > 100]).toEqual([true, true]);
    await replayAll(walk, edges, () => ({ coverage, machine }));
    await replayAll(rounds, simple, () => ({ coverage, machine }));
  }
  expect(coverage.missing()).toEqual([]);
  expect(coverage.summary()).toBe(
    '12/12 states, 14/14 transitions, 1/1 guards, 1/1 places of guards, 5/5 delays',
  );
});
