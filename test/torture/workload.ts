import { setTimeout as pause } from 'node:timers/promises';
import { field, look, type Notebook, parsed, send, textField } from './asking.ts';
import type { Chance } from './chance.ts';
import { askAtDoor, type Heard } from './doors.ts';
import { type Door, isEnding } from './history.ts';
import type { Urls } from './site.ts';
import { type Wish, wishOf } from './wish.ts';

/** Clients at each door; together they ask for somewhat less than the workers can do. */
const clientsAt: Readonly<Record<Door, number>> = {
  rest: 4,
  'rest-sync': 2,
  herd: 1,
  graphql: 2,
  mcp: 2,
  openai: 2,
  ollama: 2,
};
/** A herd brings so many at once, more than there are slots: then there is an order to judge. */
const herdSize = 24;
const herdPauseMs = 6_000;
/** How long a client goes on asking for what it has been promised while nobody answers. */
const patienceMs = 120_000;

/** Clients that ask, wait, look, follow and cancel without a pause, and note all that they are told. */
export class Workload {
  readonly #urls: Urls;
  readonly #chance: Chance;
  readonly #notebook: Notebook;
  readonly #clients: Promise<void>[] = [];
  #isAsking = true;

  constructor(urls: Urls, chance: Chance, notebook: Notebook) {
    this.#urls = urls;
    this.#chance = chance;
    this.#notebook = notebook;
  }

  start(): void {
    for (const [door, count] of Object.entries(clientsAt) as [Door, number][]) {
      for (let n = 0; n < count; n += 1) this.#clients.push(this.#client(door, `${door}${n}`));
    }
  }

  /** Nothing new is asked for; comes back when every client has got what it waits for, or has given up. */
  async stop(): Promise<void> {
    this.#isAsking = false;
    await Promise.all(this.#clients);
  }

  async #client(door: Door, name: string): Promise<void> {
    for (let turn = 0; this.#isAsking; turn += 1) {
      if (door === 'herd') {
        await this.#herd(name, turn);
        await pause(herdPauseMs);
        continue;
      }
      const wish = wishOf(this.#chance, door, name, turn);
      this.#asked(wish);
      const taskId = await this.#ask(wish, askAtDoor[door]);
      if (taskId !== null) await this.#after(wish, taskId);
      await pause(this.#chance.between(20, 250, `${wish.op} think`));
    }
  }

  #asked({ op, door, priority }: Wish): void {
    const isPlain = door !== 'openai' && door !== 'ollama';
    this.#notebook.note({ type: 'asked', op, door, priority, isPlain, atMs: Date.now() });
  }

  /** @returns the id that it was acknowledged under, null when it was not */
  async #ask(
    wish: Wish,
    ask: (urls: Urls, wish: Wish) => Promise<Heard | undefined>,
  ): Promise<string | null> {
    const untilMs = Date.now() + patienceMs;
    for (;;) {
      const heard = await ask(this.#urls, wish);
      const mayRepeat = wish.key !== null && Date.now() < untilMs && wish.door !== 'graphql';
      if (heard === undefined) this.#notebook.note({ type: 'unanswered', op: wish.op, atMs: Date.now() });
      else if (heard.taskId !== null) return this.#acknowledged(wish, heard.taskId, heard);
      else {
        const { status, text, atMs } = heard.answer;
        this.#notebook.note({ type: 'refused', op: wish.op, status, text: text.slice(0, 300), atMs });
        if (status < 500) return null;
      }
      if (!mayRepeat) return null;
      await pause(150);
    }
  }

  #acknowledged({ op }: Wish, taskId: string, { answer: { sentMs, atMs }, ending }: Heard): string {
    this.#notebook.note({ type: 'acknowledged', op, taskId, sentMs, atMs });
    if (ending !== undefined)
      this.#notebook.note({ type: 'seen', op, taskId, by: 'sync', ...ending, sentMs, atMs });
    return taskId;
  }

  async #after({ op, after, cancelAfterMs }: Wish, taskId: string): Promise<void> {
    const { rest } = this.#urls;
    if (after === 'leave') return;
    if (after === 'cancel') {
      await pause(cancelAfterMs);
      const answer = await send(`${rest}/task/${taskId}`, 'DELETE');
      if (answer?.status === 200) this.#notebook.note({ type: 'cancelled', op, taskId, atMs: answer.atMs });
    }
    if (after === 'follow') await this.#follow(op, taskId);
    const untilMs = Date.now() + patienceMs;
    while (Date.now() < untilMs) {
      const status = await look(this.#notebook, rest, { op, taskId, by: 'look' });
      if (status === 'missing' || (status !== undefined && isEnding(status))) return;
      await pause(150);
    }
  }

  async #follow(op: string, taskId: string): Promise<void> {
    const answer = await send(`${this.#urls.rest}/task/${taskId}/events`, 'GET');
    const status = /^event: task\.(completed|failed|cancelled)$/m.exec(answer?.text ?? '')?.[1];
    if (answer === undefined || status === undefined) return;
    const { sentMs, atMs } = answer;
    this.#notebook.note({ type: 'seen', op, taskId, by: 'follow', status, output: null, sentMs, atMs });
  }

  /** Many tasks in one request: all or none, under one key. */
  async #herd(name: string, turn: number): Promise<void> {
    const wishes = Array.from({ length: herdSize }, (_, at) =>
      wishOf(this.#chance, 'herd', `${name}-${turn}`, at),
    );
    for (const wish of wishes) this.#asked(wish);
    const tasks = wishes.map(({ prompt, priority }) => ({ prompt, priority }));
    const headers = { 'idempotency-key': `key-${this.#chance.seed}-${name}-${turn}` };
    const untilMs = Date.now() + patienceMs;
    while (Date.now() < untilMs) {
      const answer = await send(`${this.#urls.rest}/tasks/delegate`, 'POST', { tasks }, headers);
      const given = field(parsed(answer?.text ?? ''), 'tasks');
      if (answer !== undefined && Array.isArray(given)) {
        const { sentMs, atMs } = answer;
        for (const [at, { op }] of wishes.entries()) {
          const taskId = textField(given, at, 'task_id') ?? 'none';
          this.#notebook.note({ type: 'acknowledged', op, taskId, sentMs, atMs });
        }
        return;
      }
      await pause(150);
    }
  }
}
