import { type Command, Option } from 'commander';
import { loadConfig } from '../config.ts';
import { type FaultLevel, faultLevels } from '../simulation/fault-mix.ts';
import { usualLoad } from '../simulation/load-shape.ts';
import { simulate } from '../simulation/simulate.ts';
import { simulationLimits } from '../simulation/simulation-limits.ts';
import type { SimulationReport } from '../simulation/simulation-report.ts';
import { type Act, type Cli, CliError, exitCodes } from './cli.ts';
import { addCommand, type JsonOption, wholeNumber } from './command-options.ts';
import { printTable } from './table.ts';

interface SimulateOptions extends JsonOption {
  readonly seed: number;
  readonly hours: number;
  readonly config?: string;
  readonly faults: FaultLevel;
  readonly perHour?: number;
  readonly trace?: true;
}

/** `koubou simulate` */
export function registerSimulate(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages.simulate;
  addCommand(program, cli, {
    usage: 'simulate',
    description: help.simulate,
    examples: [
      'koubou simulate --config ./tried --hours 24',
      'koubou simulate --seed 42 --faults heavy --json',
      'koubou simulate --seed 42 --hours 1 --trace > trace.txt',
    ],
  })
    .addOption(new Option('--seed <number>', help.seed).argParser(wholeNumber(cli, 0)).default(1))
    .addOption(
      new Option('--hours <count>', help.hours(simulationLimits.hoursMax))
        .argParser(wholeNumber(cli, 1, simulationLimits.hoursMax))
        .default(24),
    )
    .addOption(new Option('--config <folder>', help.config))
    .addOption(new Option('--faults <level>', help.faults).choices(Object.keys(faultLevels)).default('none'))
    .addOption(
      new Option('--per-hour <tasks>', help.perHour).argParser(
        wholeNumber(cli, 1, simulationLimits.tasksPerHourMax),
      ),
    )
    .addOption(new Option('--trace', help.trace))
    .action(act((options: SimulateOptions) => run(cli, options)));
}

async function run(cli: Cli, options: SimulateOptions): Promise<number> {
  const { cwd, env, terminal, messages } = cli;
  const config = loadConfig({
    cwd,
    env,
    ...(options.config === undefined ? {} : { configDir: options.config }),
  });
  if (config.workers.length === 0) throw new CliError(messages.simulate.noWorkers, exitCodes.misused);
  const { seed, hours, faults, perHour = null } = options;
  const { trace, report, verdict } = await simulate({
    seed,
    hours,
    config,
    faults: faultLevels[faults],
    load: { ...usualLoad, perHour },
    keepsTrace: options.trace === true,
  });
  if (options.trace === true) for (const line of trace.lines) terminal.line(line);
  else if (options.json === true) terminal.json({ trace_digest: trace.digest, ...report });
  else print(cli, report);
  return verdict.holds ? exitCodes.done : exitCodes.failed;
}

function print({ terminal, messages: { simulate: talk } }: Cli, report: SimulationReport): void {
  const { tasks, violations, rareStates, unreached } = report;
  terminal.line(
    talk.ran(report.seed, (report.elapsedMs / 3_600_000).toFixed(1), tasks.accepted, report.processes),
  );
  const perHour = report.throughputPerHour.toFixed(1);
  terminal.line(talk.outcome(tasks.completed, tasks.failed, tasks.cancelled, tasks.open, perHour));
  terminal.line(`\n${talk.waits}`);
  printTable(
    terminal,
    talk.waitHeadings,
    report.waits.map((wait) => [
      wait.priority,
      wait.tasks,
      span(wait.medianMs),
      span(wait.p95Ms),
      span(wait.maxMs),
    ]),
  );
  terminal.line(`\n${talk.workers}`);
  printTable(
    terminal,
    talk.workerHeadings,
    report.workers.map(({ workerId, utilisation, runs, completed, loads, swaps }) => [
      workerId,
      `${(utilisation * 100).toFixed(0)} %`,
      runs,
      completed,
      loads,
      swaps,
    ]),
  );
  const fired = Object.entries(report.faults);
  if (fired.length > 0) {
    terminal.line(`\n${talk.faults}`);
    printTable(terminal, talk.faultHeadings, fired);
  }
  const all = Object.entries(rareStates);
  const reached = all.filter(([, count]) => count > 0);
  terminal.line(`\n${talk.reached(reached.length, all.length)}`);
  printTable(
    terminal,
    talk.rareHeadings,
    reached.map(([name, count]) => [count, name]),
  );
  if (unreached.length > 0) terminal.line(talk.unreached(unreached.join('; ')));
  terminal.line('');
  if (violations.length === 0) {
    terminal.line(talk.holds(report.invariants.length));
    return;
  }
  terminal.line(talk.broken(violations.length));
  printTable(
    terminal,
    talk.violationHeadings,
    violations.map(({ atMs, invariant, what }) => [span(atMs), invariant, what]),
  );
}

/** In the largest unit that says enough. */
function span(ms: number): string {
  if (ms < 60_000) return `${(ms / 1_000).toFixed(0)} s`;
  return ms < 3_600_000 ? `${(ms / 60_000).toFixed(1)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}
