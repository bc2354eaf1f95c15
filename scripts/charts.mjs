// Writes docs/charts from the machines: a drawing of each, laid out as on the dashboard, and its page. Run `npm run build` first.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chartDrawings, charts } from '../dist/charts.js';

const at = (path) => new URL(`../${path}`, import.meta.url);
const layoutFor = (machine) => JSON.parse(readFileSync(at(`dist/chart-layouts/${machine}.json`), 'utf8'));
const paint = readFileSync(at('src/chart-paint.css'), 'utf8');
mkdirSync(at('docs/charts/'), { recursive: true });
for (const [file, text] of Object.entries({ ...charts(), ...chartDrawings(layoutFor, paint) })) {
  writeFileSync(at(`docs/charts/${file}`), text);
}
