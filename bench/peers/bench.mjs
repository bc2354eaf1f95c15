/** Ours beside what a user would otherwise pick: `npm run bench -- --peers`. bench/README.md tells what is measured, and how. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release } from 'node:os';
import { setTimeout as pauseMs } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { meter } from '../machine/processes.mjs';
import { canTrace } from '../measures/fsyncs.mjs';
import { barChart } from '../report/bars.mjs';
import { judge } from '../report/goals.mjs';
import { between, markdownTable } from '../report/markers.mjs';
import { figure, table } from '../report/table.mjs';
import { roster, versionOf } from './roster.mjs';
import { panelsOf, rowsOf, sheets } from './tables.mjs';
import * as trials from './trials.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** By the name of the trial in the roster: what runs, and how often. */
function schedule(plan) {
  const { drain } = plan;
  const drains = Object.entries(drain.tasks).map(([concurrency, tasks]) => ({
    label: `drain at ${concurrency}`,
    trial: 'drain',
    run: (name) => trials.drainTrial(name, { ...drain, concurrency: Number(concurrency), tasks }),
  }));
  const backlog = { ...plan.backlog, tasks: plan.backlogTasks };
  return [
    { label: 'enqueue', trial: 'enqueue', run: (name) => trials.enqueueTrial(name, plan.enqueue) },
    ...drains,
    { label: 'latency', trial: 'latency', run: (name) => trials.latencyTrial(name, plan.latency) },
    { label: 'sync over HTTP', trial: 'http', run: (name) => trials.httpTrial(name, plan.http) },
    { label: 'accepted over HTTP', trial: 'accept', run: (name) => trials.acceptTrial(name, plan.http) },
    { label: 'joined worker', trial: 'joined', run: (name) => trials.joinedTrial(name, plan.joined) },
    {
      label: `beside ${figure(backlog.tasks)} that wait`,
      trial: 'backlog',
      // To hand in so many takes minutes: it is repeated once at most.
      attempts: 2,
      run: (name) => trials.backlogTrial(name, backlog),
    },
    // Counts, which no neighbour disturbs: once is enough.
    {
      label: 'fsyncs',
      trial: 'fsyncs',
      isOnce: true,
      run: (name) => trials.fsyncsTrial(name, plan.fsyncs),
    },
  ]
    .filter(({ trial }) => trial !== 'fsyncs' || canTrace())
    .filter(({ trial }) => plan.trials === undefined || plan.trials.includes(trial));
}

/** Waits until the others leave the machine alone, for a while. */
async function quiet({ othersCoresMax, waitMsMax }) {
  const endAt = performance.now() + waitMsMax;
  while (performance.now() < endAt) {
    const end = meter(process.pid);
    await pauseMs(1_000);
    if (end().othersCores <= othersCoresMax) return;
  }
}

/** Repeats a trial that others disturbed, and keeps the calmest. */
async function undisturbed(plan, { run, attempts: attemptsMax = plan.quiet.attempts }) {
  const { othersCoresMax } = plan.quiet;
  const attempts = Math.min(attemptsMax, plan.quiet.attempts);
  let best;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    await quiet(plan.quiet);
    const found = await run();
    if (best === undefined || found.othersCores < best.othersCores) best = found;
    if (best.othersCores <= othersCoresMax) return { ...best, attempt };
  }
  return { ...best, attempt: attempts };
}

/** Each trial once a round with each system in turn: what disturbs the machine disturbs all. */
async function measure(plan, names) {
  const rounds = Array.from({ length: plan.rounds }, () =>
    Object.fromEntries(names.map((name) => [name, {}])),
  );
  const log = [];
  for (const each of schedule(plan)) {
    const { label, trial, isOnce = false, run } = each;
    const taking = names.filter((name) => roster[name].trials.includes(trial));
    for (const [index, round] of rounds.entries()) {
      if (isOnce && index > 0) break;
      // The other way round each second time, so that none is always after the same one.
      for (const name of index % 2 === 0 ? taking : taking.toReversed()) {
        process.stderr.write(`${label}, round ${index + 1} of ${isOnce ? 1 : plan.rounds}: ${name}\n`);
        try {
          const { figures, othersCores, attempt } = await undisturbed(plan, {
            ...each,
            run: () => run(name),
          });
          Object.assign(round[name], figures);
          log.push({ label, round: index + 1, name, othersCores, attempt });
        } catch (error) {
          console.error(`${label} with ${name} FAILED: ${error.message}`);
          log.push({ label, round: index + 1, name, fault: error.message });
        }
      }
    }
  }
  return { rounds, log };
}

/** @returns {{ names: readonly string[], skipped: readonly (readonly [string, string])[] }} */
function takingPart(plan) {
  const names = [];
  const skipped = [];
  for (const name of Object.keys(roster)) {
    const reason = roster[name].missing?.();
    if (plan.systems !== undefined && !plan.systems.includes(name)) skipped.push([name, 'left out']);
    else if (reason === undefined) names.push(name);
    else skipped.push([name, reason]);
  }
  for (const [name, reason] of skipped) console.error(`SKIPPED ${name}: ${reason}`);
  return { names, skipped };
}

function goalRows(rounds) {
  const rows = judge(rounds).map(({ text, goal, value, values, verdict, isClose }) => [
    text,
    figure(value, 2),
    values.map((each) => figure(each, 2)).join(' '),
    goal,
    `${verdict}${isClose ? ', within noise' : ''}`,
  ]);
  return [['', 'median', 'each round', 'goal', ''], ...rows];
}

/** What did not go as it should, in words. */
function remarks({ log }, skipped, plan) {
  const disturbed = log.filter(({ othersCores }) => othersCores > plan.quiet.othersCoresMax);
  const faults = log.filter(({ fault }) => fault !== undefined);
  return [
    ...skipped.map(([name, reason]) => `${roster[name].label} did not take part: ${reason}.`),
    ...(canTrace() ? [] : ['fsyncs are not counted: strace is missing or not allowed here.']),
    ...faults.map(
      ({ label, round, name }) => `${label} with ${roster[name].label} failed in round ${round}.`,
    ),
    `Trials in which others took more than ${plan.quiet.othersCoresMax} cores in all of their attempts: ${disturbed.length} of ${log.length}.`,
  ];
}

/** @param {ReturnType<typeof import('../plan.mjs').planOf>['peers']} plan */
export async function benchPeers(plan) {
  const startedAt = new Date();
  const { names, skipped } = takingPart(plan);
  const cpu = cpus()[0]?.model;
  const machine = `${availableParallelism()} cores (${cpu}), Linux ${release()}, Node ${process.version}`;
  const settings = names.map((name) => [roster[name].label, versionOf(name), roster[name].settings]);
  settings.unshift(['', 'version', 'settings']);
  console.log(`${machine}, load ${figure(loadavg()[0])}\n\n${table(settings)}\n`);
  const measured = await measure(plan, names);
  const { rounds } = measured;
  const parts = sheets
    .map((sheet) => ({ title: sheet.title, rows: rowsOf(sheet, rounds) }))
    .filter(({ rows }) => rows.length > 1);
  parts.push({ title: 'Goals', rows: goalRows(rounds) });
  for (const { title, rows } of parts) console.log(`${title}\n${table(rows)}\n`);
  const notes = remarks(measured, skipped, plan);
  console.log(notes.join('\n'));
  const date = startedAt.toISOString().slice(0, 10);
  const note = `${plan.rounds} alternated rounds, ${date}; medians, the line is the spread`;
  mkdirSync(here('../results'), { recursive: true });
  const record = { startedAt, machine, plan, settings, ...measured, goals: judge(rounds), notes };
  writeFileSync(here('../results/peers.json'), `${JSON.stringify(record, null, 2)}\n`);
  const chart = barChart({
    title: 'Koubou beside other queues, on one machine in one run',
    note,
    panels: panelsOf(rounds),
  });
  writeFileSync(here('../results/peers.svg'), chart);
  console.log('written to bench/results/peers.json and peers.svg');
  if (plan.isQuick) return;
  const markdown = [
    `${machine}. ${note}. In parentheses: the lowest and the highest round.`,
    '![bars](peers.svg)',
    ...parts.map(({ title, rows }) => `**${title}**\n\n${markdownTable(rows)}`),
    `**Versions and settings**\n\n${markdownTable(settings)}`,
    notes.join('\n'),
  ];
  const readme = here('../README.md');
  writeFileSync(readme, between(readFileSync(readme, 'utf8'), 'peers', markdown.join('\n\n')));
  writeFileSync(here('../peers.svg'), chart);
  console.log('written to bench/README.md and bench/peers.svg');
}
