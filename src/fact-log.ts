import type { CommittedFact } from './machines/facts.ts';

/** One line to a log file; `level` as pino names it. */
interface LineLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface FactLogs {
  readonly pool: LineLog;
  worker(id: string): LineLog;
}

/** The kinds of line that people filter worker logs by. */
type LineType = 'info' | 'success' | 'warning' | 'error' | 'processing';

/** Writes what happened to the logs that operators read: all of it to the pool's, and to each worker's its own. */
export function logFacts(logs: FactLogs): (committed: CommittedFact) => void {
  return ({ seq, fact }) => {
    switch (fact.type) {
      case 'task.accepted': {
        const { taskType, priority, prompt } = fact.task;
        logs.pool.info({ seq, task_id: fact.taskId, task_type: taskType, priority, prompt }, 'task accepted');
        return;
      }
      case 'task.assigned': {
        const { taskId, assignmentId, lease, workerId, reason } = fact;
        const details = { seq, task_id: taskId, assignment_id: assignmentId, attempt: lease };
        logs.pool.info({ ...details, worker_id: workerId, rule: reason.rule }, 'task assigned');
        logs.worker(workerId).info(typed('processing', details), 'task begun');
        return;
      }
      case 'task.retried': {
        const { taskId, assignmentId, workerId, failure, delayMs } = fact;
        const details = {
          seq,
          task_id: taskId,
          assignment_id: assignmentId,
          code: failure.code,
          delay_ms: delayMs,
        };
        logs.pool.warn({ ...details, worker_id: workerId }, `task waits again: ${failure.message}`);
        logs.worker(workerId).warn(typed('warning', details), `task given back: ${failure.message}`);
        return;
      }
      case 'task.reprioritized':
        logs.pool.info({ seq, task_id: fact.taskId, priority: fact.priority }, 'task has another priority');
        return;
      case 'task.completed': {
        const { taskId, assignmentId, workerId, output, usage } = fact;
        const details = { seq, task_id: taskId, assignment_id: assignmentId, chars: output.length };
        logs.pool.info({ ...details, worker_id: workerId }, 'task completed');
        logs.worker(workerId).info(typed('success', { ...details, usage }), 'task completed');
        return;
      }
      case 'task.failed': {
        const { taskId, workerId, failure } = fact;
        const details = { seq, task_id: taskId, code: failure.code };
        logs.pool.error({ ...details, worker_id: workerId }, `task failed: ${failure.message}`);
        if (workerId !== null)
          logs.worker(workerId).error(typed('error', details), `task failed: ${failure.message}`);
        return;
      }
      case 'task.cancelled':
        logs.pool.info({ seq, task_id: fact.taskId, worker_id: fact.workerId }, 'task cancelled');
        if (fact.workerId !== null) {
          logs.worker(fact.workerId).warn(typed('warning', { seq, task_id: fact.taskId }), 'task cancelled');
        }
        return;
      case 'worker.changed': {
        const { workerId, from, to, detail } = fact;
        const details = { seq, from, to };
        const message = detail === '' ? `worker is ${to}` : `worker is ${to}: ${detail}`;
        const good = to === 'alive';
        logs.pool[good ? 'info' : 'warn']({ ...details, worker_id: workerId }, message);
        logs.worker(workerId)[good ? 'info' : 'warn'](typed(good ? 'info' : 'warning', details), message);
        return;
      }
      case 'worker.readmitted': {
        const { workerId, from, to, detail } = fact;
        const message = detail === '' ? `worker is ${to}` : `worker is ${to}: ${detail}`;
        const level = to === 'quarantined' ? 'error' : 'info';
        logs.pool[level]({ seq, from, to, worker_id: workerId }, message);
        const type = to === 'quarantined' ? 'error' : 'info';
        logs.worker(workerId)[level](typed(type, { seq, from, to }), message);
        return;
      }
      case 'worker.enrolled':
      case 'worker.retired': {
        const what = fact.type === 'worker.enrolled' ? 'has come' : 'has left';
        const message = fact.detail === '' ? `worker ${what}` : `worker ${what}: ${fact.detail}`;
        logs.pool.info({ seq, worker_id: fact.workerId }, message);
        logs.worker(fact.workerId).info(typed('info', { seq }), message);
        return;
      }
      case 'worker.rated': {
        const details = { seq, from: fact.from, to: fact.to };
        logs.pool.info({ ...details, worker_id: fact.workerId }, 'the performance factor was corrected');
        return;
      }
      case 'endpoint.changed': {
        const { endpoint, from, to, detail, failures } = fact;
        const level = to === 'open' ? 'warn' : 'info';
        logs.pool[level]({ seq, endpoint, from, to, failures }, `circuit breaker is ${to}: ${detail}`);
        return;
      }
      case 'pool.reconfigured':
        logs.pool.info(
          { seq, version: fact.version, changes: fact.changes },
          'the configuration was reloaded',
        );
        return;
      case 'worker.reported_late': {
        const details = {
          seq,
          task_id: fact.taskId,
          assignment_id: fact.assignmentId,
          outcome: fact.outcome,
        };
        logs.pool.warn({ ...details, worker_id: fact.workerId }, 'a result came after its lease had ended');
        return;
      }
      case 'pool.started':
        logs.pool.info({ seq, recovered: fact.recovered, waiting: fact.waiting }, 'pool started');
        return;
      case 'pool.paused':
      case 'pool.resumed':
      case 'pool.stopped':
        logs.pool.info({ seq }, fact.type.replace('.', ' '));
        return;
      case 'actor.signalled': {
        const { actor, machine, event, fields, by } = fact;
        const message = `${by} sent ${event} to ${actor}`;
        logs.pool.info({ seq, actor, signal: event, fields, by }, message);
        if (machine === 'worker') {
          logs.worker(actor.slice('worker:'.length)).info(typed('info', { seq, signal: event, by }), message);
        }
        return;
      }
      case 'journal.resumed':
        logs.pool.warn({ seq, stalled_ms: fact.stalledMs }, 'the database can be written again');
        return;
      case 'pool.draining':
        logs.pool.info({ seq, leases: fact.leases }, 'pool draining');
    }
  };
}

function typed(type: LineType, details: object): object {
  return { type, ...details };
}
