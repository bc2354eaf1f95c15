import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import usualPlaces from '../../scripts/chromium-places.json' with { type: 'json' };

/** The browser: that of `CHROMIUM_PATH`, that of the system, or the one that Playwright installed. @throws Error */
export function chromiumPath(
  places = [process.env['CHROMIUM_PATH'] ?? '', ...usualPlaces, chromium.executablePath()],
): string {
  const found = places.find((path) => path !== '' && existsSync(path));
  if (found !== undefined) return found;
  throw new Error(
    'No Chromium was found for the tests of the dashboard. Type: npx playwright-core install --with-deps chromium   (or set CHROMIUM_PATH)',
  );
}

/** Whoever starts it closes it. */
export function startChromium(): Promise<Browser> {
  // Within a container there is nothing for the sandbox to stand on; what is shown is our own page.
  return chromium.launch({
    executablePath: chromiumPath(),
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}
