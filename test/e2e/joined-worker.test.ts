import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startCuttableNetwork } from '../support/cuttable-network.ts';
import { onDisposal } from '../support/disposal.ts';
import { type FakeOllama, startFakeOllama } from '../support/fake-ollama.ts';
import { until } from '../support/until.ts';
import { faultsOf } from './history-check.ts';
import { type Installation, KoubouProcess, setupInstallation } from './koubou-process.ts';
import { WorkerProcess } from './worker-process.ts';

const token = 'worker-token-0123456789';
const tokens = Array.from({ length: 60 }, (_, n) => (n % 7 === 0 ? '工房🛠️' : ` word${n}`));

/** A port that was free a moment ago: a pool that is started anew must be found at the same address. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

interface Site {
  readonly installation: Installation;
  readonly ollama: FakeOllama;
  readonly poolPort: number;
  readonly worker: (name?: string, presented?: string) => WorkerProcess;
}

/** A pool whose only configured worker cannot be reached, so that what is done is done by who joins. */
async function setupSite(tokenDelayMs: number): Promise<Site> {
  const ollama = await startFakeOllama({ mode: 'slow', tokens, tokenDelayMs });
  onDisposal(() => ollama.close());
  const port = await freePort();
  const installation = setupInstallation({ ollamaUrl: 'http://127.0.0.1:1' });
  const file = join(installation.home, 'config', 'workers.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('[local]', '[local, remote]'));
  const env = { ...installation.env, WORKER_AUTH_TOKEN: token, KOUBOU_WEBSOCKET_PORT: String(port) };
  const address = `ws://127.0.0.1:${port}`;
  const worker = (name = 'gpu2', presented = token) =>
    new WorkerProcess({ join: address, name, token: presented, ollamaUrl: ollama.url });
  return { installation: { ...installation, env }, ollama, poolPort: port, worker };
}

async function delegate(url: string, prompt: string): Promise<string> {
  const response = await fetch(`${url}/task/delegate`, { method: 'POST', body: JSON.stringify({ prompt }) });
  return ((await response.json()) as { task_id: string }).task_id;
}

async function taskOf(url: string, id: string): Promise<Record<string, unknown>> {
  return (await (await fetch(`${url}/task/${id}`)).json()) as Record<string, unknown>;
}

async function untilCompleted(url: string, id: string): Promise<Record<string, unknown>> {
  for (let patience = 0; ; patience += 1) {
    try {
      await until(async () => expect(await taskOf(url, id)).toMatchObject({ status: 'completed' }));
      return await taskOf(url, id);
    } catch (error) {
      if (patience === 8) throw error;
    }
  }
}

/** The text of a task as a follower reads it, to the end; each attempt begins it anew. */
async function followed(url: string, id: string): Promise<string> {
  const response = await fetch(`${url}/task/${id}/events`);
  let text = '';
  for (const event of (await response.text()).split('\n\n')) {
    const data = /^data: (.*)$/m.exec(event)?.[1];
    if (/^event: task\.assigned$/m.test(event)) text = '';
    if (/^event: token$/m.test(event) && data !== undefined)
      text += (JSON.parse(data) as { text: string }).text;
  }
  return text;
}

describe('a worker on another machine', () => {
  test('joins, does the work, and says goodbye', { timeout: 90_000 }, async () => {
    const { installation, worker } = await setupSite(5);
    const koubou = await KoubouProcess.start(installation);
    const gpu2 = worker();
    await gpu2.says('Joined as gpu2');
    const id = await delegate(koubou.url, 'p');
    const [text, task] = await Promise.all([followed(koubou.url, id), untilCompleted(koubou.url, id)]);
    expect(task).toMatchObject({ worker_id: 'gpu2', result: { output: tokens.join('') } });
    expect(text).toBe(tokens.join(''));
    expect(await gpu2.terminate()).toBe(0);
    expect(await koubou.terminate()).toBe(0);
    expect(faultsOf(installation.home)).toEqual([]);
  });

  test('generates on while its connection is cut twice, and brings what was written meanwhile', {
    timeout: 90_000,
  }, async () => {
    const { installation, ollama, poolPort } = await setupSite(25);
    const koubou = await KoubouProcess.start(installation);
    const network = await startCuttableNetwork(poolPort);
    onDisposal(() => network.close());
    const address = `ws://127.0.0.1:${network.port}`;
    const gpu2 = new WorkerProcess({ join: address, name: 'gpu2', token, ollamaUrl: ollama.url });
    await gpu2.says('Joined as gpu2');
    const id = await delegate(koubou.url, 'p');
    const reading = followed(koubou.url, id);
    for (const times of [1, 2]) {
      const before = ollama.tokensSent;
      await until(() => expect(ollama.tokensSent).toBeGreaterThan(before + 3));
      network.cut();
      await gpu2.says('The connection is back', times);
    }
    expect(await untilCompleted(koubou.url, id)).toMatchObject({
      worker_id: 'gpu2',
      attempts: 1,
      result: { output: tokens.join('') },
    });
    expect(await reading).toBe(tokens.join(''));
    expect(ollama.generations).toHaveLength(1);
  });

  test('with a wrong token is refused, and ends with an error that says so', {
    timeout: 60_000,
  }, async () => {
    const { installation, worker } = await setupSite(5);
    await KoubouProcess.start(installation);
    const stranger = worker('gpu2', 'wrong-token');
    expect(await stranger.ended()).toBe(1);
    expect(stranger.output).toContain('WORKER_AUTH_TOKEN');
    expect(stranger.output).not.toContain('wrong-token');
  });
});

test('kill -9 of either side in the middle of a generation, twice each: the text is whole, the task ends once', {
  timeout: 180_000,
}, async () => {
  const { installation, ollama, worker } = await setupSite(25);
  let koubou = await KoubouProcess.start(installation);
  let gpu2 = worker();
  await gpu2.says('Joined as gpu2');
  const id = await delegate(koubou.url, 'tell me of the workshop');
  /** Some tokens of a new attempt are out. */
  const inTheMiddle = async (attempts: number) => {
    await until(() => expect(ollama.generations.length).toBeGreaterThanOrEqual(attempts));
    const before = ollama.tokensSent;
    await until(() => expect(ollama.tokensSent).toBeGreaterThan(before + 5));
  };

  for (const round of [0, 1]) {
    await inTheMiddle(1 + 2 * round);
    await koubou.kill();
    koubou = await KoubouProcess.start(installation);
    await gpu2.says('The connection is back');
    await inTheMiddle(2 + 2 * round);
    await gpu2.kill();
    gpu2 = worker();
    await gpu2.says('Joined as gpu2');
  }
  const [text, task] = await Promise.all([followed(koubou.url, id), untilCompleted(koubou.url, id)]);
  expect(task).toMatchObject({ worker_id: 'gpu2', result: { output: tokens.join('') } });
  expect(text).toBe(tokens.join(''));
  expect(await gpu2.terminate()).toBe(0);
  expect(await koubou.terminate()).toBe(0);
  expect(faultsOf(installation.home)).toEqual([]);
});
