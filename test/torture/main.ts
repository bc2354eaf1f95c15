import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { everyWrite } from './every-write.ts';
import { faultKinds } from './nemesis.ts';
import { torture } from './run.ts';
import { killAll } from './victim.ts';

/** `npm run torture`: the built server under real faults, and a judge. Exit code 0 for a pass, 1 for none, 2 for a wrong command. */

const usage = `npm run torture -- [--minutes 5] [--seed N] [--faults KIND,KIND]
npm run torture -- --every-write [--tasks 20] [--from 1] [--step 1] [--lanes 2]

Kinds: ${faultKinds.join(', ')}.`;

/** The command line, or the place that it was typed at, is wrong. */
class Misuse extends Error {}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      faults: { type: 'string', default: faultKinds.join(',') },
      'every-write': { type: 'boolean', default: false },
      tasks: { type: 'string', default: '20' },
      from: { type: 'string', default: '1' },
      step: { type: 'string', default: '1' },
      lanes: { type: 'string', default: '2' },
    },
  });
  const root = process.cwd();
  if (!existsSync(join(root, 'dist', 'main.js')))
    throw new Misuse('there is no built server here: npm run build, in the folder of the package');
  if (!(Number(values.minutes) > 0)) throw new Misuse(`"${values.minutes}" are no minutes`);
  const kinds = values.faults.split(',').map((name) => {
    const kind = faultKinds.find((known) => known === name.trim());
    if (kind === undefined) throw new Misuse(`there is no fault "${name}"`);
    return kind;
  });
  const [seed, tasks, from, step, lanes] = [
    values.seed,
    values.tasks,
    values.from,
    values.step,
    values.lanes,
  ].map(whole);
  const isPass = values['every-write']
    ? await everyWrite({ root, tasks: tasks || 1, from: from || 1, step: step || 1, lanes: lanes || 1, say })
    : await torture({ root, seed: seed ?? 0, minutes: Number(values.minutes), kinds, say });
  return isPass ? 0 : 1;
}

/** @throws Misuse */
function whole(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Misuse(`"${text}" is no whole number`);
}

/** An option that does not exist is refused by Node's own parser. */
function isMisuse(error: unknown): error is Error {
  if (error instanceof Misuse) return true;
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killAll();
    process.exit(130);
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  killAll();
  if (!isMisuse(error)) throw error;
  say(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
