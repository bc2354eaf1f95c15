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

/** Both languages in both themes; from the smallest screen to a large one. */
const readers: readonly Required<Reader>[] = [
  { language: 'en', theme: 'light', width: 1_280 },
  { language: 'ja', theme: 'dark', width: 390 },
  { language: 'en', theme: 'dark', width: 360 },
  { language: 'ja', theme: 'light', width: 2_560 },
];

/** Forty views, each looked through by axe. */
const patienceMs = 120_000;

test(
  'every place can be used by everybody, in both languages and themes, and is no wider than its screen',
  async () => {
    const { url, taskId } = await setup();
    const { page, faults } = await visit(browser, url);
    const found: string[] = [];
    for (const reader of readers) {
      await become(page, reader);
      for (const place of placesFor(taskId)) {
        await goTo(page, `#/${place}`);
        const name = `${place.replace(taskId, 'one').replace(/\W/g, '-')}-${Object.values(reader).join('-')}`;
        found.push(...(await violations(page)).map((one) => `${name}: ${one}`));
        if ((await overflow(page)) > 0) found.push(`${name}: is wider than the screen`);
        await shoot(page, name);
      }
    }
    expect(found).toEqual([]);
    expect(faults).toEqual([]);
  },
  patienceMs,
);

/** The same page for another reader, who finds it as they left it. */
async function become(page: Page, { language, theme, width }: Required<Reader>): Promise<void> {
  await page.setViewportSize({ width, height: 900 });
  await page.evaluate(
    `Object.assign(localStorage, ${JSON.stringify({
      'koubou.language': language,
      'koubou.theme': theme,
    })})`,
  );
  await page.reload();
  expect(
    await page.evaluate('[document.documentElement.lang, document.documentElement.dataset.theme]'),
  ).toEqual([language, theme]);
}

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
