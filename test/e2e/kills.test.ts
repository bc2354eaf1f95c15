import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { onDisposal } from '../support/disposal.ts';
import { startFakeOllama } from '../support/fake-ollama.ts';
import { faultsOf } from './history-check.ts';
import { KoubouProcess, setupInstallation } from './koubou-process.ts';
import { type Acknowledged, Load } from './load.ts';

const kills = 22;

/** When to kill, in acknowledged tasks since the start: at once, early, late, by a fixed but irregular sequence. */
function killPoint(round: number): number {
  return (round * 37) % 61;
}

test('over 22 kills under load no acknowledged task is lost, changed, or ended twice', {
  timeout: 240_000,
}, async () => {
  const ollama = await startFakeOllama({ mode: 'slow', tokens: ['an', ' answer'], tokenDelayMs: 3 });
  onDisposal(() => ollama.close());
  const installation = setupInstallation({ ollamaUrl: ollama.url, slots: 8 });
  const load = new Load(6);
  const readyMs: number[] = [];

  for (let round = 0; round < kills; round += 1) {
    const startedMs = performance.now();
    const koubou = await KoubouProcess.start(installation);
    readyMs.push(Math.round(performance.now() - startedMs));
    const before = load.acknowledged.length;
    load.point(koubou.url);
    while (load.acknowledged.length < before + killPoint(round))
      await new Promise((resolve) => setImmediate(resolve));
    await koubou.kill();
    load.point('');
  }
  await load.stop();
  mkdirSync('artifacts', { recursive: true });
  writeFileSync(
    'artifacts/kills.json',
    JSON.stringify({ kills, acknowledged: load.acknowledged.length, readyMs }),
  );

  const koubou = await KoubouProcess.start(installation);
  const ended = await Promise.all(load.acknowledged.map((task) => untilEnded(koubou.url, task)));
  expect(load.wrongAnswers).toEqual([]);
  expect(load.acknowledged.length).toBeGreaterThan(300);
  expect(ended.filter(({ status }) => status !== 'completed')).toEqual([]);
  expect(await koubou.terminate()).toBe(0);
  expect(faultsOf(installation.home)).toEqual([]);
});

async function untilEnded(url: string, task: Acknowledged): Promise<{ status: string }> {
  // Its stream of events ends when it does.
  const events = await fetch(`${url}/task/${task.id}/events`);
  await events.text();
  const response = await fetch(`${url}/task/${task.id}`);
  if (response.status !== 200) return { status: `lost: ${response.status}` };
  const found = (await response.json()) as { status: string; prompt: string; priority: number };
  return found.prompt === task.prompt && found.priority === task.priority ? found : { status: 'changed' };
}
