import type { Fact } from '../machines/facts.ts';
import type { TaskId } from '../machines/identifiers.ts';
import { limits } from '../machines/limits.ts';
import { factOf } from './invariants-tasks.ts';
import type { Ledger } from './ledger.ts';
import type { WorldEvent } from './world-events.ts';

/** What is remembered beside the ledger. */
export interface Memory {
  readonly ledger: Ledger;
  /** Processes in a row that died before they had recovered. */
  diedRecovering: number;
  readonly acceptedBy: Map<TaskId, number>;
  /** When the last process ended, elapsed ms. */
  diedAtMs: number;
  /** Until then the process stands still. */
  asleepUntilMs: number;
}

export interface RareState {
  readonly name: string;
  /** Whether this event reaches it; the ledger is as it was before. */
  readonly isReached: (event: WorldEvent, memory: Memory, nowMs: number) => boolean;
}

/** Rare states that show in a single fact. */
export const rareFacts: readonly RareState[] = [
  on('a stale result was fenced', (fact) => fact.type === 'worker.reported_late'),
  on('a lease was taken back by a recovery', (fact) => isRetry(fact, 'worker.lost', 'the server stopped')),
  on(
    'a lease was taken from a lost worker',
    (fact) => isRetry(fact, 'worker.lost') && !isRetry(fact, 'worker.lost', 'the server stopped'),
  ),
  on('a running task was cancelled', (fact) => fact.type === 'task.cancelled' && fact.assignmentId !== null),
  on('cancelled while it backed off', (fact) => fact.type === 'task.cancelled' && fact.from === 'backingOff'),
  on(
    'cancelled before its start time',
    (fact) => fact.type === 'task.cancelled' && fact.from === 'scheduled',
  ),
  on(
    'a task was moved while it ran',
    (fact) => fact.type === 'task.reprioritized' && fact.from === 'running',
  ),
  on(
    'a task was moved while it backed off',
    (fact) => fact.type === 'task.reprioritized' && fact.from === 'backingOff',
  ),
  on('a task used up its retries', (fact, { ledger }) => {
    if (fact.type !== 'task.failed') return false;
    const failures = ledger.tasks.get(fact.taskId)?.failures ?? 0;
    return failures >= ledger.config.models.server.retryCount && failures > 0;
  }),
  on('another model stood in', (fact) => fact.type === 'task.retried' && fact.fallbacks > 0),
  on('a task succeeded after failures', (fact, { ledger }) => {
    return fact.type === 'task.completed' && (ledger.tasks.get(fact.taskId)?.failures ?? 0) > 0;
  }),
  on('an attempt ran into its deadline', (fact) => isFailure(fact, 'execution.timeout')),
  on('an attempt never answered', (fact) => isFailure(fact, 'backend.no_answer')),
  on('an answer was too large', (fact) => isFailure(fact, 'execution.too_large')),
  on('a backend of ours threw', (fact) => isFailure(fact, 'execution.crashed')),
  on('a breaker opened', (fact) => fact.type === 'endpoint.changed' && fact.to === 'open'),
  on('a breaker was tried and closed', (fact) => isBreaker(fact, 'trying', 'closed')),
  on('a breaker was tried and failed', (fact) => isBreaker(fact, 'trying', 'open')),
  on('all breakers were open at once', (fact, { ledger }) => {
    if (fact.type !== 'endpoint.changed' || fact.to !== 'open') return false;
    const endpoints = new Set(ledger.config.workers.map(({ endpointUrl }) => endpointUrl));
    const open = [...ledger.breakers].filter(([, breaker]) => breaker === 'open').length;
    return open >= endpoints.size - 1 && endpoints.size > 1;
  }),
  on('a worker was lost', (fact) => fact.type === 'worker.changed' && fact.to === 'lost'),
  on('a lost worker came back', (fact) => {
    return fact.type === 'worker.changed' && fact.from === 'lost' && fact.to === 'alive';
  }),
  on('every worker was lost at once', (fact, { ledger }) => {
    if (fact.type !== 'worker.changed' || fact.to !== 'lost') return false;
    return [...ledger.workers].every(([id, { liveness }]) => liveness === 'lost' || id === fact.workerId);
  }),
  on('a worker missed a beat and was forgiven', (fact) => {
    return fact.type === 'worker.changed' && fact.from === 'suspect' && fact.to === 'alive';
  }),
  on(
    'a worker drained with work in hand',
    (fact) => fact.type === 'worker.readmitted' && fact.to === 'draining',
  ),
  on('a worker left the configuration', (fact) => fact.type === 'worker.retired'),
  on(
    'reloaded while tasks ran',
    (fact, { ledger }) => fact.type === 'pool.reconfigured' && ledger.leased > 0,
  ),
  on('paused while tasks ran', (fact, { ledger }) => fact.type === 'pool.paused' && ledger.leased > 0),
  on('the disk came back', (fact) => fact.type === 'journal.resumed'),
  on('the disk was away for longer than delegations wait', (fact) => {
    return fact.type === 'journal.resumed' && fact.stalledMs > limits.commitPatienceMs;
  }),
  on('a task was overtaken for the sake of a loaded model', (fact) => {
    return fact.type === 'task.assigned' && fact.reason.bypassed !== undefined;
  }),
  on(
    'a kept answer was given',
    (fact) => fact.type === 'task.completed' && fact.usage.doneReason === 'cached',
  ),
  on('aging let a task pass a more urgent one', (fact, { ledger }) => {
    const task = fact.type === 'task.assigned' ? ledger.tasks.get(fact.taskId) : undefined;
    if (task === undefined) return false;
    return [...ledger.waiting].some(
      (other) => other.priority > task.priority && other.wanted.taskType === task.wanted.taskType,
    );
  }),
];

function on(name: string, isReached: (fact: Fact, memory: Memory) => boolean): RareState {
  return {
    name,
    isReached: (event, memory) => {
      const fact = factOf(event);
      return fact !== undefined && isReached(fact, memory);
    },
  };
}

function isFailure(fact: Fact, code: string): boolean {
  return (fact.type === 'task.retried' || fact.type === 'task.failed') && fact.failure.code === code;
}

function isRetry(fact: Fact, code: string, message = ''): boolean {
  return fact.type === 'task.retried' && fact.failure.code === code && fact.failure.message.includes(message);
}

function isBreaker(fact: Fact, from: string, to: string): boolean {
  return fact.type === 'endpoint.changed' && fact.from === from && fact.to === to;
}
