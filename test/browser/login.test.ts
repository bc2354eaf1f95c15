import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChromium } from './chromium.ts';
import { startDashboard } from './dashboard-server.ts';
import { goTo, shoot, violations, visit } from './dashboard-visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

const token = 'a-token-for-the-tests-of-the-dashboard-0123456789';
const setup = () => startDashboard({}, { KOUBOU_API_TOKEN: token });

/** A token with one scope. */
async function tokenWith(rest: string, scope: string): Promise<string> {
  const response = await fetch(`${rest}/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ name: 'looks only', scopes: [scope] }),
  });
  const { token: made } = (await response.json()) as { token: string };
  return made;
}

test('whoever has a token signs in, sees the workshop, and signs out again', async () => {
  const { url } = await setup();
  const { page, faults } = await visit(browser, url);
  expect(new URL(page.url()).pathname).toBe('/login');
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'login');
  await page.locator('input[name="token"]').fill(token);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.getByRole('status').getByText('live', { exact: true }).waitFor();
  expect(faults).toEqual([]);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/login');
  await page.goto(url);
  expect(new URL(page.url()).pathname).toBe('/login');
});

test('a wrong token is refused in words, and opens nothing', async () => {
  const { url } = await setup();
  const { page } = await visit(browser, url);
  await page.locator('input[name="token"]').fill('this-is-not-the-token-of-this-server');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.goto(url);
  expect(new URL(page.url()).pathname).toBe('/login');
});

test('who may only look is offered nothing that changes something', async () => {
  const { url, rest } = await setup();
  const { page, faults } = await visit(browser, url);
  await page.locator('input[name="token"]').fill(await tokenWith(rest, 'read'));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await goTo(page, '#/workers');
  await page.getByRole('article', { name: 'local_001' }).waitFor();
  expect(await page.getByRole('button', { name: /Drain/ }).count()).toBe(0);
  expect(await page.getByLabel('workers.yaml', { exact: true }).count()).toBe(0);
  await page.getByText('This takes a token with the scope admin.').waitFor();
  await goTo(page, '#/actors/worker:local_001');
  await page.getByText('worker.drain', { exact: true }).first().waitFor();
  await page.locator('ul.next .tag').first().waitFor();
  expect(await page.getByRole('button', { name: /^Send/ }).count()).toBe(0);
  expect(faults).toEqual([]);
});
