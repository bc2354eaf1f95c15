import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 128 });
const turnMs = 20;
/** Of the tasks, this part is cancelled right after it was accepted. */
const cancelled = 0.02;

function ask(method, url, value) {
  const body = value === undefined ? '' : JSON.stringify(value);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => {
        text += part;
      });
      response.once('end', () => resolve({ status: response.statusCode, text }));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** What was handed in and has not been told as ended, and the times of those that have. */
export class Ledger {
  accepted = 0;
  refused = 0;
  cancels = 0;
  ended = 0;
  /** ms from the acknowledgement to the ending told, of the last second. */
  times = [];
  #open = new Map();
  /** Endings that were heard before the answer to the request. */
  #early = new Set();

  get open() {
    return this.#open.size;
  }

  /** @returns {readonly string[]} */
  get openIds() {
    return [...this.#open.keys()];
  }

  accept(id) {
    this.accepted += 1;
    if (this.#early.delete(id)) this.#count(0);
    else this.#open.set(id, performance.now());
  }

  /** @param {string} id */
  end(id) {
    const since = this.#open.get(id);
    if (since === undefined) {
      this.#early.add(id);
      return;
    }
    this.#open.delete(id);
    this.#count(performance.now() - since);
  }

  /** Forgets what it heard of tasks that are not its own. */
  settle() {
    this.#early.clear();
  }

  #count(ms) {
    this.ended += 1;
    this.times.push(ms);
  }
}

/**
 * Hands in tasks at an even pace until it is aborted.
 *
 * @param {string} base
 * @param {{ perSecond: number, ledger: Ledger, signal: AbortSignal }} options
 */
export async function feed(base, { perSecond, ledger, signal }) {
  const begunMs = performance.now();
  const underWay = new Set();
  let sent = 0;
  const one = async () => {
    const task = { prompt: `task ${sent} of the soak`, priority: 1 + (sent % 10), type: 'general' };
    const { status, text } = await ask('POST', `${base}/task/delegate`, task);
    if (status !== 202) {
      ledger.refused += 1;
      return;
    }
    const { task_id: id } = JSON.parse(text);
    ledger.accept(id);
    if (Math.random() >= cancelled) return;
    ledger.cancels += 1;
    await ask('DELETE', `${base}/task/${id}`);
  };
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - begunMs) / 1_000) * perSecond);
    for (; sent < due; sent += 1) {
      const going = one()
        .catch(() => {
          ledger.refused += 1;
        })
        .finally(() => underWay.delete(going));
      underWay.add(going);
    }
    await new Promise((resolve) => setTimeout(resolve, turnMs));
  }
  await Promise.all(underWay);
}
