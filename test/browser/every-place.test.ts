import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChromium } from './chromium.ts';
import { handIn, startDashboard } from './dashboard-server.ts';
import { goTo, overflow, type Reader, shoot, violations, visit } from './dashboard-visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

const places = ['overview', 'tasks', 'workers', 'actors', 'report'] as const;

/** A workshop that has done something. */
async function setup(): Promise<{ readonly url: string; readonly taskId: string }> {
  const { url, rest } = await startDashboard();
  let taskId = '';
  for (const priority of [1, 5, 9]) {
    taskId = await handIn(rest, { prompt: `a task of priority ${priority}`, priority, sync: true });
  }
  return { url, taskId };
}

/** Every place of the page, and what opens within one. */
const placesFor = (taskId: string) => [
  ...places,
  'tasks?new=1',
  `tasks/${taskId}`,
  'actors/machine/pool',
  'actors/tree',
  `actors/${taskId}`,
];

const readers: readonly Required<Reader>[] = [
  { language: 'en', theme: 'light', width: 1280 },
  { language: 'ja', theme: 'dark', width: 390 },
];

test.each(readers)('every place can be used by everybody: $language, $theme, $width px', async (reader) => {
  const { url, taskId } = await setup();
  const { page, faults } = await visit(browser, url, reader);
  const found: string[] = [];
  for (const place of placesFor(taskId)) {
    await goTo(page, `#/${place}`);
    const name = place.replace(taskId, 'one').replace(/\W/g, '-');
    found.push(...(await violations(page)).map((one) => `${name}: ${one}`));
    if ((await overflow(page)) > 0) found.push(`${name}: is wider than the screen`);
    await shoot(page, `${name}-${reader.language}-${reader.theme}-${reader.width}`);
  }
  expect(found).toEqual([]);
  expect(faults).toEqual([]);
});

test('no place is wider than its screen, on the smallest and on a large one', async () => {
  const { url, taskId } = await setup();
  const screens: readonly Required<Reader>[] = [
    { language: 'en', theme: 'dark', width: 360 },
    { language: 'ja', theme: 'light', width: 2_560 },
  ];
  for (const reader of screens) {
    const { page, faults } = await visit(browser, url, reader);
    for (const place of placesFor(taskId)) {
      await goTo(page, `#/${place}`);
      expect(await overflow(page), `${place} at ${reader.width}`).toBeLessThanOrEqual(0);
      await shoot(page, `${place.replace(taskId, 'one').replace(/\W/g, '-')}-${reader.width}`);
    }
    expect(faults).toEqual([]);
  }
});

test('the first stop of the keyboard leads to the content; language and theme are there after a return', async () => {
  const { page } = await visit(browser, (await setup()).url);
  await goTo(page, '#/workers');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('main');
  await page.getByRole('button', { name: '日本語' }).click();
  await page.getByRole('heading', { level: 1, name: '職人' }).waitFor();
  expect(await page.evaluate('document.documentElement.lang')).toBe('ja');
  await page.getByRole('button', { name: '明暗の切替' }).click();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: '職人' }).waitFor();
  expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
});
