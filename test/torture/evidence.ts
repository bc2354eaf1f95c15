import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { faultsOf } from '../e2e/history-check.ts';
import type { DatabaseRecord, EventRow, Generation, TaskRow } from './history.ts';
import { parseWork } from './work.ts';

/** What the database of a home holds, read when its server has ended. */
export function readRecord(home: string): DatabaseRecord {
  const db = new Database(join(home, 'db', 'koubou.db'), { readonly: true });
  try {
    const rows = db.prepare('SELECT * FROM task_master ORDER BY seq').all() as Record<string, unknown>[];
    const events = db
      .prepare('SELECT seq, task_id taskId, type, at atMs FROM events ORDER BY seq')
      .all() as EventRow[];
    return { tasks: rows.map(taskOf), events, damage: faultsOf(home) };
  } finally {
    db.close();
  }
}

function taskOf(row: Record<string, unknown>): TaskRow {
  const result = JSON.parse(String(row['result'] ?? 'null')) as Record<string, unknown> | null;
  const ended = row['ended_at'];
  return {
    taskId: String(row['task_id']),
    op: opIn(row),
    seq: Number(row['seq']),
    priority: Number(row['priority']),
    status: String(row['status']),
    output: typeof result?.['output'] === 'string' ? result['output'] : null,
    errorCode: typeof result?.['error_code'] === 'string' ? result['error_code'] : null,
    endedMs: typeof ended === 'string' ? Date.parse(`${ended.replace(' ', 'T')}Z`) : null,
  };
}

/** A conversation has its prompt among the messages of its request. */
function opIn({ prompt, metadata }: Record<string, unknown>): string {
  try {
    return parseWork(`${prompt} ${metadata}`).op;
  } catch {
    return `an unknown prompt: ${String(prompt).slice(0, 100)}`;
  }
}

interface Entry {
  readonly atMs: number;
  readonly event: 'begun' | 'complete' | 'broke' | 'left';
  readonly id: string;
  readonly op?: string;
  readonly via?: string;
}

/** The log of the models' server. A line that was cut by its death tells nothing. */
export function readGenerations(file: string): readonly Generation[] {
  const generations = new Map<string, Generation>();
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    const entry = entryIn(line);
    if (entry === undefined) continue;
    const { id, event, atMs, op = '', via = '' } = entry;
    const known = generations.get(id);
    if (event === 'begun') generations.set(id, { id, op, via, begunMs: atMs, endedMs: null, end: 'open' });
    else if (known !== undefined) generations.set(id, { ...known, endedMs: atMs, end: event });
  }
  return [...generations.values()];
}

function entryIn(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}
