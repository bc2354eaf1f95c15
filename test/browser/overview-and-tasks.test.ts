import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChromium } from './chromium.ts';
import { handIn, startDashboard } from './dashboard-server.ts';
import { goTo, overflow, shoot, violations, visit } from './dashboard-visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

const words = Array.from({ length: 120 }, (_, index) => `word${index} `);
const post = (url: string, body: object = {}) => fetch(url, { method: 'POST', body: JSON.stringify(body) });

test('the overview tells what runs and how fast, what waits, what was done, and the log as it grows', async () => {
  const { url, rest } = await startDashboard({ mode: 'slow', tokens: words, tokenDelayMs: 50 });
  await handIn(rest, { prompt: 'the one that runs' });
  const { page, faults } = await visit(browser, url);
  await page.getByRole('link', { name: 'the one that runs' }).waitFor();
  await page.getByText(/^≈ [\d.]+ tokens\/s$/).waitFor();
  await post(`${rest}/pool/pause`);
  await handIn(rest, { prompt: 'the one that waits', priority: 9 });
  await page.getByText('The pool is paused').waitFor();
  await page
    .getByRole('region', { name: 'What waits, by priority' })
    .getByRole('link', { name: '9' })
    .waitFor();
  const log = page.getByRole('log');
  await log.getByText('task begun').waitFor();
  await page.getByLabel('Contains').fill('accepted');
  await log.getByText('task begun').waitFor({ state: 'detached' });
  await expect.poll(() => log.getByText('task accepted').count()).toBe(2);
  expect([await violations(page), await overflow(page)]).toEqual([[], 0]);
  await shoot(page, 'overview-at-work');
  expect(faults).toEqual([]);
});

test('tasks are looked for, picked by the keys, and cancelled by the many after a look at how many', async () => {
  const { url, rest } = await startDashboard();
  await post(`${rest}/pool/pause`);
  await post(`${rest}/tasks/delegate`, {
    tasks: Array.from({ length: 40 }, (_, n) => ({ prompt: `${n < 30 ? 'Haiku' : 'Essay'} ${n}` })),
  });
  const { page, faults } = await visit(browser, `${url}/#/tasks`);
  const list = page.getByRole('grid', { name: 'Tasks' });
  await list.getByText('Essay 39').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('haiku');
  await page.waitForURL(({ hash }) => hash === '#/tasks?text=haiku');
  await list.getByText('Essay 39').waitFor({ state: 'detached' });
  // The list begins empty, and is read then.
  await list.getByText('Haiku 29').waitFor();
  await list.focus();
  for (const key of ['x', 'j', 'j', 'x']) await page.keyboard.press(key);
  await page.getByText('2 selected').waitFor();
  expect(await list.locator('[aria-selected=true]').allInnerTexts()).toEqual([
    expect.stringContaining('Haiku 29'),
    expect.stringContaining('Haiku 27'),
  ]);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Cancel what matches…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Cancel tasks' });
  await dialog.getByText('30 tasks that wait or run will be cancelled').waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Cancel them' }).click();
  await dialog.getByText('Done: 30.').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await list.getByText('cancelled').first().waitFor();
  const left = await (await fetch(`${rest}/tasks?status=pending`)).json();
  expect(left).toMatchObject({ total: 10 });
  await list.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: /^Task task_/ }).waitFor();
  expect(faults).toEqual([]);
});

test('what is expected stands beside what happened, and the priority can be changed on the way', async () => {
  const { url, rest } = await startDashboard();
  for (let n = 0; n < 3; n += 1) await handIn(rest, { prompt: 'measured', sync: true });
  await post(`${rest}/pool/pause`);
  const id = await handIn(rest, { prompt: 'looked at' });
  const { page, faults } = await visit(browser, `${url}/#/tasks/${id}`);
  await page.getByLabel('Priority').selectOption('9');
  await page.getByText('priority changed').waitFor();
  await post(`${rest}/pool/resume`);
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  await page.getByRole('heading', { name: 'Attempt 1' }).waitFor();
  await page.getByText('chosen', { exact: true }).waitFor();
  expect(await page.getByRole('region', { name: 'Timeline' }).getByRole('listitem').count()).toBe(4);
  await goTo(page, '#/tasks');
  expect(faults).toEqual([]);
});
