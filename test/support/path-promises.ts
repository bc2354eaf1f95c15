import type { AnyEventObject } from 'xstate';
import type { EndpointCommand } from '../../src/machines/endpoint-machine.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import type { BreakerPolicy } from '../../src/machines/routing-policy.ts';
import type { WorkerEvent } from '../../src/machines/worker-events.ts';
import type { WorkerSpec } from '../../src/machines/worker-spec.ts';
import type { Admission, Liveness } from '../../src/machines/worker-state.ts';

/**
 * What `docs/supervision.md` promises, written down a second time and without a chart: a walk compares a chart with
 * itself, so that a chart which does another thing than is promised would do it on every path, and be content.
 */

/** A worker by the tables of its liveness and its admission. */
export class PromisedWorker {
  liveness: Liveness | 'unwatched' = 'probing';
  admission: Admission;
  readonly #spec: WorkerSpec;
  #misses = 0;

  constructor(spec: WorkerSpec, admission: Admission) {
    this.#spec = spec;
    this.admission = admission;
  }

  /** @param wasHeld whether the lease that the event is about was in a slot @param isIdle whether none is afterwards */
  step(event: AnyEventObject, wasHeld: boolean, isIdle: boolean): void {
    this.#live(event as WorkerEvent, wasHeld);
    this.#admit(event.type);
    if (this.admission === 'draining' && isIdle) this.admission = 'drained';
  }

  #live(event: WorkerEvent, wasHeld: boolean): void {
    if (event.type === 'xstate.error.actor.heartbeat') this.liveness = 'unwatched';
    else if (event.type.startsWith('xstate.after.heartbeatRestartMs')) this.liveness = 'suspect';
    if (this.liveness === 'unwatched') return;
    if (event.type === 'heartbeat.received') {
      this.liveness = 'alive';
      this.#misses = 0;
    }
    if (event.type === 'heartbeat.missed') this.#miss(event.silentMs);
    if (
      event.type === 'execution.settled' &&
      wasHeld &&
      event.reports.some(({ outcome }) => isOutOfReach(outcome))
    ) {
      if (this.liveness === 'alive') this.liveness = 'suspect';
    }
  }

  #miss(silentMs: number): void {
    if (this.liveness === 'probing') this.liveness = 'lost';
    if (this.liveness === 'lost') return;
    this.#misses += 1;
    const isSilent = silentMs >= this.#spec.silenceMsMax && this.#misses >= this.#spec.missesMax;
    this.liveness = this.liveness === 'suspect' && isSilent ? 'lost' : 'suspect';
  }

  #admit(order: string): void {
    const { admission } = this;
    if (order === 'worker.rest') this.admission = 'standby';
    if (order === 'worker.resume') this.admission = 'active';
    if (order === 'worker.activate' && admission === 'standby') this.admission = 'active';
    if (order === 'worker.drain' && (admission === 'active' || admission === 'standby')) {
      this.admission = 'draining';
    }
  }
}

function isOutOfReach(outcome: Outcome): boolean {
  return outcome.kind === 'retry' && outcome.failure.code === 'backend.unreachable';
}

/** A breaker by its two tables. Of the failures there are those that name a time, and those that do not. */
export class PromisedBreaker {
  state: 'closed' | 'open' | 'ready' | 'trying' = 'closed';
  /** The server has named its time itself. */
  isSentAway = false;
  /** Counted while it is closed: answers in between end the row. */
  failuresInRow = 0;
  /** The wait is no longer than this, and no shorter than half of it; exactly this where the server has named it. */
  waitMsMax = 0;
  #policy: BreakerPolicy;
  #waitMs = 0;
  #trialsFailed = 0;
  #trial: number | null = null;

  constructor(policy: BreakerPolicy) {
    this.#policy = policy;
  }

  /** @param waitMs the wait that was begun, if one was: half of it is drawn */
  step(event: EndpointCommand | { readonly type: 'timer' }, waitMs: number): void {
    switch (event.type) {
      case 'endpoint.configure':
        this.#policy = event.policy;
        return;
      case 'endpoint.reset':
        this.#close();
        return;
      case 'endpoint.trial':
        if (this.state !== 'ready') return;
        this.state = 'trying';
        this.#trial = event.assignmentId;
        return;
      case 'timer':
        this.state = 'ready';
        this.#waitMs = 0;
        return;
      case 'endpoint.settled':
        this.#settle(event.outcome, event.assignmentId === this.#trial, waitMs);
    }
  }

  #settle(outcome: Outcome, isTrial: boolean, waitMs: number): void {
    const isHalfOpen = this.state === 'ready' || this.state === 'trying';
    if (outcome.kind === 'retry') {
      this.failuresInRow += 1;
      const { delayMsMin: askedMs } = outcome;
      if (askedMs > this.#waitMs) this.#open(true, askedMs, askedMs);
      else if (askedMs > 0) return;
      else if (this.state === 'closed' && this.failuresInRow >= this.#policy.failuresMax) this.#wait(waitMs);
      else if (isHalfOpen && isTrial) {
        this.#trialsFailed += 1;
        this.#wait(waitMs);
      }
    } else if (outcome.kind === 'succeeded') {
      if (this.state === 'closed') this.failuresInRow = 0;
      else if (!(this.state === 'open' && this.isSentAway)) this.#close();
    } else if (this.state === 'trying' && isTrial) this.state = 'ready';
  }

  #wait(waitMs: number): void {
    const { openMs, openMsMax } = this.#policy;
    this.#open(false, Math.min(openMs * 2 ** this.#trialsFailed, openMsMax), waitMs);
  }

  #open(isSentAway: boolean, waitMsMax: number, waitMs: number): void {
    this.state = 'open';
    this.isSentAway = isSentAway;
    this.waitMsMax = waitMsMax;
    this.#waitMs = waitMs;
  }

  #close(): void {
    this.state = 'closed';
    this.failuresInRow = 0;
    this.#trialsFailed = 0;
    this.#trial = null;
    this.#waitMs = 0;
  }
}
