import type { Command } from 'commander';
import { limits } from '../machines/limits.ts';
import type { RetryReport } from '../runtime/operation.ts';
import { type Act, type Cli, CliError, exitCodes } from './cli.ts';
import { addCommand, type JsonOption, moment, wholeNumber } from './command-options.ts';
import { forEachTask } from './each-task.ts';
import { RestClient } from './rest-client.ts';
import { findServer } from './server-address.ts';
import { printTable } from './table.ts';

interface RetryOptions extends JsonOption {
  readonly failed?: true;
  readonly type?: string;
  readonly worker?: string;
  readonly code?: string;
  /** ISO 8601. */
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  readonly dryRun?: true;
  readonly yes?: true;
}

const limitDefault = 100;

/** `koubou retry` */
export function registerRetry(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages.operating;
  addCommand(program, cli, {
    usage: 'retry [ids...]',
    description: cli.messages.help.retry,
    examples: [
      'koubou retry ID',
      'koubou retry --failed --dry-run',
      "koubou retry --failed --code 'backend.*' --since 2h",
      'koubou retry --failed --worker local_001 --limit 10 --yes',
    ],
  })
    .option('--failed', help.failed)
    .option('--type <name>', help.ofType)
    .option('--worker <id>', help.ofWorker)
    .option('--code <code>', help.ofCode)
    .option('--since <time>', help.since, moment(cli))
    .option('--until <time>', help.until, moment(cli))
    .option('-n, --limit <n>', help.retryLimit(limitDefault), wholeNumber(cli, 1, limits.bulkTasksMax))
    .option('--dry-run', help.dryRun)
    .option('-y, --yes', help.yes)
    .action(
      act((ids: readonly string[], options: RetryOptions) => {
        assertOneWay(cli, ids, options);
        if (options.failed) return retryFailed(cli, options);
        return forEachTask(cli, ids, options.json === true, {
          ask: (client, id) => client.retry(id),
          tell: ({ task_id }) => task_id,
        });
      }),
    );
}

/** What belongs to the filter alone would be lost on single tasks. */
function assertOneWay({ messages }: Cli, ids: readonly string[], options: RetryOptions): void {
  const { operating } = messages;
  const { json: _, failed, ...narrowing } = options;
  const misused = (message: string) => new CliError(message, exitCodes.misused);
  const [first] = Object.keys(narrowing);
  if (ids.length > 0 && (failed || first !== undefined)) throw misused(operating.idsOrFilter);
  if (failed) return;
  if (first !== undefined) throw misused(operating.filterWithoutFailed(flagOf(first)));
  if (ids.length === 0) throw misused(operating.whichTasks);
}

/** `dryRun` is `--dry-run`. */
function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

async function retryFailed(cli: Cli, options: RetryOptions): Promise<number> {
  const { terminal, messages } = cli;
  const { operating } = messages;
  const { dryRun, yes, json, limit = limitDefault } = options;
  if (!dryRun && !yes && !terminal.canAsk) throw new CliError(operating.notAsked, exitCodes.misused);
  const client = new RestClient(findServer(cli), messages);
  const filter = filterOf(options);
  let chosen = limit;
  if (!yes || dryRun) {
    const found = await client.retryMany({ ...filter, limit, dry_run: true });
    if (dryRun && json) terminal.json(found);
    else showFound(dryRun ? cli : talking(cli), found, limit);
    if (dryRun || found.found === 0) return exitCodes.done;
    // So many were agreed to, whatever has failed meanwhile.
    chosen = Math.min(found.found, limit);
    if (!isYes(operating.yesWords, await terminal.ask(operating.question(chosen)))) {
      terminal.say(operating.notRetried);
      return exitCodes.done;
    }
  }
  const report = await client.retryMany({ ...filter, limit: chosen, all: true });
  if (json) terminal.json(report);
  else {
    for (const { task_id } of report.tasks) terminal.line(task_id);
    const { tasks, found, is_whole: isWhole } = report;
    terminal.say(found === 0 ? operating.noneFound : operating.retried(tasks.length, found, isWhole));
  }
  return exitCodes.done;
}

function filterOf({ type, worker, code: error_code, since, until }: RetryOptions): object {
  // What was not said is left out: JSON drops what is undefined.
  return { status: 'failed', type, worker, error_code, since, until };
}

/** Before a question all is talk, as the ids that come then are the data. */
function talking(cli: Cli): Cli {
  const { terminal } = cli;
  return { ...cli, terminal: { ...terminal, line: terminal.say, paint: (_colour, text) => text } };
}

function showFound(
  { terminal, messages }: Cli,
  { found, is_whole: isWhole, sample }: RetryReport,
  limit: number,
): void {
  const { fields, operating } = messages;
  if (found === 0) {
    terminal.say(operating.noneFound);
    return;
  }
  const rows = sample.map(({ task_id, error }) => [task_id, error]);
  printTable(terminal, [fields.task, fields.error], rows);
  const chosen = Math.min(found, limit);
  if (chosen > sample.length) terminal.line('…');
  terminal.say(operating.found(chosen, found, isWhole));
}

function isYes(words: string, answer: string): boolean {
  return words.split(' ').includes(answer.trim().toLowerCase());
}
