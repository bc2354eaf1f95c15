import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));

const read = (...path) => JSON.parse(readFileSync(join(folder, ...path), 'utf8'));

/** Those that are not there in the version that is asked for. */
function missing() {
  return Object.entries(read('package.json').dependencies).filter(([name, version]) => {
    const path = ['node_modules', name, 'package.json'];
    return !existsSync(join(folder, ...path)) || read(...path).version !== version;
  });
}

/**
 * Installs the peers into a folder of their own, which nothing of Koubou reads.
 *
 * @throws Error when npm cannot
 */
export function installPeers() {
  const wanted = missing();
  if (wanted.length === 0) return;
  console.error(`installing ${wanted.map(([name, version]) => `${name} ${version}`).join(', ')}`);
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel', 'error'];
  const { status, error } = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`npm could not install the peers in ${folder}: ${error ?? status}`);
}
