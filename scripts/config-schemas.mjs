// Writes config/schema/*.schema.json from the schemas of the loader. Run `npm run build` first.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configJsonSchemas } from '../dist/config/json-schemas.js';

const project = fileURLToPath(new URL('..', import.meta.url));
mkdirSync(new URL('../config/schema/', import.meta.url), { recursive: true });
for (const [file, schema] of Object.entries(configJsonSchemas())) {
  const target = new URL(`../config/schema/${file}`, import.meta.url);
  writeFileSync(target, `${JSON.stringify(schema, null, 2)}\n`);
}
// The linter has its own idea of when a list fits into a line.
execFileSync('npx', ['biome', 'format', '--write', 'config/schema'], { cwd: project, stdio: 'inherit' });
