import type { TextRelay } from '../actors/text-relay.ts';
import type { CommittedFact } from '../machines/facts.ts';
import type { CommittedLease, LeaseName } from '../machines/pool-events.ts';

/** What the workers must learn from a commit. */
export interface WorkerOrders {
  readonly leased: readonly CommittedLease[];
  readonly cancelled: readonly LeaseName[];
}

/** Reads from committed facts what is to be begun and what is to be stopped, and turns the live text over to it. */
export function ordersOf(committed: readonly CommittedFact[], texts: TextRelay): WorkerOrders {
  const leased: CommittedLease[] = [];
  const cancelled: LeaseName[] = [];
  for (const { fact } of committed) {
    switch (fact.type) {
      case 'task.assigned':
        texts.open(fact.taskId, fact.assignmentId);
        leased.push(fact);
        break;
      case 'task.cancelled': {
        const { taskId, assignmentId, workerId } = fact;
        texts.close(taskId);
        if (assignmentId !== null && workerId !== null) cancelled.push({ taskId, assignmentId, workerId });
        break;
      }
      case 'task.completed':
      case 'task.failed':
      case 'task.retried':
        texts.close(fact.taskId);
        break;
      case 'task.accepted':
      case 'task.reprioritized':
      case 'worker.changed':
      case 'worker.readmitted':
      case 'worker.enrolled':
      case 'worker.retired':
      case 'worker.rated':
      case 'worker.reported_late':
      case 'endpoint.changed':
      case 'pool.reconfigured':
      case 'pool.started':
      case 'pool.paused':
      case 'pool.resumed':
      case 'pool.draining':
      case 'pool.stopped':
      case 'journal.resumed':
      case 'actor.signalled':
        break;
    }
  }
  return { leased, cancelled };
}
