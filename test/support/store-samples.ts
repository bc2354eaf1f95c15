import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from '../../src/db/store.ts';
import type { WorkerRegistration } from '../../src/db/workers-table.ts';
import type { AcceptedTask, RecordedFact } from '../../src/machines/facts.ts';
import { assignmentId, type WorkerId, workerId } from '../../src/machines/identifiers.ts';
import { noUsage } from '../../src/machines/outcome.ts';
import { onDisposal } from './disposal.ts';
import { reasonFor, taskIdOf } from './pool-samples.ts';

/** What a store is given: tasks, facts and workers. */

export const atMs = Date.UTC(2026, 0, 1, 12);
export const local = workerId('local_001');
export const remote = workerId('remote_001');

/** A folder that is gone after the test. */
export function freshHome(): string {
  const folder = mkdtempSync(join(tmpdir(), 'koubou-db-'));
  onDisposal(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function makeTask(seq: number, parts: Partial<AcceptedTask> = {}): AcceptedTask {
  return {
    taskId: taskIdOf(seq),
    seq,
    prompt: `prompt ${seq}`,
    taskType: 'general',
    priority: 5,
    runAtMs: null,
    metadata: { files: [], output_file: null, options: {}, created_by: 'test' },
    ...parts,
  };
}

export function accept(...tasks: readonly AcceptedTask[]): Entry {
  return { kind: 'accept', atMs, tasks, idempotency: null };
}

export function entry(fact: RecordedFact, at = atMs): Entry {
  return { kind: 'fact', atMs: at, fact };
}

/** The lease `lease` of task `seq`: its facts, one after the other. */
export function leaseFacts(seq: number, lease: number, holder: WorkerId = local) {
  const head = { taskId: taskIdOf(seq), assignmentId: assignmentId(lease), workerId: holder };
  const model = 'gpt-oss:20b';
  const failure = { code: 'backend.busy', message: 'the server is busy' } as const;
  return {
    assigned: { type: 'task.assigned', ...head, model, lease: 1, reason: reasonFor(holder) },
    retried: { type: 'task.retried', ...head, failure, delayMs: 0, failures: 1, fallbacks: 0 },
    delayed: { type: 'task.retried', ...head, failure, delayMs: 5_000, failures: 1, fallbacks: 0 },
    completed: {
      type: 'task.completed',
      ...head,
      model,
      output: `answer ${seq}`,
      usage: noUsage,
      elapsedMs: 1_234,
    },
    failed: { type: 'task.failed', ...head, failure },
    cancelled: { type: 'task.cancelled', ...head, from: 'running' },
  } as const satisfies Record<string, RecordedFact>;
}

/** The end of a task that waits. */
export function cancelledWaiting(seq: number): RecordedFact {
  return {
    type: 'task.cancelled',
    taskId: taskIdOf(seq),
    from: 'queued',
    assignmentId: null,
    workerId: null,
  };
}

export function moved(seq: number, priority: number): RecordedFact {
  return { type: 'task.reprioritized', taskId: taskIdOf(seq), from: 'queued', priority };
}

export function registration(id: WorkerId, parts: Partial<WorkerRegistration> = {}): WorkerRegistration {
  return {
    workerId: id,
    workerType: 'ollama',
    location: 'local',
    endpointUrl: 'http://localhost:11434',
    model: 'gpt-oss:20b',
    performanceFactor: 1,
    maxConcurrentTasks: 2,
    ...parts,
  };
}

export function alive(id: WorkerId = local): RecordedFact {
  return { type: 'worker.changed', workerId: id, from: 'probing', to: 'alive', detail: '' };
}
