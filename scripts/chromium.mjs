// The tests of the dashboard drive a real browser. Where none is there and this is root on a Debian, it is installed; elsewhere
// the tests say what to type.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const places = [
  process.env.CHROMIUM_PATH ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const isThere = places.some((path) => path !== '' && existsSync(path));
const isDebianRoot = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
if (!isThere && isDebianRoot) {
  console.log('No Chromium is there for the tests of the dashboard; installing it: apt-get install chromium');
  const options = { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  spawnSync('apt-get', ['update', '-q'], options);
  spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], options);
}
