// The tests of the dashboard drive a real browser. Where none is there and this is root on a Debian, it is installed; elsewhere
// the tests say what to type.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const usualPlaces = JSON.parse(readFileSync(new URL('chromium-places.json', import.meta.url), 'utf8'));
const places = [process.env.CHROMIUM_PATH ?? '', ...usualPlaces];
const isThere = places.some((path) => path !== '' && existsSync(path));
const isDebianRoot = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
if (!isThere && isDebianRoot) {
  console.log('No Chromium is there for the tests of the dashboard; installing it: apt-get install chromium');
  const options = { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  spawnSync('apt-get', ['update', '-q'], options);
  spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], options);
}
