import { fromCallback } from 'xstate';
import type { WorkerId } from '../machines/identifiers.ts';
import type { HeartbeatCommand } from '../machines/worker-machine.ts';
import type { Clock } from './clock.ts';

/** Asks a worker's endpoint for a sign of life that costs no tokens. Rejects with the reason when there is none. */
export type Probe = (signal: AbortSignal) => Promise<void>;

export interface HeartbeatPorts {
  readonly clock: Clock;
  readonly intervalMs: number;
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
  const { clock, intervalMs, probeOf, onBeat } = ports;
  return fromCallback<HeartbeatCommand, { workerId: WorkerId }>(({ input, sendBack, receive }) => {
    const abort = new AbortController();
    const probe = probeOf(input.workerId);
    let timer: unknown;
    let dueMs = clock.monotonic();
    /** When it was last heard, or when a stall of this machine ended. */
    let heardMs = dueMs;

    const beat = async () => {
      timer = undefined;
      const startedMs = clock.monotonic();
      if (isStall(startedMs - dueMs)) heardMs = startedMs;
      const failure = await probeWithin(probe, clock, intervalMs, abort.signal);
      if (abort.signal.aborted) return;
      const nowMs = clock.monotonic();
      if (failure === undefined) {
        heardMs = nowMs;
        onBeat(input.workerId);
        sendBack({ type: 'heartbeat.received' });
      } else if (isStall(nowMs - startedMs - intervalMs)) {
        heardMs = nowMs;
      } else {
        sendBack({ type: 'heartbeat.missed', silentMs: nowMs - heardMs, detail: failure });
      }
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

/** Runs a probe for at most one interval; answers why it failed, or nothing. */
async function probeWithin(
  probe: Probe,
  clock: Clock,
  limitMs: number,
  stop: AbortSignal,
): Promise<string | undefined> {
  const abort = new AbortController();
  const onStop = () => abort.abort();
  stop.addEventListener('abort', onStop, { once: true });
  let timer: unknown;
  const overdue = new Promise<string>((resolve) => {
    timer = clock.setTimeout(() => resolve(`no answer to a probe within ${limitMs / 1_000} s`), limitMs);
  });
  const ask = async () => probe(abort.signal); // Async, so that a probe that throws at once is one that rejects.
  const answered = ask().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  try {
    return await Promise.race([answered, overdue]);
  } finally {
    clock.clearTimeout(timer);
    stop.removeEventListener('abort', onStop);
    abort.abort();
  }
}
