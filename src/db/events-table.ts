import { desc, getTableColumns, sql } from 'drizzle-orm';
import type { Fact } from '../machines/facts.ts';
import type { Db } from './client.ts';
import { prepareRead } from './read-statement.ts';
import { events } from './schema.ts';
import { prepareWrite } from './write-statement.ts';

export type EventRow = typeof events.$inferSelect;

const lastColumns = { seq: sql<number | null>`max(${events.seq})` };

/** The statements of `events`. */
export function eventStatements(db: Db) {
  return {
    insert: prepareWrite(
      db,
      db.insert(events).values({
        seq: sql.placeholder('seq'),
        taskId: sql.placeholder('taskId'),
        type: sql.placeholder('type'),
        from: sql.placeholder('from'),
        to: sql.placeholder('to'),
        atMs: sql.placeholder('atMs'),
        data: sql.placeholder('data'),
      }),
    ),
    last: prepareRead<{ seq: number | null }>(db, lastColumns, db.select(lastColumns).from(events)),
    since: prepareRead<EventRow>(
      db,
      getTableColumns(events),
      db
        .select()
        .from(events)
        .where(sql`${events.seq} > ${sql.placeholder('afterSeq')}`)
        .orderBy(events.seq)
        .limit(sql.placeholder('limit')),
    ),
    /** What was last said of a pause. */
    lastPause: db
      .select({ type: events.type })
      .from(events)
      .where(sql`${events.type} IN ('pool.paused', 'pool.resumed') AND ${events.seq} > 0`)
      .orderBy(desc(events.seq))
      .limit(1)
      .prepare(),
    ofTask: prepareRead<EventRow>(
      db,
      getTableColumns(events),
      db
        .select()
        .from(events)
        .where(
          sql`${events.taskId} = ${sql.placeholder('taskId')} AND ${events.seq} > ${sql.placeholder('afterSeq')}`,
        )
        .orderBy(events.seq)
        .limit(sql.placeholder('limit')),
    ),
  };
}

export type EventStatements = ReturnType<typeof eventStatements>;

export function insertEvent(statements: EventStatements, seq: number, fact: Fact, atMs: number): void {
  const { data, ...described } = describe(fact);
  statements.insert.run({ seq, atMs, type: fact.type, ...described, data: JSON.stringify(data) });
}

interface Description {
  readonly taskId: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The row of a fact. Prompts and outputs stay in `task_master`: an event is small. */
export function describe(fact: Fact): Description {
  switch (fact.type) {
    case 'task.accepted': {
      const { taskId, task } = fact;
      const data = { priority: task.priority, task_type: task.taskType, run_at: task.runAtMs };
      return row(taskId, null, task.runAtMs === null ? 'queued' : 'scheduled', data);
    }
    case 'task.assigned': {
      const { assignmentId: assignment_id, workerId: worker_id, model, lease, reason } = fact;
      return row(fact.taskId, 'queued', 'assigned', { assignment_id, worker_id, model, lease, reason });
    }
    case 'task.retried': {
      const { assignmentId: assignment_id, workerId: worker_id, failure, delayMs: delay_ms } = fact;
      const { failures, fallbacks } = fact;
      const to = fact.delayMs > 0 ? 'backingOff' : 'queued';
      const lease = { assignment_id, worker_id };
      return row(fact.taskId, 'running', to, { ...lease, failure, delay_ms, failures, fallbacks });
    }
    case 'task.reprioritized':
      return row(fact.taskId, fact.from, fact.from, { priority: fact.priority });
    case 'task.completed': {
      const { assignmentId: assignment_id, workerId: worker_id, model, output, usage } = fact;
      return row(fact.taskId, 'running', 'completed', {
        assignment_id,
        worker_id,
        model,
        chars: output.length,
        usage,
        elapsed_ms: Math.round(fact.elapsedMs),
      });
    }
    case 'task.failed': {
      const { assignmentId: assignment_id, workerId: worker_id, failure } = fact;
      const from = fact.assignmentId === null ? 'queued' : 'running';
      return row(fact.taskId, from, 'failed', { assignment_id, worker_id, failure });
    }
    case 'task.cancelled': {
      const { assignmentId: assignment_id, workerId: worker_id } = fact;
      return row(fact.taskId, fact.from, 'cancelled', { assignment_id, worker_id });
    }
    case 'worker.changed':
      return row(null, fact.from, fact.to, { worker_id: fact.workerId, detail: fact.detail });
    case 'worker.readmitted':
      return row(null, fact.from, fact.to, { worker_id: fact.workerId, detail: fact.detail });
    case 'worker.enrolled':
    case 'worker.retired':
      return row(null, null, null, { worker_id: fact.workerId, detail: fact.detail });
    case 'worker.rated':
      return row(null, String(fact.from), String(fact.to), { worker_id: fact.workerId });
    case 'endpoint.changed': {
      const { endpoint, detail, failures } = fact;
      return row(null, fact.from, fact.to, { endpoint, detail, failures });
    }
    case 'pool.reconfigured':
      return row(null, null, null, { version: fact.version, changes: fact.changes });
    case 'worker.reported_late': {
      // Of the worker, not of the task: nothing happens to a task after its ending.
      const { workerId: worker_id, taskId: task_id, assignmentId: assignment_id, outcome } = fact;
      return row(null, null, null, { worker_id, task_id, assignment_id, outcome });
    }
    case 'pool.started':
      return row(null, 'starting', 'running', { recovered: fact.recovered, waiting: fact.waiting });
    case 'pool.paused':
      return row(null, 'running', 'paused', {});
    case 'pool.resumed':
      return row(null, 'paused', 'running', {});
    case 'pool.draining':
      return row(null, 'running', 'draining', { leases: fact.leases });
    case 'pool.stopped':
      return row(null, 'draining', 'stopped', {});
    case 'journal.resumed':
      return row(null, 'stalled', 'writing', { stalled_ms: fact.stalledMs });
    case 'actor.signalled': {
      const { actor, machine, fields, by } = fact;
      // So that it stands among what is told of this worker, or of this server.
      const id = actor.slice(actor.indexOf(':') + 1);
      const whose = { worker: { worker_id: id }, endpoint: { endpoint: id } };
      const of = machine === 'worker' || machine === 'endpoint' ? whose[machine] : {};
      return row(null, null, null, { actor, machine, signal: fact.event, fields, by, ...of });
    }
  }
}

function row(
  taskId: string | null,
  from: string | null,
  to: string | null,
  data: Description['data'],
): Description {
  return { taskId, from, to, data };
}
