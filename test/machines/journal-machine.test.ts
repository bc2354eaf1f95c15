import { describe, expect, test } from 'vitest';
import { createActor } from 'xstate';
import { KoubouError } from '../../src/machines/errors.ts';
import { journalMachine } from '../../src/machines/journal-machine.ts';
import { limits } from '../../src/machines/limits.ts';
import { onDisposal } from '../support/disposal.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

function setup() {
  const clock = new VirtualClock();
  const tries: number[] = [];
  const logic = journalMachine.provide({
    actions: { commitAgain: () => void tries.push(clock.monotonic()) },
  });
  const actor = createActor(logic, { clock }).start();
  onDisposal(() => actor.stop());
  return { actor, clock, tries };
}

const failed = { type: 'journal.failed', atMs: 7, refusal: null } as const;
const committed = { type: 'journal.committed' } as const;

describe('a journal whose disk fails', () => {
  test('tries again after a while, once for each failure', async () => {
    const { actor, clock, tries } = setup();
    actor.send(failed);
    expect(actor.getSnapshot().value).toBe('stalled');
    await clock.advance(19);
    expect(tries).toEqual([]);
    await clock.advance(10_000);
    expect(tries).toEqual([20]);
  });

  test('waits longer each time, up to its limit', async () => {
    const { actor, clock, tries } = setup();
    actor.send(failed);
    const waits: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      const sinceMs = clock.monotonic();
      while (tries.length === round) await clock.advance(1);
      waits.push(clock.monotonic() - sinceMs);
      actor.send(failed);
    }
    expect(waits).toEqual([20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000]);
    expect(waits.at(-1)).toBe(limits.commitRetryMsMax);
  });

  test('goes on when it can write, with its first patience again', async () => {
    const { actor, clock, tries } = setup();
    actor.send(failed);
    await clock.advance(20);
    actor.send(failed);
    await clock.advance(40);
    actor.send(committed);
    expect(actor.getSnapshot().value).toBe('writing');
    expect(clock.pending).toBe(0);
    actor.send(failed);
    await clock.advance(20);
    expect(tries).toEqual([20, 60, 80]);
  });

  test('tries nothing more once it is stopped', async () => {
    const { actor, clock, tries } = setup();
    actor.send(failed);
    actor.stop();
    await clock.advance(10_000);
    expect(tries).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

test('a journal that writes has no timer, and a second success is no news', () => {
  const { actor, clock } = setup();
  actor.send(committed);
  expect(actor.getSnapshot().value).toBe('writing');
  expect(clock.pending).toBe(0);
});

describe('what a journal knows of its failures', () => {
  const refusal = new KoubouError('storage.unavailable', 'the disk is full');

  test('is since when, and why nothing is accepted, until it can write again', () => {
    const { actor } = setup();
    actor.send({ ...failed, atMs: 5, refusal });
    actor.send({ ...failed, atMs: 9 });
    expect(actor.getSnapshot().context).toMatchObject({ failingSinceMs: 5, refusal });
    actor.send(committed);
    expect(actor.getSnapshot().context).toMatchObject({ failingSinceMs: null, refusal: null });
  });
});
