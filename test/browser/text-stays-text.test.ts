import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChromium } from './chromium.ts';
import { handIn, startDashboard } from './dashboard-server.ts';
import { goTo, visit } from './dashboard-visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

const evil = `<img src=x onerror="alert('prompt')"></script><script>alert('script')</script>`;

test('markup in a prompt, in an answer and in an error is shown as text everywhere', async () => {
  const { url, rest, ollama } = await startDashboard({ tokens: [evil.slice(0, 9), evil.slice(9)] });
  const done = await handIn(rest, { prompt: evil, sync: true });
  ollama.mode = 'ok';
  await handIn(rest, { prompt: `${evil} again`, sync: true });
  const { page, faults } = await visit(browser, url);
  for (const place of [
    'overview',
    'tasks',
    `tasks/${done}`,
    'workers',
    'actors',
    `actors/${done}`,
    'report',
  ]) {
    await goTo(page, `#/${place}`);
    expect(await page.locator('main img, main script').count(), place).toBe(0);
  }
  await goTo(page, `#/tasks/${done}`);
  await page.getByText(evil).first().waitFor();
  expect(faults).toEqual([]);
});

test('a megabyte of text in a prompt and in an answer leaves the page usable', async () => {
  const long = '工房 <b>long</b> '.repeat(70_000).slice(0, 1_000_000);
  const pieces = Array.from({ length: 100 }, (_, index) => long.slice(10_000 * index, 10_000 * (index + 1)));
  const { url, rest } = await startDashboard({ tokens: pieces });
  const id = await handIn(rest, { prompt: long.slice(0, 500), sync: true });
  const { page, faults } = await visit(browser, url);
  for (const place of ['tasks', `tasks/${id}`, 'overview']) {
    await goTo(page, `#/${place}`);
    expect(await page.locator('main b').count(), place).toBe(0);
  }
  expect(faults).toEqual([]);
});
