import { describe, expect, test } from 'vitest';
import { assignmentId, type TaskId } from '../../src/machines/identifiers.ts';
import { limits } from '../../src/machines/limits.ts';
import { makeJob } from '../support/backend-jobs.ts';
import { endedFact, gpu2, heartbeatMs, setupJoined } from '../support/joined-world.ts';
import type { LinkNetwork } from '../support/link-network.ts';
import { beatFrame, helloFrame, settledFrame } from '../support/worker-frames.ts';

const taskId = 'task_20260101_000000_000001_ab' as TaskId;
const job = makeJob({ taskId, assignmentId: assignmentId(1), fresh: false });
const lease = { assignment_id: 1, task_id: taskId };

/** A worker of another make, whose frames the test writes by hand. */
function handWorker(network: LinkNetwork, hello: object = {}) {
  const heard: { readonly type: string }[] = [];
  const closes: number[] = [];
  const socket = network.dial({
    onOpen: () => socket.send(JSON.stringify(helloFrame(hello))),
    onRefused: () => undefined,
    onMessage: (text) => void heard.push(JSON.parse(text)),
    onClose: (code) => void closes.push(code),
  });
  const say = async (...frames: readonly object[]) => {
    for (const frame of frames) socket.send(JSON.stringify(frame));
    await network.clock.advance(10);
  };
  const types = () => heard.map(({ type }) => type);
  return { socket, heard, closes, say, types };
}

/** A piece of the text of the one lease. */
function piece(offset: number, text: string) {
  return { type: 'text', assignment_id: 1, offset, text };
}

async function setupRun() {
  const { clock, network, pool } = setupJoined();
  const worker = handWorker(network);
  await clock.advance(10);
  const attempt = pool.run(job);
  await clock.advance(10);
  expect(worker.types()).toEqual(['welcome', 'run']);
  return { clock, network, pool, worker, attempt };
}

describe('text', () => {
  test('that comes twice, wholly or in part, is told once', async () => {
    const { worker, attempt } = await setupRun();
    await worker.say(piece(0, 'ab'), piece(0, 'ab'), piece(1, 'bc'), piece(0, 'abcd'), piece(2, 'c'));
    expect(attempt.text).toBe('abcd');
  });

  test('of which a part is missing is asked for once, and told in order', async () => {
    const { worker, attempt } = await setupRun();
    await worker.say(piece(0, 'ab'), piece(4, 'ef'), piece(6, 'gh'));
    expect(attempt.text).toBe('ab');
    expect(worker.heard.slice(2)).toEqual([{ type: 'resume', assignment_id: 1, offset: 2 }]);
    await worker.say(piece(2, 'cdefgh'), piece(9, 'j'));
    expect(attempt.text).toBe('abcdefgh');
    expect(worker.heard.at(-1)).toEqual({ type: 'resume', assignment_id: 1, offset: 8 });
  });

  test('is wanted, after a cut, from where the pool has it', async () => {
    const { clock, network, worker } = await setupRun();
    await worker.say(piece(0, 'abc'));
    network.cut();
    const back = handWorker(network, { held: [lease, { ...lease, assignment_id: 9 }] });
    await clock.advance(10);
    expect(back.heard).toMatchObject([
      { type: 'welcome', resume: [{ assignment_id: 1, offset: 3 }], drop: [9] },
    ]);
  });

  test('under a lease that nobody waits for is dropped', async () => {
    const { worker, attempt } = await setupRun();
    attempt.abort();
    await worker.say(piece(0, 'ab'));
    expect(attempt.text).toBe('');
    expect(worker.closes).toEqual([]);
  });

  test('beyond the bound of an answer ends the attempt', async () => {
    const { worker, attempt } = await setupRun();
    const text = 'x'.repeat(65_536);
    for (let offset = 0; offset <= limits.outputBytesMax; offset += text.length) {
      worker.socket.send(JSON.stringify(piece(offset, text)));
    }
    await worker.say();
    expect(attempt.outcomes).toMatchObject([{ kind: 'failed', failure: { code: 'execution.too_large' } }]);
    expect(worker.types().at(-1)).toBe('stop');
  });
});

describe('a result', () => {
  test('is acknowledged when it is on disk, and not before, however often it comes', async () => {
    const { pool, worker, attempt } = await setupRun();
    await worker.say(settledFrame(), settledFrame());
    expect(attempt.outcomes).toHaveLength(1);
    expect(worker.types()).toEqual(['welcome', 'run']);
    await worker.say(beatFrame()); // Of a worker that does not speak of its results.
    pool.links.hear(endedFact(job));
    await worker.say(settledFrame());
    expect(worker.types().slice(2)).toEqual(['ack', 'ack']);
    expect(pool.late).toEqual([]);
  });

  test('of a lease that was stopped is on record as late, but not that it was stopped', async () => {
    const { pool, worker, attempt } = await setupRun();
    attempt.abort();
    await worker.say(settledFrame());
    expect(pool.late).toMatchObject([{ assignmentId: 1, outcome: { kind: 'failed' } }]);
    await worker.say(settledFrame({ assignment_id: 2, outcome: { kind: 'cancelled' } }));
    expect(pool.late).toHaveLength(1);
    expect(worker.types().slice(2)).toEqual(['stop', 'ack', 'ack']);
  });

  test('for another task than the lease was for does not count', async () => {
    const { pool, worker, attempt } = await setupRun();
    await worker.say(settledFrame({ task_id: 'task_20260101_000000_000002_ab' }));
    expect(attempt.outcomes).toEqual([]);
    expect(pool.late).toHaveLength(1);
  });
});

describe('a connection', () => {
  test('of the same process takes the place of its former one', async () => {
    const { clock, network, worker, attempt } = await setupRun();
    const again = handWorker(network, { held: [lease] });
    await clock.advance(10);
    expect(worker.closes).toEqual([4410]);
    expect(again.types()).toEqual(['welcome']);
    await again.say(piece(0, 'a'), settledFrame());
    expect([attempt.text, attempt.outcomes.length]).toEqual(['a', 1]);
  });

  test('that ends after a goodbye releases what has not ended', async () => {
    const { clock, pool, worker, attempt } = await setupRun();
    await worker.say({ type: 'goodbye' }, { type: 'goodbye' });
    expect([pool.left, attempt.outcomes]).toEqual([[gpu2], []]);
    worker.socket.close(1001, '');
    await clock.advance(10);
    expect(attempt.outcomes).toMatchObject([{ kind: 'released' }]);
  });

  test('that the pool closes with its stop releases what runs, and says why', async () => {
    const { clock, pool, worker, attempt } = await setupRun();
    pool.links.close();
    await clock.advance(10);
    expect(worker.closes).toEqual([1001]);
    expect(attempt.outcomes).toMatchObject([{ kind: 'released' }]);
  });
});

test('a lease that the worker carries and the pool does not know is stopped by the next beat', async () => {
  const { worker } = await setupRun();
  await worker.say(beatFrame({ leases: [1, 7] }));
  expect(worker.heard.slice(2)).toEqual([{ type: 'stop', assignment_id: 7 }]);
});

test('a beat that crosses a run on its way costs the run nothing', async () => {
  const { clock, worker, attempt } = await setupRun();
  await worker.say(beatFrame());
  await worker.say(beatFrame({ leases: [1] }), beatFrame());
  expect(attempt.outcomes).toEqual([]);
  await clock.advance(heartbeatMs);
  await worker.say(beatFrame());
  expect(attempt.outcomes).toMatchObject([{ kind: 'released' }]);
});

test('a job that is larger than any frame fails, and the link lives', async () => {
  const { clock, pool, worker } = await setupRun();
  const huge = { ...job, assignmentId: assignmentId(2), prompt: '\u0001'.repeat(4 * 1_024 * 1_024 + 1) };
  const attempt = pool.run(huge);
  await clock.advance(10);
  expect(attempt.outcomes).toMatchObject([{ kind: 'failed', failure: { code: 'input.refused' } }]);
  expect(worker.closes).toEqual([]);
});

test('a bug of ours in what a frame leads to costs its connection, and not the process', async () => {
  const { clock, network, pool } = setupJoined({
    late: () => {
      throw new Error('a bug');
    },
  });
  const worker = handWorker(network);
  await clock.advance(10);
  await worker.say(settledFrame());
  expect(worker.closes).toEqual([1006]);
  expect(pool.logged).toContain('a frame of a worker could not be handled');
});
