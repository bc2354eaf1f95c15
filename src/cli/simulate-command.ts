import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../config/settings.ts';
import { loadConfig } from '../config.ts';
import { ChosenActs } from '../simulation/acts.ts';
import { usualLoad } from '../simulation/load-shape.ts';
import { stepsOf } from '../simulation/script-steps.ts';
import { runScript } from '../simulation/scripted-world.ts';
import { simulate } from '../simulation/simulate.ts';
import { simulationLimits } from '../simulation/simulation-limits.ts';
import { type FaultChoice, faultChoices, type SeededWorld, worldOfSeed } from '../simulation/swarm.ts';
import type { Simulation } from '../simulation/watched-world.ts';
import { type Act, type Cli, CliError, exitCodes } from './cli.ts';
import { addCommand, type JsonOption, wholeNumber } from './command-options.ts';
import { type PastSpan, pastSpan, recordedLoad } from './simulate-replay.ts';
import { printSimulation } from './simulate-report.ts';
import { optionsOf, runSeeds } from './simulate-seeds.ts';
import { actsOf, runShrink } from './simulate-shrink.ts';

interface SimulateOptions extends JsonOption {
  readonly seed: number;
  readonly seeds?: number;
  readonly jobs: number;
  readonly hours?: number;
  readonly config?: string;
  readonly faults?: FaultChoice;
  readonly perHour?: number;
  readonly replay?: PastSpan;
  readonly script?: string;
  readonly acts?: string;
  readonly shrink?: true;
  readonly trace?: true;
}

/** `koubou simulate` */
export function registerSimulate(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages.simulate;
  const { hoursMax, seedsMax, jobsMax, tasksPerHourMax } = simulationLimits;
  addCommand(program, cli, {
    usage: 'simulate',
    description: help.simulate,
    examples: [
      'koubou simulate --config ./tried --hours 24',
      'koubou simulate --config ./tried --replay 24h..now',
      'koubou simulate --seed 42 --faults heavy --json',
      'koubou simulate --seed 42 --hours 1 --trace > trace.txt',
      'koubou simulate --seeds 200 --jobs 2',
    ],
  })
    .addOption(new Option('--seed <number>', help.seed).argParser(wholeNumber(cli, 0)).default(1))
    .addOption(new Option('--seeds <count>', help.seeds(seedsMax)).argParser(wholeNumber(cli, 1, seedsMax)))
    .addOption(new Option('--jobs <count>', help.jobs).argParser(wholeNumber(cli, 1, jobsMax)).default(1))
    .addOption(new Option('--hours <count>', help.hours(hoursMax)).argParser(hours(cli)))
    .addOption(new Option('--config <folder>', help.config))
    .addOption(new Option('--faults <level>', help.faults).choices(faultChoices))
    .addOption(new Option('--per-hour <tasks>', help.perHour).argParser(wholeNumber(cli, 1, tasksPerHourMax)))
    .addOption(new Option('--replay <from..to>', help.replay).argParser(pastSpan(cli)))
    .addOption(new Option('--script <steps>', help.script))
    .addOption(new Option('--acts <names>', help.acts))
    .addOption(new Option('--shrink', help.shrink))
    .addOption(new Option('--trace', help.trace))
    .action(act((options: SimulateOptions) => run(cli, options)));
}

/** Reads hours, with or without a fraction: a short world is one of minutes. */
function hours(cli: Cli) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= simulationLimits.hoursMax) return value;
    throw new InvalidArgumentError(cli.messages.simulate.notHours(simulationLimits.hoursMax));
  };
}

async function run(cli: Cli, options: SimulateOptions): Promise<number> {
  const { cwd, env, terminal, messages } = cli;
  const config = loadConfig({
    cwd,
    env,
    ...(options.config === undefined ? {} : { configDir: options.config }),
  });
  if (config.workers.length === 0) throw new CliError(messages.simulate.noWorkers, exitCodes.misused);
  assertOneMode(cli, options);
  const { seed, seeds, jobs, perHour = null, config: configDir } = options;
  if (seeds !== undefined) {
    const { hours: forHours = simulationLimits.seedHours, faults = 'swarm', json = false } = options;
    return runSeeds(cli, {
      ...{ first: seed, count: seeds, jobs, json, configDir },
      world: { hours: forHours, config, faults, perHour },
    });
  }
  if (options.shrink === true) {
    const world = oneWorld(options, config);
    const asked = optionsOf({ configDir, world });
    return runShrink(cli, worldOfSeed(world), asked, options.json === true);
  }
  const { trace, report, verdict } = await simulated(cli, options, config);
  if (options.trace === true) for (const line of trace.lines) terminal.line(line);
  else if (options.json === true) terminal.json({ trace_digest: trace.digest, ...report });
  else printSimulation(cli, report);
  return verdict.holds ? exitCodes.done : exitCodes.failed;
}

/** What takes the place of drawn clients, and several seeds, exclude each other. */
function assertOneMode(
  { messages }: Cli,
  { seeds, replay, script, acts, shrink, trace }: SimulateOptions,
): void {
  const modes = Object.entries({ seeds, replay, script, acts, shrink });
  const given = modes.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]));
  if ((seeds !== undefined || shrink === true) && trace === true) given.push('--trace');
  if (given.length > 1)
    throw new CliError(messages.simulate.notTogether(given.join(', ')), exitCodes.misused);
}

/** What is drawn where one seed is asked for. */
function oneWorld(
  { seed, hours: forHours = 24, faults = 'none', perHour }: SimulateOptions,
  config: Config,
): SeededWorld {
  return { seed, hours: forHours, config, faults, perHour: perHour ?? null };
}

async function simulated(cli: Cli, options: SimulateOptions, config: Config): Promise<Simulation> {
  const { seed, script, replay, acts } = options;
  const keepsTrace = options.trace === true;
  if (script !== undefined) return runScript({ seed, config, keepsTrace }, readScript(cli, script));
  if (replay !== undefined) {
    const load = { ...usualLoad, ...recordedLoad(cli, config, replay) };
    const spanHours = (replay.toMs - replay.fromMs) / 3_600_000;
    const world = worldOfSeed({ ...oneWorld(options, config), hours: spanHours });
    return simulate({ ...world, load, keepsTrace });
  }
  const world = worldOfSeed(oneWorld(options, config));
  const chosen = acts === undefined ? {} : { acts: new ChosenActs(actsOf(acts)) };
  return simulate({ ...world, ...chosen, keepsTrace });
}

function readScript({ messages }: Cli, script: string) {
  try {
    return stepsOf(script);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CliError(messages.simulate.badScript(error.message), exitCodes.misused);
  }
}
