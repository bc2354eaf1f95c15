/** A task that was acknowledged, as it was asked for. */
export interface Acknowledged {
  readonly id: string;
  readonly prompt: string;
  readonly priority: number;
}

interface Answer {
  readonly task_id: string;
}

/**
 * Clients that hand in tasks without a pause, alone, in bulk and waiting for the answer, and note each id that they
 * were given. A request that gets no answer is tried again later, as clients do.
 */
export class Load {
  readonly acknowledged: Acknowledged[] = [];
  /** Replies that no client may get. */
  readonly wrongAnswers: string[] = [];
  #url = '';
  #running = true;
  #count = 0;
  readonly #clients: Promise<void>[];

  constructor(clients: number) {
    this.#clients = Array.from({ length: clients }, (_, n) => this.#client(n));
  }

  /** Where the server is now; empty while there is none. */
  point(url: string): void {
    this.#url = url;
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#clients);
  }

  async #client(n: number): Promise<void> {
    while (this.#running) {
      if (this.#url === '') await new Promise((resolve) => setImmediate(resolve));
      else if (n % 3 === 0) await this.#bulk();
      else await this.#single(n % 3 === 1);
    }
  }

  async #single(sync: boolean): Promise<void> {
    const task = this.#next();
    const answer = await this.#post('/task/delegate', { ...task, sync });
    if (answer !== undefined) this.acknowledged.push({ ...task, id: (answer as Answer).task_id });
  }

  async #bulk(): Promise<void> {
    const tasks = Array.from({ length: 5 }, () => this.#next());
    const answer = await this.#post('/tasks/delegate', { tasks });
    if (answer === undefined) return;
    for (const [index, { task_id }] of (answer as { tasks: Answer[] }).tasks.entries()) {
      const task = tasks[index];
      if (task !== undefined) this.acknowledged.push({ ...task, id: task_id });
    }
  }

  #next(): { prompt: string; priority: number } {
    this.#count += 1;
    return { prompt: `task ${this.#count} 工房`, priority: 1 + (this.#count % 10) };
  }

  async #post(path: string, body: object): Promise<unknown> {
    try {
      const response = await fetch(this.#url + path, { method: 'POST', body: JSON.stringify(body) });
      const answer: unknown = await response.json();
      if (response.status === 200 || response.status === 202) return answer;
      if (response.status !== 503) this.wrongAnswers.push(`${response.status} ${JSON.stringify(answer)}`);
      return undefined;
    } catch {
      return undefined; // No answer: the server is gone. The task may exist or not; nobody was promised anything.
    }
  }
}
