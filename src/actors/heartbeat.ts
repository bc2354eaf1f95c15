import { fromCallback } from 'xstate';
import type { WorkerId } from '../machines/identifiers.ts';
import { type Sighting, unseen } from '../machines/sighting.ts';
import type { HeartbeatCommand } from '../machines/worker-events.ts';
import { callOver } from './call-over.ts';
import type { Clock } from './clock.ts';

/**
 * Asks a worker's endpoint for a sign of life that costs no tokens, and for what it has. Rejects with the reason when
 * there is no life; all else that is not to be had is `null` in the answer. Calls `onLife` as soon as there is a sign of
 * life: at that moment the worker was heard, however long the rest takes and whatever becomes of it.
 */
export type Probe = (signal: AbortSignal, onLife?: () => void) => Promise<Sighting>;

export interface HeartbeatPorts {
  readonly clock: Clock;
  /** Asked at each beat, since the configuration may have changed; so is `probeOf`. */
  readonly intervalMs: () => number;
  readonly probeOf: (worker: WorkerId) => Probe;
  /** Called with each beat that was received, for the worker's row. */
  readonly onBeat: (worker: WorkerId) => void;
}

/** A delay beyond this share of the interval says more about this machine than about the worker. */
const stallShare = 0.5;

/**
 * Probes a worker each interval, apart from what it runs, and at once when asked. Silence is counted only while this
 * process was awake and listening: after a suspended laptop or a stalled event loop a worker gets a fresh chance
 * instead of a verdict.
 */
export function heartbeatActor(ports: HeartbeatPorts) {
  const { clock, probeOf, onBeat } = ports;
  return fromCallback<HeartbeatCommand, { workerId: WorkerId }>(({ input, sendBack, receive }) => {
    const abort = new AbortController();
    const probe: Probe = (signal, onLife) =>
      probeOf(input.workerId)(signal, () => {
        heardMs = clock.monotonic();
        onLife?.();
      });
    let lastSighting = unseen;
    let timer: unknown;
    let intervalMs = ports.intervalMs();
    let dueMs = clock.monotonic();
    /** When it was last heard, or when a stall of this machine ended. */
    let heardMs = dueMs;

    const beat = async () => {
      timer = undefined;
      const startedMs = clock.monotonic();
      if (isStall(startedMs - dueMs)) heardMs = startedMs;
      intervalMs = ports.intervalMs();
      const answer = await probeWithin(probe, clock, intervalMs, abort.signal);
      if (abort.signal.aborted) return;
      const nowMs = clock.monotonic();
      if (typeof answer !== 'string') {
        heardMs = nowMs;
        lastSighting = answer === alive ? lastSighting : answer;
        onBeat(input.workerId);
        sendBack({ type: 'heartbeat.received', sighting: lastSighting });
      } else if (isStall(nowMs - startedMs - intervalMs)) {
        heardMs = nowMs;
      } else {
        sendBack({ type: 'heartbeat.missed', silentMs: nowMs - heardMs, detail: answer });
      }
      // What it told may have ended it: a drain that waited for this worker alone is over when it is lost.
      if (abort.signal.aborted) return;
      dueMs = Math.max(nowMs, startedMs + intervalMs);
      timer = clock.setTimeout(beat, dueMs - nowMs);
    };
    const isStall = (lateMs: number) => lateMs > intervalMs * stallShare;

    receive(() => {
      // While a probe is under way its answer is the news.
      if (timer === undefined) return;
      clock.clearTimeout(timer);
      dueMs = clock.monotonic();
      void beat();
    });
    void beat();
    return () => {
      abort.abort();
      clock.clearTimeout(timer);
    };
  });
}

/** There was a sign of life, and nothing more in time. */
const alive = Symbol('alive');

/** Runs a probe for at most one interval; answers what it saw, or in words why it failed. */
async function probeWithin(
  probe: Probe,
  clock: Clock,
  limitMs: number,
  stop: AbortSignal,
): Promise<Sighting | typeof alive | string> {
  const abort = new AbortController();
  const onStop = () => abort.abort();
  stop.addEventListener('abort', onStop, { once: true });
  let timer: unknown;
  let isAlive = false;
  const overdue = new Promise<string | typeof alive>((resolve) => {
    const end = () => resolve(isAlive ? alive : `no answer to a probe within ${limitMs / 1_000} s`);
    timer = clock.setTimeout(end, limitMs);
  });
  const onLife = () => {
    isAlive = true;
  };
  const ask = async () => probe(abort.signal, onLife); // Async, so that a probe that throws at once is one that rejects.
  const answered = ask().catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  try {
    return await Promise.race([answered, overdue]);
  } finally {
    clock.clearTimeout(timer);
    stop.removeEventListener('abort', onStop);
    abort.abort(callOver);
  }
}
