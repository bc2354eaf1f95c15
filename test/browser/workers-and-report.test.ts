import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChromium } from './chromium.ts';
import { handIn, startDashboard } from './dashboard-server.ts';
import { goTo, violations, visit } from './dashboard-visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

test('a worker is drained and resumed from its card, each time after a question', async () => {
  const { url } = await startDashboard();
  const { page, faults } = await visit(browser, url);
  await goTo(page, '#/workers');
  const card = page.getByRole('article', { name: 'local_001' });
  await card.getByRole('button', { name: 'Drain' }).click();
  const dialog = page.getByRole('dialog');
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await card.getByText('takes work').waitFor();
  await card.getByRole('button', { name: 'Drain' }).click();
  await dialog.getByRole('button', { name: 'Drain' }).click();
  await card.getByText('drained').waitFor();
  await card.getByRole('button', { name: 'Resume' }).click();
  await dialog.getByRole('button', { name: 'Resume' }).click();
  await card.getByText('takes work').waitFor();
  expect(faults).toEqual([]);
});

test('what ran where can be walked through with the keyboard, and opened', async () => {
  const { url, rest } = await startDashboard();
  const ids = [];
  for (const prompt of ['first', 'second']) ids.push(await handIn(rest, { prompt, sync: true }));
  const { page, faults } = await visit(browser, url);
  await goTo(page, '#/workers');
  const lanes = page.getByRole('listbox', { name: 'What ran where' });
  await lanes.focus();
  await page.keyboard.press('End');
  await page.getByRole('option', { selected: true, name: new RegExp(ids[1] ?? '') }).waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.getByRole('option', { selected: true, name: new RegExp(ids[0] ?? '') }).waitFor();
  await page.getByText('As a table (2)').click();
  expect(await page.getByRole('row').filter({ hasText: 'completed' }).count()).toBe(2);
  expect(await violations(page)).toEqual([]);
  await lanes.focus();
  await page.keyboard.press('Enter');
  expect(await page.evaluate('location.hash')).toBe(`#/tasks/${ids[0]}`);
  expect(faults).toEqual([]);
});

test('a changed workers.yaml is tried: what is wrong with it, then who would have had which task', async () => {
  const { url, rest, installation } = await startDashboard();
  await handIn(rest, { prompt: 'translate this', type: 'translation', sync: true });
  const file = readFileSync(join(installation.home, 'config', 'workers.yaml'), 'utf8');
  const { page, faults } = await visit(browser, url);
  await goTo(page, '#/workers');
  const tryIt = async (text: string) => {
    await page.getByLabel('workers.yaml', { exact: true }).fill(text);
    await page.getByRole('button', { name: 'Try it' }).click();
  };
  await tryIt(file.replace('max_tokens', 'max_token'));
  await page.getByText(/^workers\.yaml:9:7 .*max_tokens/).waitFor();
  await tryIt(file);
  await page.getByText('0 of the last 1 tasks would have gone elsewhere.').waitFor();
  await tryIt(file.replaceAll('local_001', 'local_009'));
  await page.getByText('1 of the last 1 tasks would have gone elsewhere.').waitFor();
  const row = page.getByRole('row').filter({ hasText: 'translation' }).filter({ hasText: '→' });
  await row.getByText('→ local_009').waitFor();
  expect(await violations(page)).toEqual([]);
  expect(faults).toEqual([]);
});

test('the report is saved as the Markdown that the command writes', async () => {
  const { url, rest } = await startDashboard();
  await handIn(rest, { prompt: 'one', sync: true });
  const { page, faults } = await visit(browser, url, { language: 'ja' });
  await goTo(page, '#/report');
  await page.getByRole('heading', { level: 2, name: '職人ごとの性能' }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Markdown で保存' }).click(),
  ]);
  const text = readFileSync(await download.path(), 'utf8');
  expect(download.suggestedFilename()).toMatch(/^koubou-\d{4}-\d\d-\d\d\.md$/);
  expect(text).toContain('# Koubou 工房 稼働報告書');
  expect(text).toMatch(/^\| local_001 \| 1 \|/m);
  expect(faults).toEqual([]);
});
