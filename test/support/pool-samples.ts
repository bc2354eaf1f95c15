import type { RecordedTaskFact } from '../../src/machines/facts.ts';
import { type TaskId, type WorkerId, workerId } from '../../src/machines/identifiers.ts';
import { requestKinds } from '../../src/machines/model-request.ts';
import { noUsage, type Outcome, retry } from '../../src/machines/outcome.ts';
import type { DispatchReason } from '../../src/machines/placement.ts';
import type { PoolPolicy } from '../../src/machines/pool-context.ts';
import type { TaskTicket } from '../../src/machines/task-ticket.ts';
import type { WorkerSpec } from '../../src/machines/worker-spec.ts';
import { breakerPolicy } from './setup-endpoint.ts';

/** Values that tests of the machines need again and again. */

export function taskIdOf(seq: number): TaskId {
  return `task_20260101_000000_${String(seq).padStart(6, '0')}` as TaskId;
}

export function makeTicket(seq: number, parts: Partial<TaskTicket> = {}): TaskTicket {
  return {
    taskId: taskIdOf(seq),
    seq,
    priority: 5,
    taskType: 'general',
    requestKind: 'text',
    sinceMs: seq,
    model: null,
    suggestedModel: 'gpt-oss:20b',
    fallbacks: 0,
    fallbackModel: null,
    promptChars: 100,
    promptTokens: 25,
    answerTokens: 0,
    numCtx: null,
    leases: 0,
    failures: 0,
    retriesMax: 2,
    delayMs: 0,
    ...parts,
  };
}

/** A worker with a server and a machine of its own. */
export function makeSpec(name: string, parts: Partial<Omit<WorkerSpec, 'workerId'>> = {}): WorkerSpec {
  return {
    workerId: workerId(name),
    location: 'local',
    endpoint: `http://${name}:11434`,
    host: name,
    capabilities: [],
    requestKinds,
    performanceFactor: 1,
    slots: 1,
    joined: false,
    standby: false,
    model: null,
    tokensMax: null,
    missesMax: 3,
    silenceMsMax: 90_000,
    ...parts,
  };
}

/** Nothing grows old, and the number of workers is left alone. */
export function makePolicy(parts: Partial<PoolPolicy> = {}): PoolPolicy {
  return {
    version: 1,
    routing: { strategy: 'priority_based', rules: [], agingMs: 0, bypassesMax: 0 },
    breaker: breakerPolicy,
    hosts: [],
    leasesMax: 1_000,
    workersMin: 1,
    workersMax: 1_000,
    scaleUp: 1,
    scaleDown: 0,
    backoff: { delayMsBase: 1_000, delayMsMax: 8_000 },
    fallbackChain: [],
    numCtxOf: () => null,
    ...parts,
  };
}

export const success: Outcome = { kind: 'succeeded', output: 'an answer', usage: noUsage };
export const transient: Outcome = retry('backend.busy', 'the server is busy');
export const final: Outcome = {
  kind: 'failed',
  failure: { code: 'model.unknown', message: 'no such model' },
};
export const released: Outcome = { kind: 'released', failure: { code: 'worker.lost', message: 'gone' } };

export function reasonFor(choice: WorkerId): DispatchReason {
  const candidates = [{ worker_id: choice, load: 0 }];
  return { rule: 'the only one', choice, model: 'gpt-oss:20b', config_version: 1, candidates };
}

const grammar = /^A(?:LR)*(?:L|LC|L?F|L?X)?$/;
const letters = {
  'task.assigned': 'L',
  'task.retried': 'R',
  'task.completed': 'C',
  'task.failed': 'F',
  'task.cancelled': 'X',
} as const;

/**
 * Whether the facts of one task, its acceptance left out, begin or complete a sentence of
 * `accepted (assigned (retried))* (completed | failed | cancelled)`.
 */
export function isGrammatical(facts: readonly RecordedTaskFact[]): boolean {
  const told = facts.flatMap(({ type }) => (type === 'task.reprioritized' ? [] : [letters[type]]));
  return grammar.test(`A${told.join('')}`);
}
