import { fromCallback } from 'xstate';
import type { WorkerId } from '../machines/identifiers.ts';
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

/** How late a tick may come before it says more about this machine than about the worker. */
const stallFactor = 1.5;

/**
 * Probes a worker each interval, apart from what it runs. Silence is counted only while this process was awake and
 * listening: after a suspended laptop or a stalled event loop the worker gets a fresh chance instead of a verdict.
 */
export function heartbeatActor(ports: HeartbeatPorts) {
  const { clock, intervalMs } = ports;
  return fromCallback<{ type: 'heartbeat.none' }, { workerId: WorkerId }>(({ input, sendBack }) => {
    const abort = new AbortController();
    const probe = ports.probeOf(input.workerId);
    let timer: unknown;
    let silentMs = 0;

    const beat = async () => {
      const startedMs = clock.monotonic();
      const failure = await probeWithin(probe, clock, intervalMs, abort.signal);
      if (abort.signal.aborted) return;
      const tookMs = clock.monotonic() - startedMs;
      if (failure === undefined) {
        silentMs = 0;
        ports.onBeat(input.workerId);
        sendBack({ type: 'heartbeat.received' });
      } else if (tookMs <= intervalMs * stallFactor) {
        silentMs += intervalMs;
        sendBack({ type: 'heartbeat.missed', silentMs, detail: failure });
      }
      timer = clock.setTimeout(beat, Math.max(0, intervalMs - tookMs));
    };
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
  const answered = probe(abort.signal).then(
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
