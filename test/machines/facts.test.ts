import { expect, test } from 'vitest';
import { type Fact, isEnding } from '../../src/machines/facts.ts';
import { assignmentId, workerId } from '../../src/machines/identifiers.ts';
import { noUsage } from '../../src/machines/outcome.ts';
import { reasonFor, taskIdOf } from '../support/pool-samples.ts';

const taskId = taskIdOf(1);
const worker = workerId('a');
const lease = { taskId, assignmentId: assignmentId(1), workerId: worker };
const failure = { code: 'backend.busy', message: 'its queue is full' } as const;
const model = 'gpt-oss:20b';

test.each<Fact>([
  { type: 'task.completed', ...lease, model, output: 'an answer', usage: noUsage, elapsedMs: 5 },
  { type: 'task.failed', ...lease, failure },
  { type: 'task.cancelled', ...lease, from: 'running' },
])('$type ends a task', (fact) => {
  expect(isEnding(fact)).toBe(true);
});

test.each<Fact>([
  { type: 'task.assigned', ...lease, model, lease: 1, reason: reasonFor(worker) },
  { type: 'task.retried', ...lease, failure, delayMs: 1_000, failures: 1, fallbacks: 0 },
  { type: 'task.reprioritized', taskId, from: 'queued', priority: 9 },
  { type: 'worker.reported_late', ...lease, outcome: 'succeeded' },
  { type: 'worker.retired', workerId: worker, detail: 'it has left the configuration' },
  { type: 'pool.stopped' },
])('$type ends no task', (fact) => {
  expect(isEnding(fact)).toBe(false);
});
