import Database from 'better-sqlite3';

const schema = `
  CREATE TABLE tasks (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL, type TEXT NOT NULL, priority INTEGER NOT NULL,
    status TEXT NOT NULL, lease INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    prompt TEXT NOT NULL, result TEXT
  );
  CREATE INDEX tasks_ready ON tasks (priority, seq) WHERE status = 'pending';
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY, task_id TEXT NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL, data TEXT NOT NULL
  );`;

/**
 * What the queue has decided since the last commit.
 *
 * @typedef {object} Batch
 * @property {import('./queue.mjs').Task[]} accepted
 * @property {import('./queue.mjs').Task[]} claimed
 * @property {import('./queue.mjs').Task[]} ended
 */

/** Two tables, six statements; each change of a task is one row changed and one event, in the same transaction. */
export class Store {
  #db;
  #statements;
  #transact;
  #lastEvent = 0;

  /** @param {string} path */
  constructor(path) {
    this.#db = new Database(path);
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('synchronous = FULL');
    this.#db.pragma('cache_size = -16000');
    this.#db.exec(schema);
    this.#statements = {
      insert: this.#db.prepare("INSERT INTO tasks VALUES (?, ?, ?, ?, 'pending', NULL, ?, ?, ?, NULL)"),
      claim: this.#db.prepare(
        "UPDATE tasks SET status = 'running', lease = ?, updated_at = ? WHERE id = ? AND status = 'pending'",
      ),
      end: this.#db.prepare(
        "UPDATE tasks SET status = 'completed', result = ?, updated_at = ? WHERE id = ? AND status = 'running' AND lease = ?",
      ),
      event: this.#db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?)'),
    };
    this.#transact = this.#db.transaction((batch) => this.#write(batch)).immediate;
  }

  /** Writes all of it or nothing. On disk when it returns. @param {Batch} batch */
  commit(batch) {
    this.#transact(batch);
  }

  close() {
    this.#db.close();
  }

  #write({ accepted, claimed, ended }) {
    const now = Date.now();
    const { insert, claim, end } = this.#statements;
    for (const { id, seq, type, priority, prompt } of accepted) {
      insert.run(id, seq, type, priority, now, now, prompt);
      this.#event(id, 'accepted', now, { type, priority });
    }
    for (const { id, lease } of claimed) {
      assertOne(claim.run(lease, now, id));
      this.#event(id, 'claimed', now, { lease });
    }
    for (const { id, lease, output } of ended) {
      assertOne(end.run(JSON.stringify({ output }), now, id, lease));
      this.#event(id, 'completed', now, { lease, chars: output.length });
    }
  }

  #event(id, type, now, data) {
    this.#lastEvent += 1;
    this.#statements.event.run(this.#lastEvent, id, type, now, JSON.stringify(data));
  }
}

function assertOne({ changes }) {
  if (changes !== 1) throw new Error('a row is not in the state that it was left in');
}
