import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { onDisposal } from '../support/disposal.ts';
import { startFakeOllama } from '../support/fake-ollama.ts';
import { until } from '../support/until.ts';
import { type Installation, KoubouProcess, setupInstallation } from './koubou-process.ts';

const tokens = Array.from({ length: 80 }, (_, index) => `${index} `);

interface Told {
  readonly type: string;
  readonly seq: number;
  readonly text: string;
  readonly offset: number;
  readonly assignment_id: number;
  readonly details: { readonly event: string; readonly result: { readonly output: string } };
}

/** Somebody who watches one task, goes when the server does, and comes back with what it had. */
class Reader {
  readonly told: Told[] = [];
  #ws: WebSocket | undefined;
  #seq = 0;
  #offset = 0;

  constructor() {
    onDisposal(() => this.#ws?.terminate());
  }

  get texts(): readonly Told[] {
    return this.told.filter(({ type }) => type === 'task_text');
  }

  watch(installation: Installation, taskId: string): void {
    const { urls } = JSON.parse(readFileSync(join(installation.home, 'run', 'koubou.json'), 'utf8'));
    this.#ws?.terminate();
    const ws = new WebSocket(urls.websocket);
    this.#ws = ws;
    const since = { since: this.#seq, offset: this.#offset };
    const command = { command: 'subscribe', channel: 'task', task_id: taskId, tokens: true, ...since };
    ws.on('open', () => ws.send(JSON.stringify(command)));
    ws.on('error', () => undefined);
    ws.on('message', (data) => this.#hear(JSON.parse(String(data))));
  }

  #hear(message: Told): void {
    if (!['task_update', 'task_text', 'task_ended', 'error'].includes(message.type)) return;
    this.told.push(message);
    if (message.type === 'task_update') [this.#seq, this.#offset] = [message.seq, 0];
    if (message.type === 'task_text') {
      [this.#seq, this.#offset] = [message.seq, message.offset + message.text.length];
    }
  }
}

/** The text of each attempt, put together; a piece that was lost or came twice does not fit. */
function textsByAttempt(told: readonly Told[]): ReadonlyMap<number, string> {
  const texts = new Map<number, string>();
  for (const { assignment_id: attempt, offset, text } of told) {
    const before = texts.get(attempt) ?? '';
    expect([attempt, offset]).toEqual([attempt, before.length]);
    texts.set(attempt, before + text);
  }
  return texts;
}

test('who watches the tokens of a task over kills of the server and cuts misses none and reads none twice', {
  timeout: 60_000,
}, async () => {
  const ollama = await startFakeOllama({ mode: 'slow', tokens, tokenDelayMs: 15 });
  onDisposal(() => ollama.close());
  const installation = setupInstallation({ ollamaUrl: ollama.url });
  let koubou = await KoubouProcess.start(installation);
  const asked = await fetch(`${koubou.url}/task/delegate`, {
    method: 'POST',
    body: JSON.stringify({ prompt: 'count', options: { retry_count: 5 } }),
  });
  const { task_id: taskId } = (await asked.json()) as { task_id: string };
  const reader = new Reader();
  reader.watch(installation, taskId);
  for (const kill of [1, 2]) {
    const before = reader.texts.length;
    await until(() => expect(reader.texts.length).toBeGreaterThan(before + 8));
    // A cut alone: the attempt goes on, and so does its text.
    reader.watch(installation, taskId);
    await until(() => expect(reader.texts.length).toBeGreaterThan(before + 16));
    await koubou.kill();
    expect(textsByAttempt(reader.texts).size).toBe(kill);
    koubou = await KoubouProcess.start(installation);
    reader.watch(installation, taskId);
  }
  await until(() => expect(reader.told.at(-1)?.type).toBe('task_ended'), 20_000);
  const texts = textsByAttempt(reader.texts);
  expect(texts.size).toBe(3);
  const whole = tokens.join('');
  for (const text of texts.values()) expect(whole.startsWith(text)).toBe(true);
  expect([...texts.values()].at(-1)).toBe(whole);
  expect(reader.told.at(-1)?.details.result.output).toBe(whole);
  const facts = reader.told.filter(({ type }) => type === 'task_update').map(({ seq }) => seq);
  expect(facts).toEqual([...new Set(facts)].toSorted((a, b) => a - b));
  expect(reader.told.filter(({ details }) => details?.event === 'task.retried')).toHaveLength(2);
});
