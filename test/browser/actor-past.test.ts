import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KoubouProcess } from '../e2e/koubou-process.ts';
import { startChromium } from './chromium.ts';
import { type Dashboard, handIn, startDashboard } from './dashboard-server.ts';
import { goTo, overflow, shoot, violations, visit } from './dashboard-visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

const worker = '#/actors/worker%3Alocal_001';
const textsOf = {
  en: { past: 'Its past', states: 'States', sequence: 'Messages around that moment', first: 'First' },
  ja: { past: '履歴', states: '状態', sequence: 'その前後のやりとり', first: '最初へ' },
} as const;

/** What the page of an actor shows, by the words of its reader. */
function look(page: Page, language: keyof typeof textsOf = 'en') {
  const { past, states, sequence, first } = textsOf[language];
  const heading = page.getByRole('heading', { name: states, exact: true });
  return {
    moment: page.getByRole('region', { name: past }).getByRole('status'),
    states: page.locator('section').filter({ has: heading }),
    arrow: (text: string | RegExp) =>
      page.getByRole('region', { name: sequence }).getByRole('button', { name: text }),
    first: page.getByRole('button', { name: first }),
  };
}

/** A server that has done a task, was stopped, runs again on the same doors, and has done another. */
async function setup(): Promise<Dashboard> {
  const before = await startDashboard();
  await handIn(before.rest, { prompt: 'before', sync: true });
  await before.server.terminate();
  const doors = {
    MCP: 'rest',
    WEBSOCKET: 'websocket',
    GRAPHQL: 'graphql',
    LOGS: 'logs',
    DASHBOARD: 'dashboard',
  };
  const ports = Object.entries(doors).map(([name, door]) => [
    `KOUBOU_${name}_PORT`,
    new URL(before.urls[door] ?? '').port,
  ]);
  const env = { ...before.installation.env, ...Object.fromEntries(ports) };
  const server = await KoubouProcess.start({ ...before.installation, env });
  await handIn(before.rest, { prompt: 'after', sync: true });
  return { ...before, server };
}

test('a worker is followed back over a restart of the server, and a link opens just that moment', async () => {
  const { url, rest, ollama, installation } = await setup();
  const { page, faults } = await visit(browser, url);
  await goTo(page, worker);
  const shown = look(page);
  await shown.arrow(/pool → client: stopped/).click();
  await shown.moment.getByText('pool.stopped').waitFor();
  await shown.states.getByText('It had no actor then.').waitFor();
  await shown.first.click();
  await shown.states.locator('.tag').first().waitFor();
  await shown.arrow(/pool → worker: worker.run #1$/).click();
  await shown.moment.getByText('task.assigned').waitFor();
  await shown.states.getByText('liveness.watched.alive').waitFor();
  await shown.states.getByText('The record does not tell where it stood within: admission.').waitFor();
  expect(page.url()).toMatch(/worker%3Alocal_001\?seq=\d+$/);
  expect(await violations(page)).toEqual([]);
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await shoot(page, 'past-worker-en-light-1280');

  const other = await visit(browser, page.url(), { language: 'ja', theme: 'dark', width: 390 });
  const there = look(other.page, 'ja');
  await there.moment.getByText('task.assigned').waitFor();
  await there.states.getByText('liveness.watched.alive').waitFor();
  await there
    .arrow(/職人 → バックエンド: 生成 tiny/)
    .first()
    .waitFor();
  expect(await violations(other.page)).toEqual([]);
  expect(await overflow(other.page)).toBeLessThanOrEqual(0);
  await shoot(other.page, 'past-worker-ja-dark-390');
  await there.arrow(/worker.run #1$/).scrollIntoViewIfNeeded();
  await shoot(other.page, 'past-messages-ja-dark-390');

  await goTo(page, '#/actors/pool');
  await shown.arrow(/pool → client: stopped/).click();
  await shown.states.getByText('stopped', { exact: true }).waitFor();
  await shoot(page, 'past-pool-en-light-1280');
  await goTo(page, `#/actors/${encodeURIComponent(`endpoint:${ollama.url}`)}`);
  await shown
    .arrow(/worker → backend: generate tiny/)
    .first()
    .waitFor();

  const workers = join(installation.home, 'config', 'workers.yaml');
  writeFileSync(workers, readFileSync(workers, 'utf8').replaceAll('local_001', 'local_002'));
  await fetch(`${rest}/pool/reload`, { method: 'POST' });
  await goTo(page, worker);
  await page.getByText('No actor of this name lives now. What is recorded of it is shown.').waitFor();
  await shown.moment.getByText('worker.retired').waitFor();
  await shown.states.getByText('It had no actor then.').waitFor();
  expect([...faults, ...other.faults]).toEqual([]);
}, 60_000);
