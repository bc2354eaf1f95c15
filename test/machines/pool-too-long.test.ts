import { describe, expect, test } from 'vitest';
import { makeSpec, makeTicket, success } from '../support/pool-samples.ts';
import { type PoolBench, setupPool } from '../support/setup-pool.ts';

const numCtxOf = () => 8_192;
const long = { promptTokens: 20_000, answerTokens: 100 };
const workers = [makeSpec('a', { tokensMax: 4_096 }), makeSpec('b')];

function setupBusy(): PoolBench {
  const bench = setupPool({ workers, policy: { numCtxOf } });
  bench.admit(makeTicket(90), makeTicket(91));
  bench.turn();
  return bench;
}

describe('a task that no context holds', () => {
  test('fails at once, with what it needs and what there is, while all slots are busy', () => {
    const bench = setupBusy();
    bench.admit(makeTicket(1, long));
    expect(bench.factsOf(1)).toEqual([
      {
        type: 'task.failed',
        taskId: makeTicket(1).taskId,
        assignmentId: null,
        workerId: null,
        failure: {
          code: 'input.too_long',
          message:
            'prompt and answer need about 20,100 tokens, and the largest context of the workers that may take this task ' +
            'holds 8,192 (b with gpt-oss:20b): shorten the prompt, or raise num_ctx or max_tokens',
        },
      },
    ]);
    expect([bench.board.liveCount, bench.board.ready.size]).toEqual([2, 0]);
  });

  test.each([
    ['the answer alone is too long', { promptTokens: 10, answerTokens: 50_000 }],
    ['it asks for a context that is too small for it', { promptTokens: 600, numCtx: 512 }],
  ])('fails at once although its prompt is short: %s', (_what, parts) => {
    const bench = setupBusy();
    bench.admit(makeTicket(1, parts));
    expect(bench.storyOf(1)).toEqual(['failed']);
  });

  test('is told of the largest context, wherever it stands among the others', () => {
    const bench = setupPool({
      workers: [...workers, makeSpec('c', { tokensMax: 2_048 })],
      policy: { numCtxOf },
    });
    bench.admit(makeTicket(1, long));
    expect(bench.factsOf(1)).toMatchObject([
      { failure: { message: expect.stringContaining('holds 8,192 (b with gpt-oss:20b)') } },
    ]);
  });

  test('fails while the pool is paused, and before any worker has answered', () => {
    const bench = setupPool({ workers, policy: { numCtxOf }, isPaused: true, isSilent: true });
    bench.admit(makeTicket(1, long));
    expect(bench.storyOf(1)).toEqual(['failed']);
  });

  test('fails when its row is read, if it waited as one', () => {
    const bench = setupPool({ workers, policy: { numCtxOf }, admissionWindow: 10 });
    bench.admit(...[1, 2, 3, 4].map((seq) => makeTicket(seq)), makeTicket(5, long));
    expect(bench.storyOf(5)).toEqual([]);
    bench.turn();
    while (bench.world.executions.size > 0) {
      for (const execution of [...bench.world.executions.values()]) execution.settle(success);
      bench.turn();
    }
    expect(bench.storyOf(5)).toEqual(['failed']);
    expect([bench.board.liveCount, bench.board.dormantCount]).toEqual([0, 0]);
  });

  test('fails when its time has come, if it is for later', async () => {
    const bench = setupPool({ workers, policy: { numCtxOf } });
    bench.admit(makeTicket(1, { ...long, delayMs: 1_000 }));
    await bench.advance(1_000);
    expect(bench.storyOf(1)).toEqual(['failed']);
  });

  test('is cancelled when that comes first, as a row that waits', () => {
    const bench = setupPool({ workers, policy: { numCtxOf }, admissionWindow: 10 });
    bench.admit(...[1, 2, 3, 4].map((seq) => makeTicket(seq)), makeTicket(5, long));
    bench.cancel(makeTicket(5, long));
    expect(bench.storyOf(5)).toEqual(['cancelled']);
  });

  test('keeps no place that another could have', () => {
    const bench = setupPool({ policy: { numCtxOf } });
    bench.pool.send({ type: 'pool.pause' });
    bench.admit(makeTicket(1, { promptTokens: 900 }), makeTicket(2, { promptTokens: 950 }), makeTicket(3));
    bench.reconfigure(bench.specs, { numCtxOf: () => 512 });
    bench.pool.send({ type: 'pool.resume' });
    bench.turn();
    expect([bench.storyOf(1), bench.storyOf(2), bench.storyOf(3)]).toEqual([
      ['failed'],
      ['failed'],
      ['assigned'],
    ]);
  });

  test('leaves its window to the rows behind it', () => {
    const bench = setupPool({ policy: { numCtxOf }, admissionWindow: 10 });
    bench.pool.send({ type: 'pool.pause' });
    bench.admit(...[1, 2, 3].map((seq) => makeTicket(seq, { promptTokens: 900 })), makeTicket(4));
    bench.reconfigure(bench.specs, { numCtxOf: () => 512 });
    bench.pool.send({ type: 'pool.resume' });
    bench.turn();
    expect([1, 2, 3, 4].map((seq) => bench.storyOf(seq).at(-1))).toEqual([
      'failed',
      'failed',
      'failed',
      'assigned',
    ]);
  });
});

describe('a task that fits', () => {
  test('only a lost worker waits for it', () => {
    const bench = setupPool({ workers: [makeSpec('a', { tokensMax: 4_096 }), makeSpec('big')] });
    bench.miss('big', 3);
    bench.admit(makeTicket(1, { promptTokens: 50_000 }));
    bench.turn();
    expect(bench.storyOf(1)).toEqual([]);
    bench.beat('big');
    expect(bench.holderOf(1)).toBe('big');
  });

  test('only a worker that is drained waits for it', () => {
    const bench = setupPool({ workers: [makeSpec('a', { tokensMax: 4_096 }), makeSpec('big')] });
    bench.order('big', 'drain');
    bench.admit(makeTicket(1, { promptTokens: 50_000 }));
    bench.turn();
    expect(bench.storyOf(1)).toEqual([]);
  });

  test('goes where it does, although another has room', () => {
    const bench = setupPool({ workers });
    bench.admit(makeTicket(1, { promptTokens: 5_000 }));
    bench.turn();
    expect(bench.holderOf(1)).toBe('b');
    expect(bench.factsOf(1)[0]).toMatchObject({
      reason: { candidates: [{ worker_id: 'a', refusal: 'too small' }, { worker_id: 'b' }] },
    });
  });

  test('nobody, of a pool without workers, waits for the first', () => {
    const bench = setupPool({ workers: [] });
    bench.admit(makeTicket(1, long));
    bench.turn();
    expect(bench.storyOf(1)).toEqual([]);
  });
});
