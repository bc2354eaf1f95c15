import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChromium } from './chromium.ts';
import { startDashboard } from './dashboard-server.ts';
import { goTo, overflow, shoot, violations, visit } from './dashboard-visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

const words = Array.from({ length: 60 }, (_, index) => `word${index} `);

/** The states that the page of an actor says it stands in. */
function statesOn(page: Page) {
  const heading = page.getByRole('heading', { name: 'States', exact: true });
  return page.locator('section').filter({ has: heading }).locator('.tag');
}

const momentOn = (page: Page) => page.getByRole('region', { name: 'Its past' }).getByRole('status');

/** Goes on by the keyboard, moment by moment, until it shows the one of this name. */
async function forthTo(page: Page, name: string): Promise<void> {
  for (let steps = 0; steps < 10; steps += 1) {
    await page.keyboard.press('ArrowRight');
    if (await momentOn(page).getByText(name, { exact: true }).isVisible()) return;
  }
  throw new Error(`its past has no ${name}: it shows ${await momentOn(page).innerText()}`);
}

test('a task is handed in, its tokens and its chart are watched, its past is gone through, and a link opens just that', async () => {
  const { url, rest } = await startDashboard({ mode: 'slow', tokens: words, tokenDelayMs: 50 });
  await fetch(`${rest}/pool/pause`, { method: 'POST' });
  const { page, context, faults } = await visit(browser, url);

  await goTo(page, '#/tasks');
  await page.getByRole('button', { name: 'Hand in a task' }).click();
  const form = page.getByRole('dialog', { name: 'Hand in a task' });
  expect(await violations(page)).toEqual([]);
  await form.getByLabel('Prompt').fill('count to sixty');
  await form.getByRole('button', { name: 'Hand in', exact: true }).click();
  await page.waitForURL(/#\/tasks\/task_/);
  const id = page.url().split('/').at(-1) ?? '';

  const chart = await context.newPage();
  chart.on('pageerror', (error) => faults.push(error.message));
  await chart.goto(`${url}/#/actors/${id}`);
  await statesOn(chart).getByText('queued').waitFor();
  await fetch(`${rest}/pool/resume`, { method: 'POST' });
  await statesOn(chart).getByText('running').waitFor();
  expect(await overflow(chart)).toBeLessThanOrEqual(0);
  await shoot(chart, 'flow-chart-running');
  await page.getByText('word3').first().waitFor();
  expect(await page.getByText('word59').count(), 'it is not there before it was written').toBe(0);
  await page.getByText('word59').first().waitFor();
  await page.getByText('completed').first().waitFor();
  await statesOn(chart).getByText('completed').waitFor();
  await shoot(page, 'flow-task-completed');

  await chart.getByRole('slider', { name: 'Its past' }).focus();
  await chart.keyboard.press('Home');
  await momentOn(chart).getByText('task.accepted').waitFor();
  await statesOn(chart).getByText('queued').waitFor();
  expect(chart.url()).toMatch(/\?seq=\d+$/);
  await forthTo(chart, 'task.assigned');
  expect(await violations(chart)).toEqual([]);

  const other = await visit(browser, chart.url(), { theme: 'dark' });
  await momentOn(other.page).getByText('task.assigned').waitFor();
  await statesOn(other.page).getByText('leased.assigned').waitFor();
  await shoot(other.page, 'flow-second-browser');
  expect([...faults, ...other.faults]).toEqual([]);
});
