import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChromium } from './chromium.ts';
import { handIn, startDashboard } from './dashboard-server.ts';
import { goTo, overflow, type Reader, shoot, violations, visit } from './dashboard-visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

const worker = 'worker:local_001';

/** Asks for an event by the keyboard alone, up to the second question. */
async function askFor(page: Page, event: string): Promise<void> {
  await page.getByRole('button', { name: `Send ${event}…` }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Continue' }).focus();
  await page.keyboard.press('Enter');
}

test('a worker is drained from its chart: asked twice, recorded, and shown in the log', async () => {
  const { url, rest } = await startDashboard();
  const { page, faults } = await visit(browser, url);
  await goTo(page, `#/actors/${worker}`);
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Send worker.drain…' }).click();
  await dialog.getByText('It gets nothing more. What it has, it ends.').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  const focused = 'document.activeElement.getAttribute("data-event")';
  expect(await page.evaluate(focused)).toBe('worker.drain');
  await askFor(page, 'worker.drain');
  const send = dialog.getByRole('button', { name: 'Send', exact: true });
  await page.keyboard.type('worker:local_00');
  expect(await send.isDisabled()).toBe(true);
  await page.keyboard.type('1');
  await page.keyboard.press('Enter');
  await dialog.getByText(/Sent\. It is on record as fact \d+, asked for by this machine\./).waitFor();
  const { admission } = (await (await fetch(`${rest}/workers/local_001`)).json()) as { admission: string };
  expect(admission).toBe('drained');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Send worker.resume…' }).waitFor();
  await goTo(page, '#/overview');
  await page.getByRole('log').getByText(`this machine sent worker.drain to ${worker}`).waitFor();
  expect(faults).toEqual([]);
});

test('the wait of a task is ended from its chart, and it runs', async () => {
  const { url, rest } = await startDashboard();
  const id = await handIn(rest, { prompt: 'not before long', delay: 50 });
  const { page, faults } = await visit(browser, url);
  await goTo(page, `#/actors/${id}`);
  await askFor(page, 'after waitMs');
  await page.keyboard.type(id);
  await page.keyboard.press('Enter');
  await page
    .getByRole('dialog')
    .getByText(/^Sent\./)
    .waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('It takes nothing more.').waitFor();
  const task = (await (await fetch(`${rest}/task/${id}`)).json()) as { status: string };
  expect(task.status).toBe('completed');
  expect(faults).toEqual([]);
});

test('what it would not take by then is refused in words, with what it would', async () => {
  const { url, rest } = await startDashboard();
  const { page } = await visit(browser, url);
  await goTo(page, `#/actors/pool`);
  await askFor(page, 'pool.pause');
  await page.keyboard.type('pool');
  await fetch(`${rest}/pool/pause`, { method: 'POST' });
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog
    .getByRole('alert')
    .getByText(/Refused: pool is in .*paused.* it would take pool\.resume/)
    .waitFor();
  await dialog.getByRole('button', { name: 'Back' }).click();
  await dialog.getByRole('button', { name: 'Continue' }).waitFor();
});

const readers: readonly Required<Reader>[] = [
  { language: 'en', theme: 'light', width: 1280 },
  { language: 'ja', theme: 'dark', width: 390 },
];

test.each(
  readers,
)('the guards and both questions can be read by everybody: $language, $theme, $width px', async (reader) => {
  const { url } = await startDashboard();
  const { page, faults } = await visit(browser, url, reader);
  await goTo(page, `#/actors/${worker}`);
  const name = (part: string) => `send-${part}-${reader.language}-${reader.theme}-${reader.width}`;
  const found = async (part: string) => {
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await shoot(page, name(part));
  };
  await page.locator('ul.next').scrollIntoViewIfNeeded();
  await page.locator('ul.next .tag').first().waitFor();
  await found('guards');
  await page.locator('[data-event="heartbeat.missed"]').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('spinbutton').fill('5');
  await found('first');
  await dialog.getByRole('spinbutton').press('Enter');
  await dialog.getByRole('textbox').fill(worker);
  await found('second');
  await dialog.getByRole('textbox').press('Enter');
  await dialog.getByRole('status').waitFor();
  await found('outcome');
  expect(faults).toEqual([]);
});
