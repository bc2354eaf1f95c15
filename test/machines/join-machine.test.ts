import { describe, expect, test } from 'vitest';
import { createActor } from 'xstate';
import { joinMachine, type Refusal, reconnectMs } from '../../src/machines/join-machine.ts';
import { linkLimits } from '../../src/machines/link-limits.ts';
import { onDisposal } from '../support/disposal.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const cut = { type: 'link.cut', detail: 'reset', draw: 0.5 } as const;
const refusal: Refusal = { code: 'http_401', message: 'wrong token', isFinal: true, retryAfterMs: 0 };

/** A chart whose doings are noted. */
function setup(drainGraceMs = 30_000) {
  const clock = new VirtualClock();
  const done: string[] = [];
  const note = (what: string) => () => void done.push(what);
  const logic = joinMachine.provide({
    actions: {
      connect: note('connect'),
      greet: note('greet'),
      hangUp: note('hangUp'),
      sayGoodbye: note('sayGoodbye'),
    },
  });
  const actor = createActor(logic, { clock, input: { drainGraceMs } }).start();
  onDisposal(() => actor.stop());
  const link = () => {
    const { value } = actor.getSnapshot();
    return typeof value === 'string' ? value : (value.active as { link: string }).link;
  };
  const join = () => {
    actor.send({ type: 'link.opened' });
    actor.send({ type: 'link.welcomed' });
  };
  return { actor, clock, done, link, join };
}

describe('a worker on its way to a pool', () => {
  test('connects, says hello, and has joined when it is welcomed', () => {
    const { actor, done, link } = setup();
    expect(link()).toBe('connecting');
    actor.send({ type: 'link.opened' });
    expect(link()).toBe('greeting');
    actor.send({ type: 'link.welcomed' });
    expect(link()).toBe('joined');
    expect(done).toEqual(['connect', 'greet']);
  });

  test('hangs up on a pool that does not answer, whether it should open or welcome', async () => {
    const { actor, clock, done } = setup();
    await clock.advance(linkLimits.helloMsMax);
    expect(done).toEqual(['connect', 'hangUp']);
    actor.send({ type: 'link.opened' });
    await clock.advance(linkLimits.helloMsMax);
    expect(done).toEqual(['connect', 'hangUp', 'greet', 'hangUp']);
  });

  test.each([
    'connecting',
    'greeting',
    'joined',
  ])('waits after a cut while %s, and connects again', async (state) => {
    const { actor, clock, done, link } = setup();
    if (state !== 'connecting') actor.send({ type: 'link.opened' });
    if (state === 'joined') actor.send({ type: 'link.welcomed' });
    expect(link()).toBe(state);
    actor.send(cut);
    expect(link()).toBe('waiting');
    expect(actor.getSnapshot().context.detail).toBe('reset');
    actor.send(cut); // No news, and no reason to wait longer.
    await clock.advance(374);
    expect(link()).toBe('waiting');
    await clock.advance(1);
    expect(link()).toBe('connecting');
    expect(done.filter((what) => what === 'connect')).toHaveLength(2);
  });

  test('waits twice as long each time, 15 seconds at most', async () => {
    const { actor, clock, done } = setup();
    const waits: number[] = [];
    for (let round = 1; round <= 8; round += 1) {
      actor.send({ ...cut, draw: 1 });
      const sinceMs = clock.monotonic();
      while (done.length === round) await clock.advance(100);
      waits.push(clock.monotonic() - sinceMs);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  });

  test('is patient anew only when a link has held for a while', async () => {
    const { actor, clock, join } = setup();
    const cutAfter = async (forMs: number) => {
      join();
      await clock.advance(forMs);
      actor.send(cut);
      const { failures } = actor.getSnapshot().context;
      await clock.advance(60_000);
      return failures;
    };
    expect([await cutAfter(9_000), await cutAfter(9_000), await cutAfter(10_001)]).toEqual([1, 2, 1]);
  });

  test('ends when it is refused for good', () => {
    const { actor, clock } = setup();
    actor.send({ type: 'link.refused', refusal, draw: 0 });
    expect(actor.getSnapshot()).toMatchObject({ status: 'done', value: 'refused', context: { refusal } });
    expect(clock.pending).toBe(0);
  });

  test('tries again when it is refused for now, not before the pool wants it', async () => {
    const { actor, clock, link } = setup();
    actor.send({
      type: 'link.refused',
      refusal: { ...refusal, isFinal: false, retryAfterMs: 40_000 },
      draw: 0,
    });
    await clock.advance(39_999);
    expect(link()).toBe('waiting');
    await clock.advance(1);
    expect(link()).toBe('connecting');
  });
});

describe('a worker that is told to stop', () => {
  test('says goodbye, and stops when nothing runs any more', () => {
    const { actor, done, join } = setup();
    join();
    actor.send({ type: 'join.drained' }); // Nothing runs, but nobody wants it to stop.
    expect(actor.getSnapshot().status).toBe('active');
    actor.send({ type: 'join.stop' });
    expect(done.at(-1)).toBe('sayGoodbye');
    actor.send({ type: 'join.drained' });
    expect(actor.getSnapshot()).toMatchObject({ status: 'done', value: 'stopped' });
  });

  test('waits no longer than its grace', async () => {
    const { actor, clock, join } = setup(5_000);
    join();
    actor.send({ type: 'join.stop' });
    await clock.advance(4_999);
    expect(actor.getSnapshot().status).toBe('active');
    await clock.advance(1);
    expect(actor.getSnapshot().value).toBe('stopped');
  });

  test('comes back after a cut, to bring its results', async () => {
    const { actor, clock, link, join } = setup();
    join();
    actor.send({ type: 'join.stop' });
    actor.send(cut);
    await clock.advance(500);
    expect(link()).toBe('connecting');
  });

  test.each(['connecting', 'waiting', 'draining'])('stops at once when it is killed while %s', (state) => {
    const { actor, clock, join } = setup();
    if (state === 'waiting') actor.send(cut);
    if (state === 'draining') {
      join();
      actor.send({ type: 'join.stop' });
    }
    actor.send({ type: 'join.kill' });
    expect(actor.getSnapshot().value).toBe('stopped');
    expect(clock.pending).toBe(0);
  });
});

test('the time before a connection is jittered by half, and never longer than a timer can hold', () => {
  expect([reconnectMs(1, 0), reconnectMs(1, 1), reconnectMs(99, 0), reconnectMs(99, 1)]).toEqual([
    250, 500, 7_500, 15_000,
  ]);
  expect(reconnectMs(1, 0, 2 ** 40)).toBe(2 ** 31 - 1);
});

test.each([
  'connect',
  'greet',
  'hangUp',
  'sayGoodbye',
])('what touches the world must be provided: %s', async (name) => {
  const given = Object.fromEntries(
    ['connect', 'greet', 'hangUp', 'sayGoodbye']
      .filter((each) => each !== name)
      .map((each) => [each, () => {}]),
  );
  const clock = new VirtualClock();
  const errors: unknown[] = [];
  const actor = createActor(joinMachine.provide({ actions: given }), { clock, input: { drainGraceMs: 0 } });
  actor.subscribe({ error: (error) => void errors.push(error) });
  actor.start();
  actor.send({ type: 'link.opened' });
  await clock.advance(linkLimits.helloMsMax);
  actor.send({ type: 'join.stop' });
  actor.stop();
  expect(errors.map(String)).toEqual([`Error: action "${name}" is not provided`]);
});
