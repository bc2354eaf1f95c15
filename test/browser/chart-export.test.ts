import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChromium } from './chromium.ts';
import { handIn, startDashboard } from './dashboard-server.ts';
import { goTo, shots, visit } from './dashboard-visit.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

async function saved(page: Page, kind: string) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: kind, exact: true }).click(),
  ]);
  return { name: download.suggestedFilename(), path: await download.path() };
}

const linesOf = (svg: string) => svg.match(/ d="M[^"]+"/g);

test('a chart is saved as it is drawn in the docs, with the figures of now, and as a picture of its theme', async () => {
  const { url, rest } = await startDashboard();
  await handIn(rest, { prompt: 'one', sync: true });
  const { page, faults } = await visit(browser, url, { theme: 'dark' });
  await goTo(page, '#/actors/machine/task');
  await page.locator('.chart [data-state="completed"] .figures').getByText('1×').waitFor();

  const file = await saved(page, 'SVG');
  const svg = readFileSync(file.path, 'utf8');
  expect(file.name).toBe('koubou-task.svg');
  expect(svg).toContain('State chart of task</title>');
  expect(svg).toContain('>1×</text>');
  expect(svg).toContain('prefers-color-scheme: dark');
  const docs = readFileSync(join(process.cwd(), 'docs/charts/task.svg'), 'utf8');
  expect(linesOf(svg)?.toSorted()).toEqual(linesOf(docs)?.toSorted());
  const drawn = await page.evaluate<string[]>(
    `[...document.querySelectorAll('.chart .way .line')].map((line) => line.getAttribute('d'))`,
  );
  for (const line of drawn) expect(svg).toContain(` d="${line}"`);

  const picture = await saved(page, 'PNG');
  copyFileSync(picture.path, join(shots, 'chart-export-dark.png'));
  const png = readFileSync(picture.path);
  const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([Number(width) * 2, Number(height) * 2]);
  expect(await cornerOf(page, png)).toEqual([0x16, 0x18, 0x1a]);

  const text = await saved(page, 'Mermaid');
  expect(readFileSync(text.path, 'utf8')).toMatch(/^stateDiagram-v2\n/);
  expect(faults).toEqual([]);
});

/** The colour of its paper. */
function cornerOf(page: Page, png: Buffer): Promise<readonly number[]> {
  return page.evaluate(`(async () => {
    const image = new Image();
    image.src = 'data:image/png;base64,${png.toString('base64')}';
    await image.decode();
    const canvas = document.createElement('canvas');
    const brush = canvas.getContext('2d');
    brush.drawImage(image, 0, 0);
    return [...brush.getImageData(12, 12, 1, 1).data.slice(0, 3)];
  })()`);
}
