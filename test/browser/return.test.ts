import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KoubouProcess } from '../e2e/koubou-process.ts';
import { startChromium } from './chromium.ts';
import { handIn, startDashboard } from './dashboard-server.ts';
import { goTo, visit } from './dashboard-visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

test('the page outlives a kill of the server: it says so, comes back, and catches up', async () => {
  const { url, urls, rest, server, installation } = await startDashboard();
  await handIn(rest, { prompt: 'before', sync: true });
  const { page } = await visit(browser, url);
  await goTo(page, '#/workers');
  await page.getByText('live', { exact: true }).waitFor();
  await server.kill();
  await page.getByText('connection lost, trying again').waitFor();
  await page.getByText('As a table (1)').waitFor();
  const ports = Object.entries({
    MCP: 'rest',
    WEBSOCKET: 'websocket',
    GRAPHQL: 'graphql',
    LOGS: 'logs',
    DASHBOARD: 'dashboard',
  });
  const env = Object.fromEntries(
    ports.map(([name, door]) => [`KOUBOU_${name}_PORT`, new URL(urls[door] ?? '').port]),
  );
  await KoubouProcess.start({ ...installation, env: { ...installation.env, ...env } });
  await handIn(rest, { prompt: 'after', sync: true });
  await page.getByText(/^(?:connected again; \d+ events were caught up with|live)$/).waitFor();
  await page.getByText('As a table (2)').waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);
});
