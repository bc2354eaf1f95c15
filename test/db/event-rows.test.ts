import { expect, test } from 'vitest';
import { describe as rowOf } from '../../src/db/events-table.ts';
import type { Fact } from '../../src/machines/facts.ts';
import { assignmentId, workerId } from '../../src/machines/identifiers.ts';
import { noUsage } from '../../src/machines/outcome.ts';
import { reasonFor } from '../support/pool-samples.ts';
import { makeTask } from '../support/store-samples.ts';

const task = makeTask(1);
const { taskId } = task;
const worker = workerId('a');
const lease = { taskId, assignmentId: assignmentId(7), workerId: worker };
const nobody = { taskId, assignmentId: null, workerId: null };
const failure = { code: 'backend.busy', message: 'its queue is full' } as const;
const reason = reasonFor(worker);
const usage = { ...noUsage, outputTokens: 3 };
const inHands = { assignment_id: 7, worker_id: 'a' };
const inNobodys = { assignment_id: null, worker_id: null };

const retried = { type: 'task.retried', ...lease, failure, failures: 1, fallbacks: 0 } as const;
const signalled = { type: 'actor.signalled', fields: {}, by: 'Aiko', wakes: null } as const;

/** What a reader of the table `events` finds: the states that it came from and went to, and the data. */
const rows: readonly [Fact, string | null, string | null, object][] = [
  [
    { type: 'task.accepted', taskId, task },
    null,
    'queued',
    { priority: task.priority, task_type: task.taskType, run_at: null },
  ],
  [
    { type: 'task.accepted', taskId, task: { ...task, runAtMs: 5_000 } },
    null,
    'scheduled',
    { priority: task.priority, task_type: task.taskType, run_at: 5_000 },
  ],
  [
    { type: 'task.assigned', ...lease, model: 'm', lease: 2, reason },
    'queued',
    'assigned',
    { ...inHands, model: 'm', lease: 2, reason },
  ],
  [
    { ...retried, delayMs: 0 },
    'running',
    'queued',
    { ...inHands, failure, delay_ms: 0, failures: 1, fallbacks: 0 },
  ],
  [
    { ...retried, delayMs: 1 },
    'running',
    'backingOff',
    { ...inHands, failure, delay_ms: 1, failures: 1, fallbacks: 0 },
  ],
  [
    { type: 'task.reprioritized', taskId, from: 'backingOff', priority: 9 },
    'backingOff',
    'backingOff',
    { priority: 9 },
  ],
  [
    { type: 'task.completed', ...lease, model: 'm', output: 'four', usage, elapsedMs: 12.6 },
    'running',
    'completed',
    { ...inHands, model: 'm', chars: 4, usage, elapsed_ms: 13 },
  ],
  [{ type: 'task.failed', ...lease, failure }, 'running', 'failed', { ...inHands, failure }],
  [{ type: 'task.failed', ...nobody, failure }, 'queued', 'failed', { ...inNobodys, failure }],
  [{ type: 'task.cancelled', ...lease, from: 'running' }, 'running', 'cancelled', inHands],
  [{ type: 'task.cancelled', ...nobody, from: 'scheduled' }, 'scheduled', 'cancelled', inNobodys],
  [
    { type: 'worker.changed', workerId: worker, from: 'alive', to: 'lost', detail: 'silent' },
    'alive',
    'lost',
    { worker_id: 'a', detail: 'silent' },
  ],
  [
    { type: 'worker.readmitted', workerId: worker, from: 'active', to: 'draining', detail: 'asked' },
    'active',
    'draining',
    { worker_id: 'a', detail: 'asked' },
  ],
  [
    { type: 'worker.enrolled', workerId: worker, detail: 'it joined' },
    null,
    null,
    { worker_id: 'a', detail: 'it joined' },
  ],
  [
    { type: 'worker.retired', workerId: worker, detail: 'it left' },
    null,
    null,
    { worker_id: 'a', detail: 'it left' },
  ],
  [{ type: 'worker.rated', workerId: worker, from: 1, to: 0.5 }, '1', '0.5', { worker_id: 'a' }],
  [
    { type: 'worker.reported_late', ...lease, outcome: 'succeeded' },
    null,
    null,
    { ...inHands, task_id: taskId, outcome: 'succeeded' },
  ],
  [
    { type: 'endpoint.changed', endpoint: 'h:1', from: 'closed', to: 'open', detail: 'down', failures: {} },
    'closed',
    'open',
    { endpoint: 'h:1', detail: 'down', failures: {} },
  ],
  [{ type: 'pool.started', recovered: 2, waiting: 3 }, 'starting', 'running', { recovered: 2, waiting: 3 }],
  [{ type: 'pool.paused' }, 'running', 'paused', {}],
  [{ type: 'pool.resumed' }, 'paused', 'running', {}],
  [{ type: 'pool.draining', leases: 4 }, 'running', 'draining', { leases: 4 }],
  [{ type: 'pool.stopped' }, 'draining', 'stopped', {}],
  [{ type: 'pool.reconfigured', version: 2, changes: ['x'] }, null, null, { version: 2, changes: ['x'] }],
  [{ type: 'journal.resumed', stalledMs: 9 }, 'stalled', 'writing', { stalled_ms: 9 }],
  [
    { ...signalled, actor: 'worker:a', machine: 'worker', event: 'worker.beat' },
    null,
    null,
    {
      actor: 'worker:a',
      machine: 'worker',
      signal: 'worker.beat',
      fields: {},
      by: 'Aiko',
      worker_id: 'a',
    },
  ],
  [
    { ...signalled, actor: 'endpoint:http://h:1', machine: 'endpoint', event: 'endpoint.reset' },
    null,
    null,
    {
      actor: 'endpoint:http://h:1',
      machine: 'endpoint',
      signal: 'endpoint.reset',
      fields: {},
      by: 'Aiko',
      endpoint: 'http://h:1',
    },
  ],
  [
    { ...signalled, actor: 'pool', machine: 'pool', event: 'pool.rate' },
    null,
    null,
    { actor: 'pool', machine: 'pool', signal: 'pool.rate', fields: {}, by: 'Aiko' },
  ],
];

test.each(rows)('the row of %o', (fact, from, to, data) => {
  const row = rowOf(fact);
  expect(row).toEqual({ taskId: ofTask(fact) ? taskId : null, from, to, data });
  expect(JSON.parse(JSON.stringify(row.data))).toEqual(data);
});

/** Nothing happens to a task after its ending: a result that comes late is told of the worker. */
function ofTask({ type }: Fact): boolean {
  return type.startsWith('task.');
}
