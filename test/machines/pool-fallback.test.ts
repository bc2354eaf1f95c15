import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failed, type Outcome, retry } from '../../src/machines/outcome.ts';
import type { TaskTicket } from '../../src/machines/task-ticket.ts';
import { isGrammatical, makeSpec, makeTicket, released, success } from '../support/pool-samples.ts';
import { type PoolBench, setupPool } from '../support/setup-pool.ts';

const fallbackChain = ['m1', 'm2', 'm3'];
const unknown = failed('model.unknown', 'no such model');
const broken = retry('backend.error', 'it does not fit into the memory');

function setup(ticket: Partial<TaskTicket> = {}, chain = fallbackChain): PoolBench {
  const breaker = { failuresMax: 1_000, openMs: 1, openMsMax: 1 };
  const bench = setupPool({ policy: { fallbackChain: chain, breaker } });
  bench.admit(makeTicket(1, { suggestedModel: 'm1', ...ticket }));
  bench.turn();
  return bench;
}

/** Attempts that end one after the other, each with the backoff after it. */
async function play(bench: PoolBench, ...outcomes: readonly Outcome[]): Promise<void> {
  for (const outcome of outcomes) {
    bench.settle(1, outcome);
    await bench.advance(8_000);
  }
}

function modelsOf(bench: PoolBench): readonly string[] {
  return bench.factsOfType('task.assigned').map(({ model }) => model);
}

describe('a model that a server does not have', () => {
  test('is not asked for again: the next one of the chain stands in at once, each one once', () => {
    const bench = setup();
    for (const model of fallbackChain) {
      expect(modelsOf(bench).at(-1)).toBe(model);
      bench.settle(1, unknown);
    }
    expect(bench.storyOf(1).at(-1)).toBe('failed');
    expect(modelsOf(bench)).toEqual(fallbackChain);
    expect(bench.factsOf(1).at(-1)).toMatchObject({ failure: { code: 'model.unknown' } });
  });

  test('is told of with the place in the chain, and without a delay', () => {
    const bench = setup();
    bench.settle(1, unknown);
    bench.settle(1, unknown);
    expect(
      bench
        .factsOfType('task.retried')
        .map(({ delayMs, failures, fallbacks }) => [delayMs, failures, fallbacks]),
    ).toEqual([
      [0, 1, 2],
      [0, 2, 3],
    ]);
  });

  test('that the task names itself has no stand-in', () => {
    const bench = setup({ model: 'm1' });
    bench.settle(1, unknown);
    expect(bench.storyOf(1)).toEqual(['assigned', 'failed']);
  });

  test('and is not of the chain is followed by the first one there', () => {
    const bench = setup({ suggestedModel: 'other' });
    bench.settle(1, unknown);
    expect(modelsOf(bench)).toEqual(['other', 'm1']);
  });

  test('is followed by one that another worker has', () => {
    const sees = (name: string) => ({
      models: [{ name, sizeBytes: null, contextTokensMax: null }],
      residents: null,
    });
    const bench = setupPool({ workers: [makeSpec('a'), makeSpec('b')], policy: { fallbackChain } });
    bench.beat('a', sees('m1'));
    bench.beat('b', sees('m2'));
    bench.admit(makeTicket(1, { suggestedModel: 'm1' }));
    bench.turn();
    expect(bench.holderOf(1)).toBe('a');
    bench.settle(1, unknown);
    expect(bench.holderOf(1)).toBe('b');
  });
});

describe('a model that fails', () => {
  test('has its retries first, and then each of the others one attempt', async () => {
    const bench = setup({ retriesMax: 1 });
    await play(bench, broken, broken, broken, broken);
    expect(modelsOf(bench)).toEqual(['m1', 'm1', 'm2', 'm3']);
    expect(bench.storyOf(1).at(-1)).toBe('failed');
    expect(bench.factsOfType('task.retried').map(({ fallbacks }) => fallbacks)).toEqual([0, 2, 3]);
  });

  test('is not to blame for a server that is busy, out of reach or too slow', async () => {
    for (const code of ['backend.busy', 'backend.unreachable', 'execution.timeout'] as const) {
      const bench = setup({ retriesMax: 0 });
      bench.settle(1, retry(code, 'not now'));
      expect(bench.storyOf(1)).toEqual(['assigned', 'failed']);
    }
  });

  test('stays out of use when the worker of its stand-in is lost', () => {
    const bench = setup();
    bench.settle(1, unknown);
    bench.settle(1, released);
    expect(modelsOf(bench)).toEqual(['m1', 'm2', 'm2']);
    expect(bench.factsOfType('task.retried').at(-1)).toMatchObject({ fallbacks: 2, failures: 1 });
  });

  test('stays out of use after a restart: the chain goes on where it was', () => {
    const bench = setup({ fallbacks: 2, fallbackModel: 'm2', failures: 3, leases: 3 });
    bench.settle(1, unknown);
    bench.settle(1, success);
    expect(modelsOf(bench)).toEqual(['m2', 'm3']);
    expect(bench.factsOf(1).at(-1)).toMatchObject({ type: 'task.completed', model: 'm3' });
  });

  test('has no stand-in where the chain is empty', () => {
    const bench = setup({}, []);
    bench.settle(1, unknown);
    expect(bench.storyOf(1)).toEqual(['assigned', 'failed']);
  });
});

test('a task that always fails ends after its retries and one lease for each stand-in, and never goes back', async () => {
  const outcomes = fc.constantFrom(
    unknown,
    broken,
    retry('backend.empty', 'nothing'),
    retry('backend.busy', 'x'),
  );
  const chains = fc.array(fc.constantFrom('m1', 'm2', 'm3', 'm2:latest', 'm4'), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(outcomes, { minLength: 12, maxLength: 12 }),
      chains,
      fc.nat(3),
      async (script, chain, retriesMax) => {
        const bench = setup({ retriesMax }, chain);
        for (const outcome of script) {
          if (bench.board.get(makeTicket(1).taskId)?.lease == null) break;
          await play(bench, outcome);
        }
        expect(bench.storyOf(1).at(-1)).toBe('failed');
        expect(modelsOf(bench).length).toBeLessThanOrEqual(1 + retriesMax + chain.length);
        const places = bench.factsOfType('task.retried').map(({ fallbacks }) => fallbacks);
        expect(places).toEqual(places.toSorted((x, y) => x - y));
        expect(isGrammatical(bench.factsOf(1))).toBe(true);
        expect([bench.roster.leaseCount, bench.board.ready.size, bench.pendingTimers()]).toEqual([0, 0, 0]);
      },
    ),
  );
});
