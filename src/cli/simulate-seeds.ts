import { spawn } from 'node:child_process';
import { type SeedsReport, shareSeeds, simulateSeeds, together } from '../simulation/many-seeds.ts';
import type { SeededWorld } from '../simulation/swarm.ts';
import { type Cli, CliError, exitCodes } from './cli.ts';
import { binPath } from './home-scripts.ts';
import { span } from './simulate-report.ts';
import { printTable } from './table.ts';

export interface SeedsAsked {
  readonly first: number;
  readonly count: number;
  /** Processes that share the seeds. */
  readonly jobs: number;
  readonly json: boolean;
  /** As it was given. */
  readonly configDir: string | undefined;
  readonly world: Omit<SeededWorld, 'seed'>;
}

/** Runs many worlds, and says what they found. */
export async function runSeeds(cli: Cli, asked: SeedsAsked): Promise<number> {
  const { first, count, jobs, world } = asked;
  const report =
    jobs === 1
      ? await simulateSeeds({ ...world, first, count, cpuMs, onDone: progressOf(cli, count) })
      : together(
          await Promise.all(shareSeeds(first, count, jobs).map((share) => inProcess(cli, asked, share))),
        );
  if (asked.json) cli.terminal.json({ ...report, replays: replaysOf(report, asked) });
  else print(cli, report, asked);
  return report.violations.length === 0 ? exitCodes.done : exitCodes.failed;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function progressOf({ terminal, messages }: Cli, count: number) {
  return (done: number) => terminal.progress(messages.simulate.seedsDone(done, count));
}

/** The options by which a world of this kind is asked for. */
export function optionsOf({
  configDir,
  world: { hours, faults, perHour },
}: Pick<SeedsAsked, 'configDir' | 'world'>): readonly string[] {
  return [
    ...['--hours', String(hours), '--faults', faults],
    ...(perHour === null ? [] : ['--per-hour', String(perHour)]),
    ...(configDir === undefined ? [] : ['--config', configDir]),
  ];
}

/** A part of the seeds, in a process of its own. */
function inProcess(
  { cwd, env }: Cli,
  asked: SeedsAsked,
  { first, count }: { readonly first: number; readonly count: number },
): Promise<SeedsReport> {
  const range = ['--seed', String(first), '--seeds', String(count), '--json'];
  const args = [...process.execArgv, binPath, 'simulate', ...range, ...optionsOf(asked)];
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    child.once('error', reject);
    child.once('close', (exitCode) => {
      const isWhole = exitCode === exitCodes.done || exitCode === exitCodes.failed;
      if (isWhole && text !== '') resolve(JSON.parse(text) as SeedsReport);
      else reject(new CliError(`seeds ${first} to ${first + count - 1}: the process ended with ${exitCode}`));
    });
  });
}

/** One command for each violation, by which it is seen again; with `--shrink` instead it is made small. */
function replaysOf({ violations }: SeedsReport, asked: SeedsAsked): readonly string[] {
  const options = optionsOf(asked).join(' ');
  return violations.map(({ seed }) => `koubou simulate --seed ${seed} ${options} --trace`);
}

function print(
  { terminal, messages: { simulate: talk } }: Cli,
  report: SeedsReport,
  asked: SeedsAsked,
): void {
  const { first, count, elapsedMs, steps, tasks, violations } = report;
  const cpuS = report.cpuMs / 1_000;
  const hours = elapsedMs / 3_600_000;
  terminal.line(talk.seedsRan(first, first + count - 1, hours.toFixed(0), tasks, cpuS.toFixed(1)));
  terminal.line(talk.pace((hours / cpuS).toFixed(1), Math.round(steps / cpuS).toLocaleString('en-US')));
  terminal.line('');
  const all = Object.entries(report.rareStates).sort(([, a], [, b]) => a - b);
  printTable(
    terminal,
    talk.shareHeadings,
    all.map(([name, reached]) => [`${((100 * reached) / count).toFixed(1)} %`, name]),
  );
  const rare = all.filter(([, reached]) => reached < count / 100);
  terminal.line('');
  terminal.line(
    rare.length === 0 ? talk.allReached(all.length) : talk.notReached(rare.map(([name]) => name).join('; ')),
  );
  if (violations.length === 0) {
    terminal.line(talk.seedsHold(count));
    return;
  }
  terminal.line(talk.broken(violations.length));
  printTable(
    terminal,
    talk.seedHeadings,
    violations.map(({ seed, atMs, invariant, what }) => [seed, span(atMs), invariant, what]),
  );
  terminal.line('');
  for (const line of new Set(replaysOf(report, asked))) terminal.line(line);
  terminal.line(talk.mayShrink);
}
