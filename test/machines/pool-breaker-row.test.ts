import { describe, expect, test } from 'vitest';
import { type Outcome, retry } from '../../src/machines/outcome.ts';
import { makeSpec, makeTicket, success } from '../support/pool-samples.ts';
import { breakerPolicy } from '../support/setup-endpoint.ts';
import { setupPool } from '../support/setup-pool.ts';

const broken = retry('backend.error', 'the server answered 500');
/** Says nothing of the server. */
const crashed = retry('execution.crashed', 'it threw');
const endpoint = 'http://shared:11434';

/** Attempts at one server, one after the other, that end so; answers what is told of its breaker. */
function breakersAfter(...outcomes: readonly Outcome[]): readonly string[] {
  const bench = setupPool({ workers: [makeSpec('a', { endpoint })] });
  for (const [at, outcome] of outcomes.entries()) {
    bench.admit(makeTicket(at + 1, { retriesMax: 0 }));
    bench.turn();
    bench.settle(at + 1, outcome);
  }
  return bench.breakersOf(endpoint);
}

describe('a row of failures', () => {
  const oneTooFew = Array<Outcome>(breakerPolicy.failuresMax - 1).fill(broken);

  test('goes on over an ending that says nothing of the server', () => {
    expect(breakersAfter(...oneTooFew, crashed, broken)).toEqual(['open']);
  });

  test('ends with an answer, also with one that comes after an ending that says nothing', () => {
    expect(breakersAfter(...oneTooFew, success, ...oneTooFew)).toEqual([]);
    expect(breakersAfter(...oneTooFew, crashed, success, ...oneTooFew)).toEqual([]);
  });
});

test('the trial of a server is heard although an attempt from before was answered while it was to be left alone', async () => {
  const bench = setupPool({ workers: [makeSpec('a', { endpoint }), makeSpec('b', { endpoint })] });
  bench.admit(makeTicket(1, { retriesMax: 0 }), makeTicket(2));
  bench.turn();
  bench.settle(1, retry('backend.busy', 'its queue is full', 600_000));
  bench.settle(2, success);
  expect(bench.breakersOf(endpoint)).toEqual(['open']);
  bench.admit(makeTicket(3), makeTicket(4));
  await bench.advance(600_000);
  bench.settle(3, success);
  expect(bench.factsOfType('endpoint.changed').map(({ from, to }) => [from, to])).toEqual([
    ['closed', 'open'],
    ['open', 'halfOpen'],
    ['trying', 'closed'],
  ]);
  expect(bench.storyOf(4)).toEqual(['assigned']);
});
