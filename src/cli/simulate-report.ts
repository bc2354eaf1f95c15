import type { SimulationReport } from '../simulation/simulation-report.ts';
import type { Cli } from './cli.ts';
import { printTable } from './table.ts';

/** Prints what happened in one world, for people. */
export function printSimulation(
  { terminal, messages: { simulate: talk } }: Cli,
  report: SimulationReport,
): void {
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
export function span(ms: number): string {
  if (ms < 60_000) return `${(ms / 1_000).toFixed(0)} s`;
  return ms < 3_600_000 ? `${(ms / 60_000).toFixed(1)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}
