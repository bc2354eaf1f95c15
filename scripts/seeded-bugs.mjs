// Seeds bugs into copies of the built program, one at a time, and counts how many simulated worlds it takes to find
// each: `node scripts/seeded-bugs.mjs [--only NAME,NAME] [--runs 40] [--jobs 2] [--json]`. The bugs are data:
// test/simulation/seeded-bugs/bugs.json. With `--shrink NAME` the world that finds it is a script, shrunk to its shortest;
// with `--bug NAME --seed N --script "…"` such a script is run on the program with that bug.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const project = fileURLToPath(new URL('..', import.meta.url));
const child = join(project, 'scripts/find-seeded-bug.mjs');

/** @typedef {{ name: string, file: string, find: string, put: string, breaks: string }} SeededBug */

/** @type {SeededBug[]} */
const bugs = JSON.parse(readFileSync(join(project, 'test/simulation/seeded-bugs/bugs.json'), 'utf8'));

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    runs: { type: 'string', default: '40' },
    jobs: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    shrink: { type: 'string' },
    bug: { type: 'string' },
    seed: { type: 'string', default: '1' },
    script: { type: 'string' },
  },
});

/** The text of a bug stands there once, however it is broken into lines. */
function patternOf(/** @type {string} */ text) {
  const escaped = text
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(escaped.join('\\s+'), 'g');
}

/** A copy of what runs: the program, what it reads, and where its packages are. */
function copyOf(/** @type {SeededBug | undefined} */ bug) {
  const folder = mkdtempSync(join(tmpdir(), 'koubou-bug-'));
  const isNeeded = (/** @type {string} */ path) =>
    !/\.(map|d\.ts)$|\/dist\/(dashboard|http|chart-layouts)/.test(path);
  cpSync(join(project, 'dist'), join(folder, 'dist'), { recursive: true, filter: isNeeded });
  for (const name of ['migrations', 'node_modules', 'package.json', 'config'])
    symlinkSync(join(project, name), join(folder, name));
  if (bug !== undefined) {
    const path = join(folder, 'dist', `${bug.file}.js`);
    const before = readFileSync(path, 'utf8');
    const found = before.match(patternOf(bug.find))?.length ?? 0;
    if (found !== 1)
      throw new Error(`${bug.name}: its text stands ${found} times in ${bug.file}, and must once`);
    writeFileSync(
      path,
      before.replace(patternOf(bug.find), () => bug.put),
    );
  }
  return folder;
}

/** Runs the finder on a copy; answers its last line. */
function find(/** @type {SeededBug | undefined} */ bug, /** @type {string[]} */ args) {
  const folder = copyOf(bug);
  return new Promise((done, fail) => {
    const env = { ...process.env, NODE_ENV: 'production' };
    const running = spawn(process.execPath, [child, folder, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    running.stdout.setEncoding('utf8').on('data', (more) => {
      text += more;
    });
    running.once('error', fail);
    running.once('close', () => {
      rmSync(folder, { recursive: true, force: true });
      if (text === '') fail(new Error(`${bug?.name ?? 'the program'}: the finder ended without a word`));
      else done(JSON.parse(text));
    });
  });
}

function named(/** @type {string} */ name) {
  const bug = bugs.find((one) => one.name === name);
  if (bug === undefined)
    throw new Error(`there is no seeded bug "${name}"; they are: ${bugs.map((one) => one.name).join(', ')}`);
  return bug;
}

/** Runs all, as many at a time as wanted. */
async function findAll(/** @type {SeededBug[]} */ wanted) {
  /** @type {(SeededBug & { runs: number | null, cpuMs: number, seed: number, invariant: string })[]} */
  const found = [];
  const waiting = [...wanted];
  const work = async () => {
    for (let bug = waiting.shift(); bug !== undefined; bug = waiting.shift()) {
      const result = await find(bug, ['runs', values.runs]);
      found.push({ ...bug, ...result });
      const cpu = `${(result.cpuMs / 1_000).toFixed(1)} s`.padStart(8);
      const how = result.runs === null ? 'NOT FOUND' : `run ${result.runs}: ${result.invariant}`;
      if (!values.json) console.log(`${cpu}  ${bug.name.padEnd(46)} ${how}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  const missed = found.filter(({ runs }) => runs === null);
  const runs = found.map((one) => one.runs ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const median = runs[Math.floor(runs.length / 2)];
  const cpuS = found.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 1_000;
  if (values.json) console.log(JSON.stringify({ median, cpu_seconds: cpuS, bugs: found }));
  else {
    console.log(
      `${found.length - missed.length} of ${found.length} found, median ${median} runs, ${cpuS.toFixed(0)} CPU seconds`,
    );
  }
  return missed.length === 0 ? 0 : 1;
}

async function main() {
  if (values.bug !== undefined && values.script !== undefined) {
    const result = await find(named(values.bug), ['script', values.seed, values.script]);
    for (const line of result.lines) console.log(line);
    console.log(result.invariant === null ? 'All invariants held.' : `${result.invariant}: ${result.what}`);
    return result.invariant === null ? 0 : 1;
  }
  if (values.shrink !== undefined) {
    const bug = named(values.shrink);
    const { seed, steps, invariant, what, tried, cpuMs } = await find(bug, [
      'shrink',
      values.seed,
      values.runs,
    ]);
    if (steps === null) {
      console.log(`${bug.name}: no script found it in ${tried} tries`);
      return 1;
    }
    console.log(
      `${invariant}: ${what}\n\nFound with seed ${seed}, ${steps.length} steps (${(cpuMs / 1_000).toFixed(0)} CPU s):`,
    );
    for (const step of steps) console.log(`  ${step}`);
    const script = steps.join('; ');
    console.log(
      `\nReplay:\n  node scripts/seeded-bugs.mjs --bug ${bug.name} --seed ${seed} --script "${script}"`,
    );
    return 0;
  }
  return findAll(values.only === undefined ? bugs : values.only.split(',').map(named));
}

process.chdir(resolve(project));
process.exitCode = await main();
