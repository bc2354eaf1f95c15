import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { onDisposal } from '../support/disposal.ts';

export interface Reader {
  readonly language?: 'en' | 'ja';
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the console called an error, what nobody caught, and what the policy of the page forbade. */
  readonly faults: string[];
}

/** Where what people look at is kept. */
export const shots = fileURLToPath(new URL('./shots', import.meta.url));
mkdirSync(shots, { recursive: true });
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Opens the dashboard as a reader of this language and theme, on a screen of this width. It closes with the test. */
export async function visit(
  browser: Browser,
  url: string,
  { language = 'en', theme = 'light', width = 1280 }: Reader = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    reducedMotion: 'reduce',
    acceptDownloads: true,
  });
  onDisposal(() => context.close());
  context.setDefaultTimeout(10_000);
  const choices = { 'koubou.language': language, 'koubou.theme': theme };
  await context.addInitScript(
    `for (const [key, value] of Object.entries(${JSON.stringify(choices)})) localStorage[key] ??= value;`,
  );
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => faults.push(error.stack ?? error.message));
  page.on('dialog', (dialog) => {
    faults.push(`a text became a script: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  return { page, context, faults };
}

/** Goes to a place of the page and waits until all that it asks for is there. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate(`new Promise((arrived) => {
    location.hash = ${JSON.stringify(hash)};
    requestAnimationFrame(() => requestAnimationFrame(arrived));
  })`);
  await page.getByRole('main').getByRole('heading', { level: 1 }).first().waitFor();
  const loading = page.locator('main .muted').filter({ hasText: /^…$/ });
  await loading.first().waitFor({ state: 'detached' });
}

/** What WCAG 2.2 AA forbids and this page does, one line each. */
export async function violations(page: Page): Promise<readonly string[]> {
  // Beside the page's policy, as a debugger does: the policy itself stays in force.
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(axeSource);
  const options = { runOnly: standards, resultTypes: ['violations'] };
  const results = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`);
  return results.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help} at ${target.join(' ')} (${failureSummary})`),
  );
}

/** Kept for people to look at. */
export function shoot(page: Page, name: string): Promise<Buffer> {
  return page.screenshot({ path: join(shots, `${name}.png`) });
}

/** So many px the page is wider than the screen. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - innerWidth');
}
