import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import type { HomePaths } from '../db/home.ts';
import { KoubouError } from '../machines/errors.ts';
import { taskStatuses } from '../machines/task-status.ts';
import type { Shrunk } from '../runtime/retention.ts';
import { type Act, type Cli, CliError, exitCodes } from './cli.ts';
import { addCommand, type JsonOption } from './command-options.ts';
import { backUp } from './database-backup.ts';
import { type DatabaseFigures, databaseFigures } from './database-figures.ts';
import { vacuumHome } from './database-vacuum.ts';
import { RestClient } from './rest-client.ts';
import { findHome, findServer } from './server-address.ts';
import { printFields } from './table.ts';
import { fileTime, localTime } from './time-text.ts';

const mebibytes = (bytes: number): string => (bytes / 1_024 ** 2).toFixed(1);

/** `koubou db status`, `backup` and `vacuum` */
export function registerDb(program: Command, cli: Cli, act: Act): void {
  const { help, database } = cli.messages;
  const db = program
    .command('db')
    .description(help.db)
    .addHelpText('after', `\n${help.examples}\n  $ koubou db status\n  $ koubou db backup`);
  addCommand(db, cli, {
    usage: 'status',
    description: database.help.status,
    examples: ['koubou db status', 'koubou db status --json | jq .events.floor'],
  }).action(act(async ({ json }: JsonOption) => showStatus(cli, json === true)));
  addCommand(db, cli, {
    usage: 'backup [file]',
    description: help.dbBackup,
    examples: ['koubou db backup', 'koubou db backup /mnt/nas/koubou-$(date +%F).db'],
  }).action(act((file: string | undefined, { json }: JsonOption) => backUpHome(cli, file, json === true)));
  addCommand(db, cli, {
    usage: 'vacuum',
    description: database.help.vacuum,
    examples: ['koubou db vacuum', 'koubou stop && koubou db vacuum && koubou start --background'],
  }).action(act(({ json }: JsonOption) => vacuum(cli, json === true)));
}

function homeWithDatabase(cli: Cli): HomePaths {
  const paths = findHome(cli);
  if (!existsSync(paths.database)) throw new CliError(cli.messages.talk.noDatabase(paths.database));
  return paths;
}

function showStatus(cli: Cli, json: boolean): number {
  const figures = databaseFigures(homeWithDatabase(cli).database);
  const { retention } = loadConfig(cli);
  if (json) {
    const { maxAgeDays, maxEndedTasks, maxEvents } = retention;
    cli.terminal.json({
      ...figures,
      retention: { max_age_days: maxAgeDays, max_ended_tasks: maxEndedTasks, max_events: maxEvents },
    });
    return exitCodes.done;
  }
  const { fields, ...words } = cli.messages.database;
  const size = (bytes: number) => `${mebibytes(bytes)} MiB`;
  const limit = (value: number) => (value === 0 ? words.forEver : String(value));
  const { tasks, events, deleted } = figures;
  printFields(cli.terminal, [
    [fields.file, `${figures.file} (${size(figures.file_bytes)})`],
    [fields.free, size(figures.free_bytes)],
    [fields.log, size(figures.wal_bytes)],
    [fields.tasks, taskStatuses.map((status) => `${status} ${tasks[status]}`).join(', ')],
    [fields.oldest, figures.oldest_ending === null ? null : localTime(figures.oldest_ending)],
    [fields.record, recordOf(events, words.record)],
    [fields.deleted, words.deleted(deleted.tasks, deleted.events)],
    [
      fields.kept,
      words.policy(limit(retention.maxAgeDays), limit(retention.maxEndedTasks), limit(retention.maxEvents)),
    ],
  ]);
  if (!figures.shrinks) cli.terminal.say(words.unshrinkable);
  return exitCodes.done;
}

function recordOf(
  { floor, last, since }: DatabaseFigures['events'],
  words: (from: number, to: number, since: string) => string,
): string | null {
  return since === null ? null : words(floor + 1, last, localTime(since));
}

async function backUpHome(cli: Cli, file: string | undefined, json: boolean): Promise<number> {
  const { talk } = cli.messages;
  const paths = homeWithDatabase(cli);
  const target =
    file === undefined ? join(paths.root, 'db', `backup-${fileTime(new Date())}.db`) : resolve(cli.cwd, file);
  if (existsSync(target)) throw new CliError(talk.backupExists(target));
  cli.terminal.progress(talk.backingUp);
  const { bytes, tasks } = await backUp(paths.database, target);
  cli.terminal.progress('');
  if (json) cli.terminal.json({ file: target, bytes, tasks });
  else {
    cli.terminal.line(target);
    cli.terminal.say(talk.backedUp(tasks, bytes));
  }
  return exitCodes.done;
}

async function vacuum(cli: Cli, json: boolean): Promise<number> {
  const words = cli.messages.database;
  const paths = homeWithDatabase(cli);
  cli.terminal.progress(words.rewriting);
  const { bytes, fileBytes, shrinks } = await shrink(cli, paths);
  cli.terminal.progress('');
  if (json) cli.terminal.json({ given_back_bytes: bytes, file_bytes: fileBytes, shrinks });
  else if (shrinks) cli.terminal.say(words.vacuumed(mebibytes(bytes), mebibytes(fileBytes)));
  else cli.terminal.say(words.unshrinkable);
  return shrinks ? exitCodes.done : exitCodes.failed;
}

/** The server does it, slice by slice, where one runs: there is one writer. */
async function shrink(cli: Cli, paths: HomePaths): Promise<Shrunk> {
  try {
    return vacuumHome(paths);
  } catch (error) {
    if (!(error instanceof KoubouError) || error.code !== 'home.locked') throw error;
    return new RestClient(findServer(cli), cli.messages).vacuum();
  }
}
