// Writes dist/chart-layouts/<machine>.json, which the dashboard draws. The build runs it behind the compiler. Layouts of
// definitions that have not changed come from the cache.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { chartHash } from '../dist/chart-hash.js';
import { chartMachines } from '../dist/charts.js';

const at = (path) => new URL(`../${path}`, import.meta.url);
const cache = at('node_modules/.cache/koubou/chart-layouts/');
const folder = at('dist/chart-layouts/');
rmSync(folder, { recursive: true, force: true });
for (const each of [cache, folder]) mkdirSync(each, { recursive: true });

// What lays out is part of the key: another program draws the same definition otherwise.
const program = ['graph', 'labels', 'layout'].map((part) => readFileSync(at(`dist/chart-${part}.js`)));
const { version } = JSON.parse(readFileSync(at('node_modules/elkjs/package.json'), 'utf8'));

for (const machine of chartMachines()) {
  const key = createHash('sha256').update(`${machine.id} ${chartHash(machine)} ${version}`);
  for (const part of program) key.update(part);
  const kept = new URL(`${key.digest('hex').slice(0, 32)}.json`, cache);
  if (!existsSync(kept)) {
    // A second of loading, for what is nearly always there already.
    const { layoutOf } = await import('../dist/chart-layout.js');
    writeFileSync(kept, JSON.stringify(await layoutOf(machine)));
  }
  writeFileSync(new URL(`${machine.id}.json`, folder), readFileSync(kept));
}
