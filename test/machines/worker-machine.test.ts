import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { retry } from '../../src/machines/outcome.ts';
import { success, taskIdOf, transient } from '../support/pool-samples.ts';
import { setupWorker, type WorkerBench } from '../support/setup-worker.ts';

/** Plays a sequence of beats: `b` for one that came, `m` for one that did not. */
function play(bench: WorkerBench, beats: string): void {
  for (const beat of beats) beat === 'b' ? bench.beat() : bench.miss();
}

describe('the life of a worker, as its beats tell it', () => {
  test.each([
    ['nothing was heard yet', '', []],
    ['the first beat', 'b', ['alive']],
    ['no first beat', 'm', ['lost']],
    ['beat after beat is no news', 'bbbb', ['alive']],
    ['one missed beat makes it suspect', 'bm', ['alive', 'suspect']],
    ['another one is no news', 'bmm', ['alive', 'suspect']],
    ['the third is its end', 'bmmm', ['alive', 'suspect', 'lost']],
    ['what is missed after that is no news', 'bmmmmm', ['alive', 'suspect', 'lost']],
    ['it comes back', 'bmmmb', ['alive', 'suspect', 'lost', 'alive']],
    ['a beat in between clears it', 'bmmbmm', ['alive', 'suspect', 'alive', 'suspect']],
    ['after it came back, it has all its chances again', 'mbmmm', ['lost', 'alive', 'suspect', 'lost']],
  ])('%s: %s', (_what, beats, expected) => {
    const bench = setupWorker();
    play(bench, beats);
    expect(bench.life()).toEqual(expected);
  });

  test('ends by silence, but not by fewer missed beats than are forgiven', () => {
    const bench = setupWorker({ missesMax: 3, silenceMsMax: 90_000 });
    bench.beat();
    for (const silentMs of [100_000, 200_000]) bench.miss(silentMs);
    expect(bench.life()).toEqual(['alive', 'suspect']);
    bench.miss(200_001);
    expect(bench.life()).toEqual(['alive', 'suspect', 'lost']);
  });

  test('ends by missed beats, but not before the silence is long enough', () => {
    const bench = setupWorker({ missesMax: 3, silenceMsMax: 90_000 });
    bench.beat();
    for (const silentMs of [15_000, 30_000, 45_000, 60_000, 75_000, 89_999]) bench.miss(silentMs);
    expect(bench.life()).toEqual(['alive', 'suspect']);
    bench.miss(90_000);
    expect(bench.life()).toEqual(['alive', 'suspect', 'lost']);
  });

  test('is reported with the reason when the news is bad, and without one when it is good', () => {
    const bench = setupWorker();
    play(bench, 'bm');
    expect(bench.reports.filter(({ type }) => type === 'worker.noticed')).toEqual([
      { type: 'worker.noticed', workerId: 'local_001', liveness: 'alive', detail: '' },
      { type: 'worker.noticed', workerId: 'local_001', liveness: 'suspect', detail: 'no answer' },
    ]);
  });

  test('goes by misses in a row alone, whatever the sequence is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('b', 'm'), { maxLength: 40 }),
        fc.integer({ min: 2, max: 6 }),
        (beats, missesMax) => {
          const bench = setupWorker({ missesMax });
          play(bench, beats.join(''));
          const model: string[] = [];
          let misses = 0;
          for (const beat of beats) {
            misses = beat === 'b' ? 0 : misses + 1;
            const isNew = !model.includes('alive');
            const next = beat === 'b' ? 'alive' : isNew || misses >= missesMax ? 'lost' : 'suspect';
            if (model.at(-1) === 'lost' && next === 'suspect') continue;
            if (model.at(-1) !== next) model.push(next);
          }
          expect(bench.life()).toEqual(model);
        },
      ),
    );
  });
});

describe('a watcher that breaks', () => {
  test('is replaced after a second', async () => {
    const bench = setupWorker({}, { blind: 1 });
    expect(bench.world.watches.get(bench.actor.getSnapshot().context.spec.workerId)).toBe(1);
    await bench.clock.advance(999);
    expect(bench.world.watching).toBe(0);
    await bench.clock.advance(1);
    expect(bench.world.watching).toBe(1);
    bench.beat();
    // Nobody knows of it meanwhile, so it is given nothing.
    expect(bench.life()).toEqual(['suspect', 'alive']);
  });

  test('again and again is replaced again and again, and costs no work in hand', async () => {
    const bench = setupWorker({}, { blind: 4 });
    const lease = bench.run(1);
    await bench.clock.advance(3_999);
    expect(bench.world.watching).toBe(0);
    await bench.clock.advance(1);
    expect(bench.world.watching).toBe(1);
    bench.world.settle(lease, success);
    expect(bench.settled()).toMatchObject([{ assignmentId: 1, outcome: { kind: 'succeeded' } }]);
  });

  test('makes no worker lost by one beat that is missed after it: misses and silence decide, as ever', async () => {
    const bench = setupWorker({ missesMax: 3, silenceMsMax: 90_000 }, { blind: 1 });
    await bench.clock.advance(1_000);
    bench.miss(15_000);
    expect(bench.life()).toEqual(['suspect']);
    bench.miss(60_000);
    bench.miss(89_999);
    expect(bench.life()).toEqual(['suspect']);
    bench.miss(90_000);
    expect(bench.life()).toEqual(['suspect', 'lost']);
  });
});

describe('a worker that could not be reached to run a task', () => {
  const unreachable = retry('backend.unreachable', 'connection refused');

  test('is suspected and probed at once, and its task is tried again', () => {
    const bench = setupWorker();
    bench.beat();
    bench.world.settle(bench.run(1), unreachable);
    expect(bench.life()).toEqual(['alive', 'suspect']);
    expect(bench.world.probed).toEqual(['local_001']);
    expect(bench.settled()).toMatchObject([{ assignmentId: 1, outcome: { kind: 'retry' } }]);
    expect(bench.slots()).toEqual([null]);
    bench.beat();
    expect(bench.life()).toEqual(['alive', 'suspect', 'alive']);
  });

  test('is not suspected twice, nor for other failures', () => {
    const bench = setupWorker({ slots: 3 });
    bench.beat();
    bench.world.settle(bench.run(1), transient);
    expect(bench.life()).toEqual(['alive']);
    const [second, third] = [bench.run(2), bench.run(3)];
    bench.world.settle(second, unreachable);
    bench.world.settle(third, unreachable);
    expect(bench.life()).toEqual(['alive', 'suspect']);
    expect(bench.world.probed).toHaveLength(1);
    expect(bench.settled()).toHaveLength(3);
  });

  test('by an execution whose lease has ended is not suspected, and what runs now goes on', () => {
    const bench = setupWorker();
    bench.beat();
    const lease = bench.run(1);
    bench.world.settle(lease, success);
    const next = bench.run(2);
    const late = {
      slot: 0,
      taskId: taskIdOf(1),
      assignmentId: lease,
      outcome: unreachable,
      draw: 0,
      elapsedMs: 0,
    };
    bench.actor.send({ type: 'execution.settled', reports: [late] });
    expect(bench.slots()).toEqual([next]);
    expect(bench.settled()).toHaveLength(1);
    expect(bench.life()).toEqual(['alive']);
  });
});

test('a stopped worker stops its watcher and what it runs', () => {
  const bench = setupWorker({ slots: 2 });
  bench.run(1);
  bench.run(2);
  bench.actor.stop();
  expect([bench.world.executions.size, bench.world.watching]).toEqual([0, 0]);
  expect(bench.clock.pending).toBe(0);
});
