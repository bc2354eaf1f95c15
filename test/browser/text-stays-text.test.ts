import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { onDisposal } from '../support/disposal.ts';
import { beatFrame, helloFrame } from '../support/worker-frames.ts';
import { startChromium } from './chromium.ts';
import { type Dashboard, handIn, startDashboard } from './dashboard-server.ts';
import { goTo, visit } from './dashboard-visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

const joinToken = 'a-token-for-workers-of-the-tests-0123456789';

/** What would run, if anything took it for more than text; `who` tells where it came from. */
const evilOf = (who: string) =>
  `<img src=x onerror=alert('${who}')></script><script>alert('${who}')</script>`;

/** Everything of the page where texts are shown. */
const placesFor = (...taskIds: readonly string[]) => [
  'overview',
  'tasks',
  'workers',
  'actors',
  'actors/machine/worker',
  'actors/machine/task',
  'actors/tree',
  'actors/worker:local_001',
  'actors/worker:gpu2',
  'report',
  ...taskIds.flatMap((id) => [`tasks/${id}`, `actors/${id}`]),
];

/** Goes everywhere, opens what can be opened, and looks for elements that nobody but a text could have made. */
async function foreignElements(page: Page, places: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const place of places) {
    await goTo(page, `#/${place}`);
    await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })");
    const count = await page.locator('main :is(img, script, b, iframe)').count();
    if (count > 0) found.push(`${place}: ${count}`);
  }
  return found;
}

/** A worker of another machine that says nothing nice of itself. */
async function joinEvil({ urls }: Dashboard): Promise<void> {
  const ws = new WebSocket(`${urls['websocket']}/worker`, {
    headers: { authorization: `Bearer ${joinToken}` },
  });
  onDisposal(() => ws.terminate());
  await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject));
  const model = evilOf('joined model');
  ws.send(
    JSON.stringify(
      helloFrame({ models: [model], labels: { room: evilOf('label') }, capabilities: ['general'] }),
    ),
  );
  await new Promise((resolve) => ws.once('message', resolve));
  const sized = { name: model, size_bytes: 1, context_tokens_max: 1_000 };
  const resident = { name: model, memory_bytes: 1, context_tokens: 1_000 };
  ws.send(JSON.stringify(beatFrame({ models: [sized], residents: [resident], fault: evilOf('fault') })));
}

test('markup in prompts, answers, errors, names of models, and in what a joined worker says is text everywhere', async () => {
  const model = evilOf('model');
  const dashboard = await startDashboard(
    { tokens: [evilOf('answer').slice(0, 9), evilOf('answer').slice(9)], models: [model] },
    { WORKER_AUTH_TOKEN: joinToken },
    { model },
  );
  const { url, rest, ollama } = dashboard;
  const done = await handIn(rest, { prompt: evilOf('prompt'), sync: true, created_by: evilOf('creator') });
  ollama.mode = 'unknown-model';
  const failed = await handIn(rest, { prompt: 'fails', options: { model: evilOf('asked') }, sync: true });
  ollama.mode = 'hang-after-first';
  await handIn(rest, { prompt: evilOf('running') });
  await joinEvil(dashboard);
  const { page, faults } = await visit(browser, url);
  expect(await foreignElements(page, placesFor(done, failed))).toEqual([]);

  const seen: readonly (readonly [place: string, who: string])[] = [
    ['overview', 'running'],
    ['overview', 'model'],
    ['overview', 'fault'],
    ['tasks', 'prompt'],
    ['workers', 'model'],
    ['workers', 'joined model'],
    ['report', 'model'],
    [`tasks/${done}`, 'prompt'],
    [`tasks/${done}`, 'answer'],
    [`tasks/${failed}`, 'asked'],
    [`actors/${done}`, 'model'],
  ];
  for (const [place, who] of seen) {
    await goTo(page, `#/${place}`);
    await page.getByText(evilOf(who)).first().waitFor({ state: 'attached' });
  }
  expect(faults).toEqual([]);
});

test('a megabyte of text in a prompt and in an answer leaves the page usable', async () => {
  const long = `</script>${'工房 <b>long</b> '.repeat(70_000)}`.slice(0, 1_000_000);
  const pieces = Array.from({ length: 100 }, (_, index) => long.slice(10_000 * index, 10_000 * (index + 1)));
  const { url, rest } = await startDashboard({ tokens: pieces });
  const id = await handIn(rest, { prompt: long, sync: true });
  const { page, faults } = await visit(browser, url);
  expect(await foreignElements(page, ['overview', 'tasks', `tasks/${id}`, `actors/${id}`, 'report'])).toEqual(
    [],
  );
  await goTo(page, `#/tasks/${id}`);
  await page.getByText('</script>工房 <b>long</b> 工房').first().waitFor();
  expect(faults).toEqual([]);
});
