// Looks for a bug in a copy of the program, and says on its last line what it found. See seeded-bugs.mjs.
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [, , folder = '', mode = 'runs', ...args] = process.argv;
const workshop = fileURLToPath(new URL('workshop', import.meta.url));
/** One that keeps the simulation busy for longer is caught by it, or never. */
const cpuMsMax = 60_000;

const load = (/** @type {string} */ path) => import(pathToFileURL(join(folder, 'dist', path)).href);
const { loadConfig } = await load('config.js');
const config = loadConfig({ configDir: workshop, cwd: folder, env: { KOUBOU_HOME: '/nowhere/koubou' } });

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** World after world, until one breaks. A world that cannot go on has told as well. */
async function run(/** @type {number} */ runsMax) {
  const { simulate } = await load('simulation/simulate.js');
  const { worldOfSeed } = await load('simulation/swarm.js');
  const beganMs = cpuMs();
  for (let seed = 1; seed <= runsMax && cpuMs() - beganMs < cpuMsMax; seed += 1) {
    const world = worldOfSeed({ seed, hours: 0.5, config, faults: 'swarm', perHour: null });
    const found = await simulate({ ...world, stopsAtViolation: true }).then(
      (/** @type {any} */ { verdict }) => verdict.violations[0],
      (/** @type {Error} */ error) => ({ invariant: 'the world goes on', what: error.message }),
    );
    if (found !== undefined) return { runs: seed, seed, cpuMs: cpuMs() - beganMs, ...found };
  }
  return { runs: null, cpuMs: cpuMs() - beganMs };
}

async function replay(/** @type {number} */ seed, /** @type {string} */ script) {
  const { runScript } = await load('simulation/scripted-world.js');
  const { stepsOf } = await load('simulation/script-steps.js');
  const { trace, verdict } = await runScript({ seed, config, keepsTrace: true }, stepsOf(script));
  const [first] = verdict.violations;
  const until = trace.lines.findIndex(
    (/** @type {string} */ line) => Number.parseFloat(line) > (first?.atMs ?? 0),
  );
  return {
    lines: first === undefined || until === -1 ? trace.lines : trace.lines.slice(0, until),
    invariant: first?.invariant ?? null,
    what: first?.what ?? null,
  };
}

async function shrink(/** @type {number} */ seed, /** @type {number} */ runsMax) {
  // biome-ignore lint/correctness/useImportExtensions: its declarations stand beside it
  const { shrunkScript } = await import('./script-commands.mjs');
  const { ScriptedWorld } = await load('simulation/scripted-world.js');
  const { lineOf } = await load('simulation/script-steps.js');
  const beganMs = cpuMs();
  const open = (/** @type {number} */ worldSeed) => new ScriptedWorld({ seed: worldSeed, config });
  const found = await shrunkScript({ seed, runsMax, open, lineOf, config });
  return { ...found, cpuMs: cpuMs() - beganMs };
}

const result =
  mode === 'runs'
    ? await run(Number(args[0]))
    : mode === 'script'
      ? await replay(Number(args[0]), args[1] ?? '')
      : await shrink(Number(args[0]), Number(args[1]));
process.stdout.write(JSON.stringify(result), () => process.exit());
