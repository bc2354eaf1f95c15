import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChromium } from './chromium.ts';
import { startDashboard } from './dashboard-server.ts';
import { goTo, visit } from './dashboard-visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

test('the forms offer the task types of the configuration in force, also after a reload of it', async () => {
  const { url, rest, installation } = await startDashboard({}, {}, { settings: 'task_types: [poetry]\n' });
  const { page, faults } = await visit(browser, url);
  await goTo(page, '#/tasks?new=1');
  for (const list of ['task-types', 'delegate-types']) {
    const offered = page.locator(`#${list} option`);
    await page.locator(`#${list} option[value=poetry]`).waitFor({ state: 'attached' });
    expect(await offered.first().getAttribute('value')).toBe('general');
  }
  writeFileSync(join(installation.home, 'config', 'koubou.yaml'), 'task_types: [poetry, calligraphy]\n');
  await fetch(`${rest}/pool/reload`, { method: 'POST' });
  await page.locator('#task-types option[value=calligraphy]').waitFor({ state: 'attached' });
  expect(faults).toEqual([]);
});
