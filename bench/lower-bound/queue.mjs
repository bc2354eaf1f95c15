import { randomBytes } from 'node:crypto';
import { Store } from './store.mjs';

/**
 * @typedef {object} Task
 * @property {string} id
 * @property {number} seq
 * @property {string} type
 * @property {number} priority
 * @property {string} prompt
 * @property {number} lease 0 until it is claimed
 * @property {string} output
 *
 * @typedef {Pick<Task, 'prompt' | 'type' | 'priority'>} Spec
 *
 * @typedef {object} Options
 * @property {string} path of the database
 * @property {Readonly<Record<string, number>>} slots by type
 * @property {(task: Task) => Promise<string>} run
 */

/** First in, first out, without moving what waits. */
class Fifo {
  #items = [];
  #first = 0;

  push(item) {
    this.#items.push(item);
  }

  shift() {
    if (this.#first === this.#items.length) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first] = undefined;
    this.#first += 1;
    if (this.#first === this.#items.length) {
      this.#items = [];
      this.#first = 0;
    }
    return item;
  }
}

/**
 * The least that a durable queue can do, written by hand: rows and events in SQLite, one transaction for all that a
 * turn of the event loop brings, arrays in memory, and nothing told before it is on disk. What it leaves out is in
 * `bench/README.md`.
 */
export class LowerBound {
  #store;
  #run;
  #free;
  /** By type, then priority. */
  #ready = new Map();
  #batch = emptyBatch();
  #acknowledge = [];
  #listeners = [];
  #isTurnWanted = false;
  #isPaused = false;
  #lastSeq = 0;
  #lastLease = 0;
  #commits = 0;

  /** @param {Options} options */
  constructor({ path, slots, run }) {
    this.#store = new Store(path);
    this.#run = run;
    this.#free = new Map(Object.entries(slots));
  }

  /** @param {readonly Spec[]} specs @returns {Promise<readonly string[]>} when they are on disk */
  delegate(specs) {
    const tasks = specs.map((spec) => this.#accept(spec));
    this.#wantTurn();
    return new Promise((resolve) => {
      this.#acknowledge.push(() => resolve(tasks.map(({ id }) => id)));
    });
  }

  get commits() {
    return this.#commits;
  }

  /** @param {(task: Task) => void} listener */
  onEnded(listener) {
    this.#listeners.push(listener);
  }

  pause() {
    this.#isPaused = true;
  }

  resume() {
    this.#isPaused = false;
    this.#wantTurn();
  }

  close() {
    this.#store.close();
  }

  /** @param {Spec} spec @returns {Task} */
  #accept({ prompt, type, priority }) {
    this.#lastSeq += 1;
    const id = `task_${Date.now()}_${this.#lastSeq}_${randomBytes(8).toString('hex')}`;
    const task = { id, seq: this.#lastSeq, type, priority, prompt, lease: 0, output: '' };
    this.#batch.accepted.push(task);
    this.#lane(type, priority).push(task);
    return task;
  }

  #wantTurn() {
    if (this.#isTurnWanted) return;
    this.#isTurnWanted = true;
    setImmediate(() => this.#turn());
  }

  #turn() {
    this.#isTurnWanted = false;
    if (!this.#isPaused) this.#claim();
    const batch = this.#batch;
    const acknowledge = this.#acknowledge;
    this.#batch = emptyBatch();
    this.#acknowledge = [];
    if (batch.accepted.length + batch.claimed.length + batch.ended.length === 0) return;
    this.#store.commit(batch);
    this.#commits += 1;
    for (const tell of acknowledge) tell();
    for (const task of batch.claimed) this.#start(task);
    for (const task of batch.ended) for (const listener of this.#listeners) listener(task);
  }

  #claim() {
    for (const [type, free] of this.#free) {
      let left = free;
      for (; left > 0; left -= 1) {
        const task = this.#next(type);
        if (task === undefined) break;
        this.#lastLease += 1;
        task.lease = this.#lastLease;
        this.#batch.claimed.push(task);
      }
      this.#free.set(type, left);
    }
  }

  #start(task) {
    void this.#run(task).then((output) => {
      task.output = output;
      this.#free.set(task.type, this.#free.get(task.type) + 1);
      this.#batch.ended.push(task);
      this.#wantTurn();
    });
  }

  /** @returns {Task | undefined} */
  #next(type) {
    for (const lane of this.#lanes(type)) {
      const task = lane?.shift();
      if (task !== undefined) return task;
    }
    return undefined;
  }

  #lane(type, priority) {
    const lanes = this.#lanes(type);
    lanes[10 - priority] ??= new Fifo();
    return lanes[10 - priority];
  }

  #lanes(type) {
    const lanes = this.#ready.get(type) ?? [];
    this.#ready.set(type, lanes);
    return lanes;
  }
}

function emptyBatch() {
  return { accepted: [], claimed: [], ended: [] };
}
