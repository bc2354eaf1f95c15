// Writes docs/charts/*.md from the machines. Run `npm run build` first.

import { mkdirSync, writeFileSync } from 'node:fs';
import { charts } from '../dist/charts.js';

const folder = new URL('../docs/charts/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [file, page] of Object.entries(charts())) writeFileSync(new URL(file, folder), page);
