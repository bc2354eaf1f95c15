import type { Command } from 'commander';
import type { PoolView, PredictionQuality } from '../runtime/operation.ts';
import { type Act, type Cli, exitCodes } from './cli.ts';
import { addCommand, type JsonOption } from './command-options.ts';
import { Refusal, RestClient } from './rest-client.ts';
import { findServer } from './server-address.ts';
import { tellReload } from './signal-reload.ts';
import { printFields, printTable } from './table.ts';
import { oneLine } from './text-width.ts';

const gibibyte = 1_024 ** 3;

/** `koubou pool`, `pause`, `resume` and `reload` */
export function registerPool(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages.operating;
  addCommand(program, cli, {
    usage: 'pool',
    description: help.pool,
    examples: ['koubou pool', 'koubou pool --json | jq ".endpoints[] | select(.breaker != \\"closed\\")"'],
  }).action(
    act(async ({ json }: JsonOption) => {
      const pool = await new RestClient(findServer(cli), cli.messages).pool();
      if (json) cli.terminal.json(pool);
      else showPool(cli, pool);
      return exitCodes.done;
    }),
  );

  for (const verb of ['pause', 'resume'] as const) {
    addCommand(program, cli, {
      usage: verb,
      description: help[verb],
      examples: [`koubou ${verb}`, `koubou ${verb} --json`],
    }).action(act(({ json }: JsonOption) => switchPool(cli, verb, json === true)));
  }

  addCommand(program, cli, {
    usage: 'reload',
    description: help.reload,
    examples: ['koubou reload', 'koubou config check && koubou reload', 'koubou reload --json | jq .changes'],
  }).action(act(({ json }: JsonOption) => reload(cli, json === true)));
}

async function switchPool(cli: Cli, verb: 'pause' | 'resume', json: boolean): Promise<number> {
  const { terminal, messages } = cli;
  const { state } = await new RestClient(findServer(cli), messages).switchPool(verb);
  if (json) {
    terminal.json({ state });
    return exitCodes.done;
  }
  terminal.line(state);
  terminal.say(verb === 'pause' ? messages.operating.paused : messages.operating.resumed);
  return exitCodes.done;
}

async function reload(cli: Cli, json: boolean): Promise<number> {
  const { terminal, messages } = cli;
  const { operating } = messages;
  try {
    const report = await new RestClient(findServer(cli), messages).reload();
    if (json) {
      terminal.json(report);
      return exitCodes.done;
    }
    for (const change of [...report.changes, ...report.needs_restart]) terminal.line(oneLine(change));
    tellReload(cli, report);
    return exitCodes.done;
  } catch (error) {
    // Anything else that it refuses is no fault of the files.
    if (!(error instanceof Refusal) || error.status !== 400) throw error;
    if (json) terminal.json({ error: { code: error.code, message: error.message } });
    terminal.say(`${operating.reloadRefused}\n${error.message}`);
    return exitCodes.misused;
  }
}

function showPool({ terminal, messages }: Cli, pool: PoolView): void {
  const { fields, operating } = messages;
  const { state, config_version, leases, waiting, prediction } = pool;
  const words = operating.fields;
  printFields(terminal, [
    [fields.pool, state],
    [words.configuration, config_version],
    [words.leases, operating.of(leases.used, leases.max)],
    [fields.waiting, waiting.reduce((sum, { count }) => sum + count, 0)],
    [words.durations, qualityText(operating, prediction.duration)],
    [words.finishes, qualityText(operating, prediction.finish)],
  ]);
  printSection(
    terminal,
    [fields.priority, fields.waiting, words.types],
    byPriority(waiting).map(([priority, tiers]) => [
      priority,
      tiers.reduce((sum, { count }) => sum + count, 0),
      tiers.map(({ type, count }) => `${type} ${count}`).join(', '),
    ]),
  );
  printSection(
    terminal,
    [words.server, words.host, words.breaker, words.leases, words.loaded],
    pool.endpoints.map(({ endpoint, host, breaker, leases: used, loaded }) => [
      endpoint,
      host,
      breaker,
      used,
      listOf(loaded),
    ]),
  );
  printSection(
    terminal,
    [words.host, words.leases, words.memory],
    pool.hosts.map(({ host, leases: used, slots_max, memory_bytes }) => [
      host,
      slots_max === null ? used : operating.of(used, slots_max),
      memory_bytes === null ? null : `${Number((memory_bytes / gibibyte).toFixed(1))} GiB`,
    ]),
  );
  for (const { endpoint, breaker, detail } of pool.endpoints) {
    if (breaker !== 'closed') terminal.say(operating.leftAlone(endpoint, oneLine(detail)));
  }
}

/** A table under an empty line; nothing where there are no rows. */
function printSection(
  terminal: Cli['terminal'],
  headings: readonly string[],
  rows: Parameters<typeof printTable>[2],
): void {
  if (rows.length === 0) return;
  terminal.line('');
  printTable(terminal, headings, rows);
}

function byPriority(waiting: PoolView['waiting']): readonly (readonly [number, PoolView['waiting']])[] {
  const tiers = new Map<number, PoolView['waiting'][number][]>();
  for (const tier of waiting) tiers.set(tier.priority, [...(tiers.get(tier.priority) ?? []), tier]);
  return [...tiers].toSorted(([a], [b]) => b - a);
}

function qualityText(words: Cli['messages']['operating'], quality: PredictionQuality | null): string | null {
  if (quality === null) return null;
  const { median_error, within_p90, runs } = quality;
  return words.prediction(percent(median_error), percent(within_p90), runs);
}

/** A part of 1. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Names in one cell; `null` for none. */
export function listOf(names: readonly string[]): string | null {
  return names.length === 0 ? null : names.join(', ');
}
