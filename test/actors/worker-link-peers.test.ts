import { describe, expect, test } from 'vitest';
import { KoubouError } from '../../src/machines/errors.ts';
import { assignmentId, type TaskId } from '../../src/machines/identifiers.ts';
import { linkLimits } from '../../src/machines/link-limits.ts';
import { makeJob } from '../support/backend-jobs.ts';
import { gpu2, heartbeatMs, setupJoined, startWorker } from '../support/joined-world.ts';
import { helloFrame } from '../support/worker-frames.ts';

const never = new AbortController().signal;

/** A job under its own task and lease. */
function job(n: number) {
  return makeJob({
    fresh: false,
    taskId: `task_20260101_000000_00000${n}_ab` as TaskId,
    assignmentId: assignmentId(n),
  });
}

describe('the name of a worker', () => {
  test('belongs to the first process that has it, as long as that is heard', async () => {
    const { clock, network, pool } = setupJoined();
    startWorker(network);
    await clock.advance(100);
    const second = startWorker(network, { instance: 'instance-2' });
    await clock.advance(100);
    expect(second.news).toMatchObject([{ kind: 'waiting', detail: expect.stringMatching(/gpu2/) }]);
    expect(network.pool.closed?.code).toBe(4409);
    expect(pool.enrolled).toHaveLength(1);
  });

  test('passes on when the first has not been heard for two heartbeats', async () => {
    const { clock, network, pool } = setupJoined();
    const first = startWorker(network);
    await clock.advance(100);
    network.pool.receive = () => undefined; // Half open: the pool hears nothing, and nobody says so.
    await clock.advance(2 * heartbeatMs + 1);
    const second = startWorker(network, { instance: 'instance-2' });
    await clock.advance(100);
    expect(second.news).toEqual([{ kind: 'joined' }]);
    expect(pool.enrolled.map(({ instance }) => instance)).toEqual(['instance-1', 'instance-2']);
    first.client.kill();
  });

  test('that a configured worker has is refused for good', async () => {
    const { clock, network } = setupJoined({
      enrol: () => {
        throw new KoubouError('worker.conflict' as never, 'gpu2 is a configured worker');
      },
    });
    const { client } = startWorker(network);
    await clock.advance(100);
    expect(await client.ended).toMatchObject({ kind: 'refused', refusal: { code: 'name_conflict' } });
  });

  test('is tried again when the pool has no room for it', async () => {
    let room = false;
    const { clock, network } = setupJoined({
      enrol: () => {
        if (!room) throw new KoubouError('pool.draining', 'the pool is stopping');
      },
    });
    const { news } = startWorker(network);
    await clock.advance(1_000);
    room = true;
    await clock.advance(5_000);
    expect(news).toMatchObject([{ kind: 'waiting', detail: 'the pool is stopping' }, { kind: 'joined' }]);
  });
});

describe('a probe of a joined worker', () => {
  test('seed 366: that comes back long after it has left is answered by its coming, and not by its absence', async () => {
    const answers: unknown[] = [];
    const { clock, network, pool } = setupJoined({
      // The pool watches it from the moment in which it is enrolled.
      enrol: ({ workerId }) => {
        pool.links
          .probeOf(workerId)(never)
          .then(
            ({ models }) => answers.push(models?.map(({ name }) => name)),
            (error: Error) => answers.push(error.message),
          );
      },
    });
    const announced = (models: readonly string[]) => ({
      announced: { workerId: gpu2, slots: 1, models, capabilities: [], labels: {}, performanceFactor: 1 },
    });
    const first = startWorker(network, announced(['old']));
    await clock.advance(100);
    first.client.stop();
    await clock.advance(10 * linkLimits.cutGraceMs);
    startWorker(network, { ...announced(['new']), instance: 'instance-2' });
    await clock.advance(100);
    expect(answers).toEqual([['old'], ['new']]);
  });

  test('is answered by a beat, also by one that came before it, with what the worker sees', async () => {
    const { clock, network, pool } = setupJoined();
    const residents = [{ name: 'tiny', memoryBytes: 5, contextTokens: 512 }];
    startWorker(network, { look: async () => ({ models: null, residents }) });
    await clock.advance(100);
    const probe = pool.links.probeOf(gpu2);
    expect(await probe(never)).toEqual({ models: null, residents });
    let sighted = 0;
    void probe(never).then(() => {
      sighted += 1;
    });
    await clock.advance(heartbeatMs - 200);
    expect(sighted).toBe(0);
    await clock.advance(200);
    expect(sighted).toBe(1);
  });

  test('fails a few seconds after a cut, with the reason, and not at once', async () => {
    const { clock, network, pool } = setupJoined();
    startWorker(network);
    await clock.advance(100);
    network.accept = undefined;
    network.cut();
    const told: string[] = [];
    pool.links
      .probeOf(gpu2)(never)
      .catch((error: Error) => void told.push(error.message));
    await clock.advance(linkLimits.cutGraceMs - 1);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual([expect.stringMatching(/closed \(1006\)/)]);
    await expect(pool.links.probeOf(gpu2)(never)).rejects.toThrow(/closed/);
  });

  test('seed 2505: fails as soon after a cut when the worker comes to the door again and again, and is sent away', async () => {
    let isFull = false;
    const { clock, network, pool } = setupJoined({
      enrol: () => {
        if (isFull) throw new KoubouError('storage.unavailable', 'the disk is full');
      },
    });
    startWorker(network);
    await clock.advance(100);
    const probe = pool.links.probeOf(gpu2);
    await probe(never);
    isFull = true;
    network.cut();
    const told: string[] = [];
    probe(never).catch((error: Error) => void told.push(error.message));
    await clock.advance(linkLimits.cutGraceMs + 1);
    expect(told).toEqual([expect.stringMatching(/closed \(1006\)/)]);
  });

  test('outlives a short cut', async () => {
    const { clock, network, pool } = setupJoined();
    startWorker(network);
    await clock.advance(100);
    const probe = pool.links.probeOf(gpu2);
    await probe(never);
    network.cut();
    const sighting = probe(never);
    await clock.advance(2_000);
    await expect(sighting).resolves.toEqual({ models: null, residents: null });
  });

  test('fails when the server of the worker does not answer, with its words', async () => {
    const { clock, network, pool } = setupJoined();
    startWorker(network, { look: () => Promise.reject(new Error('ECONNREFUSED')) });
    await clock.advance(100);
    await expect(pool.links.probeOf(gpu2)(never)).rejects.toThrow('ECONNREFUSED');
  });

  test('ends with its signal', async () => {
    const { clock, network, pool } = setupJoined();
    startWorker(network);
    await clock.advance(100);
    const probe = pool.links.probeOf(gpu2);
    await probe(never);
    const abort = new AbortController();
    const pending = probe(abort.signal);
    abort.abort();
    await expect(pending).rejects.toThrow(/no beat/);
  });
});

describe('a peer that breaks the protocol', () => {
  const hello = helloFrame();

  /** What the pool answers a connection that sends these texts. */
  async function answered(...texts: readonly string[]) {
    const { clock, network, pool } = setupJoined();
    const socket = network.dial({
      onOpen: () => {
        for (const text of texts) socket.send(text);
      },
      onRefused: () => undefined,
      onMessage: () => undefined,
      onClose: () => undefined,
    });
    await clock.advance(50);
    return { frames: network.pool.frames, closed: network.pool.closed, pool, clock, network };
  }

  test.each([
    ['no JSON', ['{']],
    ['another first frame', ['{"type":"goodbye"}']],
    ['an unknown frame', [JSON.stringify(hello), '{"type":"sing"}']],
    ['a second hello', [JSON.stringify(hello), JSON.stringify(hello)]],
    ['a beat without leases', [JSON.stringify(hello), '{"type":"beat"}']],
    ['a name that is a path', [JSON.stringify({ ...hello, worker_id: '../gpu2' })]],
  ])('with %s is told so and closed with 1008; the pool lives', async (_what, texts) => {
    const { frames, closed, pool, clock, network } = await answered(...texts);
    expect(frames.at(-1)).toMatchObject({ type: 'error', code: 'bad_frame' });
    expect(closed?.code).toBe(1008);
    startWorker(network);
    await clock.advance(100);
    expect(pool.enrolled.at(-1)?.instance).toBe('instance-1');
  });

  test('with another version of the protocol is told both, and closed with 4400', async () => {
    const { frames, closed, pool } = await answered(
      JSON.stringify({ type: 'hello', protocol: 2, new: true }),
    );
    expect(frames).toMatchObject([{ type: 'refused', code: 'protocol', protocol: 1 }]);
    expect(JSON.stringify(frames)).toMatch(/version 2 .* version 1/);
    expect(closed?.code).toBe(4400);
    expect(pool.enrolled).toEqual([]);
  });

  test('by silence is closed after ten seconds', async () => {
    const { clock, network } = await answered();
    await clock.advance(linkLimits.helloMsMax);
    expect(network.pool.closed?.code).toBe(4408);
  });

  test('by not reading what it is sent is cut off', async () => {
    const { clock, network, pool } = await answered(JSON.stringify(hello));
    network.pool.bufferedAmount = linkLimits.unsentBytesMax + 1;
    const attempt = pool.run(job(1));
    expect(network.pool.isOpen).toBe(false);
    await clock.advance(linkLimits.cutGraceMs);
    expect(attempt.outcomes).toMatchObject([{ kind: 'retry' }]);
  });

  test('by more connections than names may have is sent away', async () => {
    const { clock, network } = setupJoined();
    for (let n = 0; n <= linkLimits.linksMax; n += 1) {
      const socket = network.dial({
        onOpen: () => socket.send(JSON.stringify({ ...hello, worker_id: `w${n}` })),
        onRefused: () => undefined,
        onMessage: () => undefined,
        onClose: () => undefined,
      });
    }
    await clock.advance(50);
    expect(network.pool.closed?.code).toBe(1013);
    expect(network.poolEnds.filter(({ isOpen }) => isOpen)).toHaveLength(linkLimits.linksMax);
  });
});
