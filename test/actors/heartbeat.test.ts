import { describe, expect, test } from 'vitest';
import { createActor, sendTo, setup } from 'xstate';
import { heartbeatActor, type Probe } from '../../src/actors/heartbeat.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { type Sighting, unseen } from '../../src/machines/sighting.ts';
import type { HeartbeatReport } from '../../src/machines/worker-reports.ts';
import { onDisposal } from '../support/disposal.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const intervalMs = 15_000;

/** A probe that finds life and asks for no more. */
const answers: Probe = () => Promise.resolve(unseen);

/** A heartbeat whose probes answer as the test says, and what it tells its worker. */
function setupHeartbeat(probe: Probe, clock = new VirtualClock()) {
  const told: (HeartbeatReport & { readonly atMs: number })[] = [];
  const beats: string[] = [];
  /** What a new configuration may change. */
  const settings = { intervalMs, probeOf: () => probe };
  const heartbeat = heartbeatActor({
    clock,
    intervalMs: () => settings.intervalMs,
    probeOf: () => settings.probeOf(),
    onBeat: (worker) => void beats.push(worker),
  });
  const machine = setup({ actors: { heartbeat } }).createMachine({
    invoke: { id: 'beat', src: 'heartbeat', input: { workerId: workerId('local_001') } },
    on: {
      'test.probe': { actions: sendTo('beat', { type: 'heartbeat.probe' }) },
      '*': {
        actions: ({ event }) => void told.push({ ...(event as HeartbeatReport), atMs: clock.monotonic() }),
      },
    },
  });
  const actor = createActor(machine, { clock }).start();
  onDisposal(() => actor.stop());
  const probeNow = () => actor.send({ type: 'test.probe' });
  return { actor, clock, told, beats, probeNow, settings };
}

describe('a heartbeat', () => {
  test('probes at once, and then each interval', async () => {
    const { clock, told, beats } = setupHeartbeat(answers);
    await clock.advance(45_000);
    expect(told.map(({ type, atMs }) => [type, atMs])).toEqual(
      [0, 15_000, 30_000, 45_000].map((atMs) => ['heartbeat.received', atMs]),
    );
    expect(beats).toEqual(Array(4).fill('local_001'));
  });

  test('keeps its interval when a probe takes its time', async () => {
    const clock = new VirtualClock();
    const slow = () =>
      new Promise<Sighting>((resolve) => void clock.setTimeout(() => resolve(unseen), 4_000));
    const { told } = setupHeartbeat(slow, clock);
    await clock.advance(60_000);
    expect(told.map(({ atMs }) => atMs)).toEqual([4_000, 19_000, 34_000, 49_000]);
  });

  test('tells why a beat was missed, and for how long there was silence', async () => {
    const { clock, told, beats } = setupHeartbeat(() => Promise.reject(new Error('connection refused')));
    await clock.advance(30_000);
    expect(told).toEqual(
      [0, 15_000, 30_000].map((silentMs, at) => ({
        type: 'heartbeat.missed',
        silentMs,
        detail: 'connection refused',
        atMs: at * intervalMs,
      })),
    );
    expect(beats).toEqual([]);
  });

  test('seed 1190: that is ended by what it tells leaves no timer behind', async () => {
    const { actor, clock, told } = setupHeartbeat(() => Promise.reject(new Error('connection refused')));
    told.push = (...reports) => {
      actor.stop();
      return Array.prototype.push.apply(told, reports);
    };
    await clock.advance(0);
    expect([told.length, clock.pending]).toEqual([1, 0]);
  });

  test('is received when there was a sign of life, although the rest of the answer never came', async () => {
    const seen: Sighting = { models: [], residents: null };
    let beat = 0;
    const { clock, told } = setupHeartbeat((_signal, onLife) => {
      beat += 1;
      onLife?.();
      return beat === 1 ? Promise.resolve(seen) : new Promise(() => undefined);
    });
    await clock.advance(2 * intervalMs);
    expect(told).toEqual([
      { type: 'heartbeat.received', sighting: seen, atMs: 0 },
      { type: 'heartbeat.received', sighting: seen, atMs: 2 * intervalMs },
    ]);
  });

  test('counts silence anew after a beat', async () => {
    const lives = [false, false, true, false];
    const { clock, told } = setupHeartbeat(() =>
      lives.shift() === true ? Promise.resolve(unseen) : Promise.reject(new Error('x')),
    );
    await clock.advance(45_000);
    expect(told.map((each) => ('silentMs' in each ? each.silentMs : 'beat'))).toEqual([
      0,
      15_000,
      'beat',
      15_000,
    ]);
  });

  test('gives a probe one interval, ends it, and sends the next', async () => {
    const signals: AbortSignal[] = [];
    const { clock, told } = setupHeartbeat((signal) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    await clock.advance(15_000);
    expect(told).toMatchObject([{ silentMs: 15_000, detail: 'no answer to a probe within 15 s' }]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  test('probes at once when asked, and keeps its interval from then on', async () => {
    const { clock, told, probeNow } = setupHeartbeat(answers);
    await clock.advance(3_000);
    probeNow();
    await clock.advance(30_000);
    expect(told.map(({ atMs }) => atMs)).toEqual([0, 3_000, 18_000, 33_000]);
    expect(clock.pending).toBe(1);
  });

  test('does not probe twice at a time when asked while it does', async () => {
    const signals: AbortSignal[] = [];
    const { clock, told, probeNow } = setupHeartbeat((signal) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    await clock.advance(3_000);
    probeNow();
    expect(signals).toHaveLength(1);
    await clock.advance(12_000);
    expect([told.length, signals.length]).toEqual([1, 2]);
  });

  test('ends its probe and its timers when it is stopped, and says nothing more', async () => {
    const signals: AbortSignal[] = [];
    const { actor, clock, told } = setupHeartbeat((signal) => {
      signals.push(signal);
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    });
    await clock.advance(1_000);
    actor.stop();
    await clock.advance(60_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect([told.length, clock.pending]).toEqual([0, 0]);
  });

  test('between two probes leaves no timer either', async () => {
    const { actor, clock } = setupHeartbeat(answers);
    await clock.advance(1_000);
    expect(clock.pending).toBe(1);
    actor.stop();
    expect(clock.pending).toBe(0);
  });

  test('takes a probe that throws for one that failed', async () => {
    const { clock, told } = setupHeartbeat(() => {
      throw new Error('a bug of the probe');
    });
    await clock.advance(0);
    expect(told).toMatchObject([{ type: 'heartbeat.missed', detail: 'a bug of the probe' }]);
    await clock.advance(15_000);
    expect(told).toHaveLength(2);
  });
});

describe('what a heartbeat sees', () => {
  const sighting: Sighting = {
    models: [{ name: 'tiny:latest', sizeBytes: 1_000_000, contextTokensMax: 4_096 }],
    residents: [],
  };

  test('is told with the beat', async () => {
    const { clock, told } = setupHeartbeat(() => Promise.resolve(sighting));
    await clock.advance(0);
    expect(told).toEqual([{ type: 'heartbeat.received', sighting, atMs: 0 }]);
  });
});

describe('a heartbeat under a new configuration', () => {
  test('asks the new endpoint from the next beat on', async () => {
    const { clock, told, settings } = setupHeartbeat(answers);
    await clock.advance(1_000);
    settings.probeOf = () => () => Promise.reject(new Error('the new one is down'));
    await clock.advance(15_000);
    expect(told.map(({ type }) => type)).toEqual(['heartbeat.received', 'heartbeat.missed']);
  });

  test('keeps the new interval from the next beat on', async () => {
    const { clock, told, settings } = setupHeartbeat(answers);
    await clock.advance(1_000);
    settings.intervalMs = 60_000;
    await clock.advance(134_000);
    expect(told.map(({ atMs }) => atMs)).toEqual([0, 15_000, 75_000, 135_000]);
  });

  test('gives a probe the new interval', async () => {
    const { clock, told, settings } = setupHeartbeat(() => new Promise(() => undefined));
    settings.intervalMs = 2_000;
    await clock.advance(17_000);
    expect(told).toMatchObject([
      { silentMs: 15_000, detail: 'no answer to a probe within 15 s' },
      { silentMs: 17_000, detail: 'no answer to a probe within 2 s' },
    ]);
  });

  test('judges by the old interval whether the beat that was waited for came too late', async () => {
    const { clock, told, settings } = setupHeartbeat(() => Promise.reject(new Error('x')));
    await clock.advance(14_000);
    settings.intervalMs = 1_000;
    await clock.stall(2_000); // One second late: a stall for an interval of 1 s, none for 15 s.
    expect(told.at(-1)).toMatchObject({ silentMs: 16_000 });
  });

  test('misses beats of a worker that nobody can reach any more, instead of crashing', async () => {
    const { clock, told, settings } = setupHeartbeat(answers);
    await clock.advance(1_000);
    settings.probeOf = () => {
      throw new TypeError('no worker is called local_001');
    };
    await clock.advance(30_000);
    expect(told.map(({ type }) => type)).toEqual([
      'heartbeat.received',
      'heartbeat.missed',
      'heartbeat.missed',
    ]);
  });
});

describe('a heartbeat that is told not to wait', () => {
  test('probes at once, and keeps its interval from there', async () => {
    const { clock, told, probeNow } = setupHeartbeat(answers);
    await clock.advance(4_000);
    probeNow();
    await clock.advance(15_000);
    expect(told.map(({ atMs }) => atMs)).toEqual([0, 4_000, 19_000]);
  });

  test('does not probe twice at once', async () => {
    let probes = 0;
    const { clock, probeNow } = setupHeartbeat(() => {
      probes += 1;
      return new Promise(() => undefined);
    });
    await clock.advance(1_000);
    probeNow();
    await clock.advance(1_000);
    expect(probes).toBe(1);
  });
});

describe('a host that was not awake', () => {
  test('says nothing about a worker when a probe ran into a stall', async () => {
    const { clock, told } = setupHeartbeat(() => new Promise(() => undefined));
    await clock.advance(1_000);
    await clock.stall(60_000); // A suspended laptop: the timer of the probe fires far too late.
    expect(told).toEqual([]);
    await clock.advance(15_000);
    expect(told).toMatchObject([{ type: 'heartbeat.missed', silentMs: 15_000 }]);
  });

  test('gives the worker a fresh chance after a stall between two probes', async () => {
    let isUp = true;
    const { clock, told } = setupHeartbeat(() =>
      isUp ? Promise.resolve(unseen) : Promise.reject(new Error('x')),
    );
    await clock.advance(1_000);
    isUp = false;
    await clock.stall(600_000);
    expect(told.at(-1)).toMatchObject({ type: 'heartbeat.missed', silentMs: 0 });
  });

  test('is not misled by a wall clock that jumps', async () => {
    const { clock, told } = setupHeartbeat(answers);
    for (const jumpMs of [3_600_000, -7_200_000]) {
      clock.jumpWall(jumpMs);
      await clock.advance(15_000);
    }
    expect(told.map(({ type, atMs }) => [type, atMs])).toEqual(
      [0, 15_000, 30_000].map((atMs) => ['heartbeat.received', atMs]),
    );
  });
});
