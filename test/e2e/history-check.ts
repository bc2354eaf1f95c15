import { join } from 'node:path';
import Database from 'better-sqlite3';

/** What is wrong with the history that a home has on disk; nothing, if all promises were kept. */
export function faultsOf(home: string): readonly string[] {
  const db = new Database(join(home, 'db', 'koubou.db'), { readonly: true });
  try {
    return [...integrity(db), ...gaps(db), ...grammar(db), ...rowsAgainstEvents(db), ...fencing(db)];
  } finally {
    db.close();
  }
}

interface EventRow {
  readonly task_id: string;
  readonly type: string;
}

function integrity(db: Database.Database): string[] {
  const found = db.pragma('integrity_check', { simple: true });
  return found === 'ok' ? [] : [`integrity_check: ${String(found)}`];
}

function gaps(db: Database.Database): string[] {
  const { first, last, count } = db
    .prepare('SELECT min(seq) first, max(seq) last, count(*) count FROM events')
    .get() as {
    first: number;
    last: number;
    count: number;
  };
  return first === 1 && last === count
    ? []
    : [`seq is not gap-free: ${first} to ${last} are ${count} events`];
}

const story = /^accepted( assigned retried)*(( assigned)?( (completed|failed|cancelled))?)$/;

function grammar(db: Database.Database): string[] {
  const events = db
    .prepare('SELECT task_id, type FROM events WHERE task_id IS NOT NULL ORDER BY seq')
    .all() as EventRow[];
  const stories = new Map<string, string[]>();
  for (const { task_id, type } of events) {
    const told = stories.get(task_id) ?? [];
    told.push(type.replace('task.', ''));
    stories.set(task_id, told);
  }
  return [...stories]
    .filter(([, told]) => !story.test(told.join(' ')))
    .map(([id, told]) => `${id}: ${told.join(' ')}`);
}

function rowsAgainstEvents(db: Database.Database): string[] {
  const statusAfter: Record<string, string> = {
    'task.accepted': 'pending',
    'task.assigned': 'in_progress',
    'task.retried': 'pending',
    'task.completed': 'completed',
    'task.failed': 'failed',
    'task.cancelled': 'cancelled',
  };
  const rows = db
    .prepare(
      `SELECT t.task_id, t.status, (SELECT type FROM events e WHERE e.task_id = t.task_id ORDER BY seq DESC LIMIT 1) AS type
       FROM task_master t`,
    )
    .all() as { task_id: string; status: string; type: string }[];
  return rows
    .filter(({ status, type }) => statusAfter[type] !== status)
    .map(({ task_id, status, type }) => `${task_id} is ${status}, but its last event is ${type}`);
}

/** Each ending carries the last lease, and no task has two live ones. */
function fencing(db: Database.Database): string[] {
  const wrong = db
    .prepare(
      `SELECT t.task_id FROM task_master t WHERE t.status IN ('completed', 'failed') AND t.assignment_id IS NOT
         (SELECT max(assignment_id) FROM task_assignments a WHERE a.task_id = t.task_id)
       UNION ALL
       SELECT task_id FROM task_assignments WHERE assignment_status = 'active' GROUP BY task_id HAVING count(*) > 1`,
    )
    .all() as { task_id: string }[];
  return wrong.map(({ task_id }) => `${task_id}: an ending without the last lease, or two leases`);
}
