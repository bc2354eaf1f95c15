import type { LiveEvent } from './live-event.ts';

/** A task in the list. */
export interface TaskRow {
  readonly task_id: string;
  readonly status: string;
  readonly type: string;
  readonly priority: number;
  readonly summary: string;
  readonly worker_id: string | null;
  readonly created_at: string;
}

/** So many that came meanwhile are told apart; beyond, it is "many". */
const newMax = 10_000;

/** The rows of a list as far as they were read, kept as they are now by what happens. */
export class TaskRows {
  readonly #rows: TaskRow[] = [];
  readonly #placeOf = new Map<string, number>();
  readonly #new = new Set<string>();

  get length(): number {
    return this.#rows.length;
  }

  /** Tasks that were accepted since the list was read. */
  get newCount(): number {
    return this.#new.size;
  }

  at(place: number): TaskRow | undefined {
    return this.#rows[place];
  }

  slice(from: number, to: number): readonly TaskRow[] {
    return this.#rows.slice(from, to);
  }

  /** The next page; what is there already stays where it is. */
  append(rows: readonly TaskRow[]): void {
    for (const row of rows) {
      this.#new.delete(row.task_id);
      if (this.#placeOf.has(row.task_id)) continue;
      this.#placeOf.set(row.task_id, this.#rows.length);
      this.#rows.push(row);
    }
  }

  /** Changes the rows that events are about. @returns whether anything that is shown has changed */
  hear(events: readonly LiveEvent[]): boolean {
    let hasChanged = false;
    for (const event of events) {
      if (event.type === 'task_update' && this.#hear(event)) hasChanged = true;
    }
    return hasChanged;
  }

  #hear({ task_id: taskId = '', status, details }: LiveEvent): boolean {
    const place = this.#placeOf.get(taskId);
    const row = place === undefined ? undefined : this.#rows[place];
    if (row === undefined || place === undefined) {
      if (details.event !== 'task.accepted' || this.#new.size >= newMax) return false;
      this.#new.add(taskId);
      return true;
    }
    const { worker_id, priority } = details;
    this.#rows[place] = {
      ...row,
      status: status ?? row.status,
      worker_id: typeof worker_id === 'string' ? worker_id : row.worker_id,
      priority: typeof priority === 'number' ? priority : row.priority,
    };
    return true;
  }
}
