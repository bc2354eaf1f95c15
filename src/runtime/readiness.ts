import type { SnapshotFrom } from 'xstate';
import { KoubouError } from '../machines/errors.ts';
import { limits } from '../machines/limits.ts';
import type { poolMachine } from '../machines/pool-machine.ts';

/** Whether new tasks are accepted and can run, and if not, why. */
export interface Readiness {
  readonly ready: boolean;
  /** starting, running, paused, draining, stopped or crashed. */
  readonly pool: string;
  /** One sentence each, for people. Some are told although it is ready. */
  readonly reasons: readonly string[];
  readonly workers: { readonly total: number; readonly alive: number };
  /** Waiting tasks: as actors, and as rows behind the window. */
  readonly waiting: { readonly live: number; readonly dormant: number };
  readonly leases: number;
}

export function readinessOf(pool: SnapshotFrom<typeof poolMachine>, refusal: KoubouError | null): Readiness {
  const { roster, board } = pool.context;
  const workers = [...roster.all()];
  const alive = workers.filter(({ liveness }) => liveness === 'alive').length;
  const state = poolState(pool);
  const reasons: string[] = [];
  if (state !== 'running' && state !== 'paused') reasons.push(`the pool is ${state}`);
  if (refusal !== null) reasons.push(refusal.message);
  const ready = reasons.length === 0;
  if (state === 'paused') reasons.push('the pool is paused: tasks are accepted and wait');
  if (alive === 0) reasons.push('no worker is alive: tasks are accepted and wait');
  for (const { name, breaker, detail } of roster.endpoints()) {
    if (breaker !== 'closed') reasons.push(`${name} is left alone for now: ${detail}`);
  }
  for (const { workerId, admission } of workers) {
    if (admission === 'quarantined')
      reasons.push(`worker ${workerId} is quarantined: its actor kept crashing`);
  }
  return {
    ready,
    pool: state,
    reasons,
    workers: { total: workers.length, alive },
    waiting: { live: board.ready.size, dormant: board.dormantCount },
    leases: roster.leaseCount,
  };
}

function poolState(pool: SnapshotFrom<typeof poolMachine>): string {
  if (pool.status === 'error') return 'crashed';
  if (pool.matches({ running: 'paused' })) return 'paused';
  return typeof pool.value === 'string' ? pool.value : 'running';
}

/**
 * Whether so many new tasks may be taken in now.
 *
 * @throws KoubouError `pool.draining`, `pool.full`
 */
export function assertOpen({ ready, reasons, waiting }: Readiness, count: number): void {
  if (!ready) {
    throw new KoubouError('pool.draining', `nothing is accepted now: ${reasons.join('; ')}`, {
      retryAfterMs: 5_000,
    });
  }
  if (waiting.live + waiting.dormant + count > limits.backlogMax) {
    const message = `${limits.backlogMax} tasks wait already; try again when some are done`;
    throw new KoubouError('pool.full', message, { retryAfterMs: 30_000 });
  }
}
