import { describe, expect, test } from 'vitest';
import type { JobIo } from '../../src/actors/execution.ts';
import { assignmentId, type TaskId } from '../../src/machines/identifiers.ts';
import { limits } from '../../src/machines/limits.ts';
import { linkLimits } from '../../src/machines/link-limits.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import { makeJob } from '../support/backend-jobs.ts';
import { endedFact, gpu2, heartbeatMs, setupJoined, startWorker } from '../support/joined-world.ts';

function job(n: number, deadlineMs = 60_000) {
  const taskId = `task_20260101_000000_00000${n}_ab` as TaskId;
  return makeJob({ taskId, assignmentId: assignmentId(n), fresh: false, deadlineMs });
}

/** A backend whose jobs the test ends. */
function puppet() {
  const jobs: { readonly io: JobIo; readonly settle: (outcome: Outcome) => void }[] = [];
  const backend = (_job: unknown, io: JobIo) =>
    new Promise<Outcome>((settle) => {
      jobs.push({ io, settle });
    });
  return { jobs, backend };
}

describe('a worker that joins', () => {
  test('beats at once, and then as often as the pool wants, with what it holds and sees', async () => {
    const { clock, network, pool } = setupJoined();
    const { backend } = puppet();
    const residents = [{ name: 'tiny', memoryBytes: 5, contextTokens: null }];
    const models = [{ name: 'tiny', sizeBytes: 5, contextTokensMax: null }];
    startWorker(network, { backend, look: async () => ({ models, residents }) });
    await clock.advance(100);
    pool.run(job(7));
    await clock.advance(2 * heartbeatMs);
    const beats = network.workerEnds[0]?.frames.filter(({ type }) => type === 'beat');
    expect(beats).toHaveLength(3);
    expect(beats?.at(-1)).toEqual({
      type: 'beat',
      leases: [7],
      models: [{ name: 'tiny', size_bytes: 5, context_tokens_max: null }],
      residents: [{ name: 'tiny', memory_bytes: 5, context_tokens: null }],
      fault: null,
    });
  });

  test('offers the models that its server has, or those of them that it was told to', async () => {
    const { clock, network, pool } = setupJoined();
    const models = ['a', 'b'].map((name) => ({ name, sizeBytes: 1, contextTokensMax: null }));
    const look = async () => ({ models, residents: null });
    startWorker(network, { look });
    await clock.advance(100);
    expect(pool.enrolled.at(-1)?.models).toEqual(['a', 'b']);
    const announced = {
      workerId: gpu2,
      slots: 1,
      models: ['b'],
      capabilities: [],
      labels: {},
      performanceFactor: 1,
    };
    startWorker(network, { look, announced, instance: 'instance-1' });
    await clock.advance(100);
    expect(pool.enrolled.at(-1)?.models).toEqual(['b']);
    const sighting = await pool.links.probeOf(gpu2)(new AbortController().signal);
    expect(sighting.models?.map(({ name }) => name)).toEqual(['b']);
  });

  test('does not wait for a server that does not answer: it joins, and says so', async () => {
    const { clock, network, pool } = setupJoined();
    startWorker(network, { look: () => new Promise(() => undefined) });
    await clock.advance(linkLimits.cutGraceMs + 100);
    await expect(pool.links.probeOf(gpu2)(new AbortController().signal)).rejects.toThrow(/does not answer/);
  });

  test('tells once why it cannot join, however often it tries', async () => {
    const { clock, network } = setupJoined();
    const { accept } = network;
    network.accept = undefined;
    const { news } = startWorker(network);
    await clock.advance(60_000);
    expect(news).toEqual([
      { kind: 'waiting', detail: 'the connection was closed (1006: connection refused)' },
    ]);
    network.accept = accept;
    await clock.advance(20_000);
    expect(news.at(-1)).toEqual({ kind: 'joined' });
  });

  test('ends when its token is wrong, and does not knock again', async () => {
    const { clock, network } = setupJoined();
    network.refusal = { code: 'http_401', message: 'the token is wrong', isFinal: true, retryAfterMs: 0 };
    const { client } = startWorker(network);
    await clock.advance(100);
    expect(await client.ended).toEqual({ kind: 'refused', refusal: network.refusal });
    await clock.advance(600_000);
    expect(network.workerEnds).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test('hangs up on a pool that sends what is no frame, tells it so, and comes back', async () => {
    const { clock, network } = setupJoined();
    const { news } = startWorker(network);
    await clock.advance(100);
    network.pool.send('{"type":"dance"}');
    await clock.advance(5_000);
    expect(network.workerEnds[0]?.frames.at(-1)).toMatchObject({ type: 'error', code: 'bad_frame' });
    expect(network.workerEnds[0]?.closed?.code).toBe(1008);
    expect(news.map(({ kind }) => kind)).toEqual(['joined', 'cut', 'back']);
  });

  test('hangs up on a pool that opens and says nothing', async () => {
    const { clock, network } = setupJoined();
    network.accept = (socket) => socket.listen({ onMessage: () => undefined, onClose: () => undefined });
    const { news } = startWorker(network);
    await clock.advance(linkLimits.helloMsMax + 100);
    expect(news).toEqual([{ kind: 'waiting', detail: 'the pool does not answer' }]);
  });
});

describe('the work of a joined worker', () => {
  test('waits for a network that is slow, and arrives whole', async () => {
    const { clock, network, pool } = setupJoined();
    const { jobs, backend } = puppet();
    startWorker(network, { backend });
    await clock.advance(100);
    const attempt = pool.run(job(1));
    await clock.advance(10);
    const [end] = network.workerEnds;
    if (end === undefined) throw new Error('nobody has connected');
    end.bufferedAmount = linkLimits.sendAheadBytesMax + 1;
    jobs[0]?.io.onText('a');
    jobs[0]?.io.onText('b');
    jobs[0]?.settle({ kind: 'cancelled' });
    await clock.advance(1_000);
    expect([attempt.text, attempt.outcomes]).toEqual(['', []]);
    end.bufferedAmount = 0;
    await clock.advance(100);
    expect([attempt.text, attempt.outcomes]).toEqual(['ab', [{ kind: 'cancelled' }]]);
  });

  test('goes in frames that the pool takes, however long the text, and never halves a character', async () => {
    const { clock, network, pool } = setupJoined();
    const { jobs, backend } = puppet();
    startWorker(network, { backend });
    await clock.advance(100);
    const attempt = pool.run(job(1));
    await clock.advance(10);
    const text = `x${'🛠'.repeat(linkLimits.textFrameCharsMax)}`;
    jobs[0]?.io.onText(text);
    await clock.advance(10);
    expect(attempt.text).toBe(text);
    const pieces = network.workerEnds[0]?.frames.filter(({ type }) => type === 'text') as
      | { text: string }[]
      | undefined;
    expect(pieces?.length).toBe(3);
    expect(pieces?.some((piece) => /[\uD800-\uDBFF]$/.test(piece.text))).toBe(false);
  });

  test('that it was handed without having a slot for it is handed back', async () => {
    const { clock, network, pool } = setupJoined();
    startWorker(network, { backend: puppet().backend });
    await clock.advance(100);
    const attempts = [1, 2, 3].map((n) => pool.run(job(n)));
    await clock.advance(10);
    expect(attempts.map(({ outcomes }) => outcomes)).toMatchObject([
      [],
      [],
      [{ kind: 'retry', failure: { code: 'backend.busy' } }],
    ]);
  });

  test('that crashes its backend is reported, and the worker lives', async () => {
    const { clock, network, pool } = setupJoined();
    const { faults } = startWorker(network, {
      backend: () => {
        throw new Error('a bug');
      },
    });
    await clock.advance(100);
    const attempt = pool.run(job(1));
    await clock.advance(10);
    expect(attempt.outcomes).toMatchObject([{ kind: 'retry', failure: { code: 'execution.crashed' } }]);
    expect(faults).toEqual([new Error('a bug')]);
  });

  test('that writes without end is stopped at the bound of an answer', async () => {
    const { clock, network, pool } = setupJoined();
    const { jobs, backend } = puppet();
    startWorker(network, { backend });
    await clock.advance(100);
    const attempt = pool.run(job(1));
    await clock.advance(10);
    network.accept = undefined;
    network.cut();
    const mebibyte = 'x'.repeat(1_024 * 1_024);
    for (let written = 0; written <= limits.outputBytesMax; written += mebibyte.length)
      jobs[0]?.io.onText(mebibyte);
    expect(jobs[0]?.io.signal.aborted).toBe(true);
    network.accept = (socket) => pool.links.accept(socket);
    await clock.advance(5_000);
    expect(attempt.outcomes).toMatchObject([{ kind: 'failed', failure: { code: 'execution.too_large' } }]);
  });

  test('ends a little after its deadline although the pool, which ends it, is out of reach', async () => {
    const { clock, network, pool } = setupJoined();
    const { jobs, backend } = puppet();
    startWorker(network, { backend });
    await clock.advance(100);
    pool.run(job(1, 20_000));
    await clock.advance(10);
    network.accept = undefined;
    network.cut();
    await clock.advance(29_000);
    expect(jobs[0]?.io.signal.aborted).toBe(false);
    await clock.advance(1_001);
    expect(jobs[0]?.io.signal.aborted).toBe(true);
  });
});

describe('a worker that is told to stop', () => {
  test('takes nothing more, lets end what runs, and ends when the pool has the result on disk', async () => {
    const { clock, network, pool } = setupJoined();
    const { jobs, backend } = puppet();
    const { client } = startWorker(network, { backend });
    await clock.advance(100);
    const attempt = pool.run(job(1));
    await clock.advance(10);
    client.stop();
    await clock.advance(10);
    expect(pool.left).toEqual([gpu2]);
    const crossed = pool.run(job(2));
    await clock.advance(10);
    expect(crossed.outcomes).toMatchObject([{ kind: 'released' }]);
    pool.links.hear(endedFact(job(2)));
    jobs[0]?.settle({ kind: 'failed', failure: { code: 'model.unknown', message: 'x' } });
    await clock.advance(10);
    expect(attempt.outcomes).toMatchObject([{ kind: 'failed' }]);
    pool.links.hear(endedFact(job(1)));
    await clock.advance(10);
    expect(await client.ended).toEqual({ kind: 'stopped' });
    await clock.advance(10);
    expect(clock.pending).toBe(1); // The pool alone still counts how long it has been away.
  });

  test('hands back what still runs when its grace is over', async () => {
    const { clock, network, pool } = setupJoined();
    const { jobs, backend } = puppet();
    const { client } = startWorker(network, { backend, drainGraceMs: 5_000 });
    await clock.advance(100);
    const attempt = pool.run(job(1));
    await clock.advance(10);
    client.stop();
    await clock.advance(5_010);
    expect(await client.ended).toEqual({ kind: 'stopped' });
    expect(attempt.outcomes).toMatchObject([{ kind: 'released', failure: { code: 'worker.lost' } }]);
    expect(jobs[0]?.io.signal.aborted).toBe(true);
  });

  test('says goodbye again when it was cut off meanwhile, and brings its result', async () => {
    const { clock, network, pool } = setupJoined();
    const { jobs, backend } = puppet();
    const { client } = startWorker(network, { backend });
    await clock.advance(100);
    const attempt = pool.run(job(1));
    await clock.advance(10);
    network.cut();
    client.stop();
    jobs[0]?.settle({ kind: 'failed', failure: { code: 'model.unknown', message: 'x' } });
    await clock.advance(5_000);
    expect(attempt.outcomes).toMatchObject([{ kind: 'failed' }]);
    expect(pool.left).toEqual([gpu2]);
    pool.links.hear(endedFact(job(1)));
    await clock.advance(10);
    expect(await client.ended).toEqual({ kind: 'stopped' });
  });

  test('is gone at once when it never reached the pool', async () => {
    const { clock, network } = setupJoined();
    network.accept = undefined;
    const { client } = startWorker(network);
    await clock.advance(100);
    client.stop();
    expect(await client.ended).toEqual({ kind: 'stopped' });
    expect(clock.pending).toBe(0);
  });
});
