import { shrink } from '../simulation/shrink.ts';
import type { SimulationOptions } from '../simulation/simulate.ts';
import { simulationLimits } from '../simulation/simulation-limits.ts';
import { type Cli, exitCodes } from './cli.ts';
import { span } from './simulate-report.ts';

/** What stands between two acts, on a command line. */
const separator = '; ';

/** Reads the acts of `--acts`. */
export function actsOf(text: string): ReadonlySet<string> {
  return new Set(
    text
      .split(separator.trim())
      .map((act) => act.trim())
      .filter((act) => act !== ''),
  );
}

/**
 * Looks for the few acts that break what a world breaks, and says by which command they are seen alone.
 *
 * @param asked the options by which this world is asked for
 */
export async function runShrink(
  { terminal, messages: { simulate: talk } }: Cli,
  world: SimulationOptions,
  asked: readonly string[],
  isJson: boolean,
): Promise<number> {
  const { seed } = world;
  const shrunk = await shrink(world, simulationLimits.shrinkRunsMax, ({ runs, acts }) =>
    terminal.progress(talk.shrinking(runs, acts)),
  );
  terminal.progress('');
  if (shrunk === undefined) {
    if (isJson) terminal.json({ seed, violation: null });
    else terminal.line(talk.nothingToShrink(seed));
    return exitCodes.done;
  }
  const { acts, violation } = shrunk;
  const named = ['--acts', `"${acts.join(separator)}"`];
  const replay = ['koubou simulate', '--seed', seed, ...asked, ...named, '--trace'].join(' ');
  if (isJson) terminal.json({ seed, ...shrunk, replay });
  else {
    terminal.line(`${span(violation.atMs)}  ${violation.invariant}: ${violation.what}`);
    terminal.line(talk.shrunk(acts.length, shrunk.of, shrunk.runs));
    for (const act of acts) terminal.line(`  ${act}`);
    terminal.line(`\n${replay}`);
  }
  return exitCodes.failed;
}
