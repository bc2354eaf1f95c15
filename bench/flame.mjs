import { readFileSync, writeFileSync } from 'node:fs';
import { flameGraph } from './report/flame.mjs';

const [from, to, title = 'CPU'] = process.argv.slice(2);
if (from === undefined || to === undefined) {
  process.stderr.write('usage: node bench/flame.mjs PROFILE.cpuprofile CHART.svg [TITLE]\n');
  process.exit(2);
}
writeFileSync(to, flameGraph(JSON.parse(readFileSync(from, 'utf8')), title));
