import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { startChromium } from './chromium.ts';
import { handIn, startDashboard } from './dashboard-server.ts';
import { goTo, shoot, violations, visit } from './dashboard-visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

test('a lane shows a task by its fact alone, and its end as well', async () => {
  const { url, rest, ollama } = await startDashboard({ mode: 'hang-after-first' });
  const { page, faults } = await visit(browser, url);
  await goTo(page, '#/overview');
  const lane = page.getByRole('listitem').filter({ hasText: 'local_001' }).first();
  await lane.getByText('0/4').waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  // No question about the workers is answered from here on.
  await page.route('**/workers', () => undefined);
  const id = await handIn(rest, { prompt: 'follow me' });
  await lane.getByText('1/4').waitFor();
  await lane.getByRole('link', { name: 'follow me' }).waitFor();
  await lane.getByText('busy', { exact: true }).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, 'lane-with-a-task');
  expect(ollama.openGenerations).toBe(1);
  await fetch(`${rest}/task/${id}`, { method: 'DELETE' });
  await lane.getByText('0/4').waitFor();
  await lane.getByText('idle', { exact: true }).waitFor();
  expect(faults).toEqual([]);
});

test('while nothing happens the page asks next to nothing, and shows the age of what it knows all the same', async () => {
  const { url, rest } = await startDashboard();
  await handIn(rest, { prompt: 'over', sync: true });
  const { page, context, faults } = await visit(browser, url);
  await context.clock.install();
  const asked: string[] = [];
  for (const [place, most] of [
    ['overview', 6],
    ['workers', 3],
  ] as const) {
    await page.goto(`${url}/#/${place}`);
    await page.reload();
    await page.getByText('live', { exact: true }).waitFor();
    await goTo(page, `#/${place}`);
    const answered: string[] = [];
    const hear = (request: { url(): string }) => void asked.push(request.url());
    const end = (request: { url(): string }) => void answered.push(request.url());
    page.on('request', hear).on('requestfinished', end);
    // A minute in steps: what is asked again some time after an answer must have had that answer.
    for (let second = 0; second < 60; second += 2) {
      await context.clock.runFor(2_000);
      await until(() => expect(answered.length).toBeGreaterThanOrEqual(asked.length));
    }
    page.off('request', hear).off('requestfinished', end);
    expect(asked.length, `${place}: ${asked.join(' ')}`).toBeLessThanOrEqual(most);
    expect(asked.length).toBeGreaterThan(0);
    asked.length = 0;
  }
  expect(faults).toEqual([]);
});

test('every worker has its lane among what ran where, whether it ran anything or not', async () => {
  const { url, rest } = await startDashboard();
  const { page, faults } = await visit(browser, url, { theme: 'dark' });
  await goTo(page, '#/workers');
  const gantt = page.getByRole('region', { name: 'What ran where' });
  await gantt.getByText('local_001').waitFor();
  await gantt.getByText('Nothing ran in this period.').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.setViewportSize({ width: 390, height: 900 });
  await shoot(page, 'gantt-empty-390');
  await handIn(rest, { prompt: 'one', sync: true });
  await gantt.getByRole('listbox').getByRole('option').waitFor();
  expect(faults).toEqual([]);
});
