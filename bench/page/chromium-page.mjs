import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const places = JSON.parse(
  readFileSync(new URL('../../scripts/chromium-places.json', import.meta.url), 'utf8'),
);

/** The page in a browser without a window. */
export async function openPage(url) {
  const executablePath = [process.env.CHROMIUM_PATH ?? '', ...places].find(
    (path) => path !== '' && existsSync(path),
  );
  const browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: ['--no-sandbox', '--disable-background-networking'],
  });
  const page = await browser.newPage({ viewport: { width: 1_280, height: 900 } });
  await page.addInitScript("localStorage['koubou.language'] = 'en'");
  await page.goto(url);
  return { browser, page, devtools: await page.context().newCDPSession(page) };
}

/** Goes to a place, and waits until what shows it is there. @returns how long that took, in ms of the page's clock */
export async function goTo(page, hash, selector) {
  return page.evaluate(
    ([place, wanted]) =>
      new Promise((resolve) => {
        const begunMs = performance.now();
        location.hash = place;
        const look = () => {
          const painted = () => resolve(performance.now() - begunMs);
          // Drawn in this frame, on the screen at the next one.
          if (document.querySelector(wanted) !== null) requestAnimationFrame(painted);
          else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      }),
    [hash, selector],
  );
}

/** What is held on the heap of the page once garbage is gone, in MiB. */
export async function heapMb(devtools) {
  await devtools.send('HeapProfiler.enable');
  for (let round = 0; round < 3; round += 1) await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  return usedSize / 2 ** 20;
}

/** Watches the frames of the page for so long. */
export async function frames(page, forMs) {
  await page.evaluate(() => {
    const gaps = [];
    let last;
    const turn = (atMs) => {
      if (last !== undefined) gaps.push(atMs - last);
      last = atMs;
      window.frameTurn = requestAnimationFrame(turn);
    };
    window.frameGaps = gaps;
    window.frameTurn = requestAnimationFrame(turn);
  });
  await pause(forMs);
  const gaps = await page.evaluate(() => {
    cancelAnimationFrame(window.frameTurn);
    return window.frameGaps;
  });
  const sorted = gaps.toSorted((a, b) => a - b);
  const sum = gaps.reduce((all, gap) => all + gap, 0);
  return {
    perSecond: (gaps.length * 1_000) / sum,
    p99Ms: sorted[Math.floor(0.99 * (sorted.length - 1))] ?? 0,
    longestMs: sorted.at(-1) ?? 0,
    long: gaps.filter((gap) => gap > 100).length,
    count: gaps.length,
  };
}
