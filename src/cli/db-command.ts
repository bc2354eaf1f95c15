import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type Act, type Cli, CliError, exitCodes } from './cli.ts';
import { addCommand, type JsonOption } from './command-options.ts';
import { backUp } from './database-backup.ts';
import { findHome } from './server-address.ts';
import { fileTime } from './time-text.ts';

/** `koubou db backup` */
export function registerDb(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages;
  const db = program
    .command('db')
    .description(help.db)
    .addHelpText('after', `\n${help.examples}\n  $ koubou db backup`);
  addCommand(db, cli, {
    usage: 'backup [file]',
    description: help.dbBackup,
    examples: ['koubou db backup', 'koubou db backup /mnt/nas/koubou-$(date +%F).db'],
  }).action(act((file: string | undefined, { json }: JsonOption) => backUpHome(cli, file, json === true)));
}

async function backUpHome(cli: Cli, file: string | undefined, json: boolean): Promise<number> {
  const { talk } = cli.messages;
  const paths = findHome(cli);
  if (!existsSync(paths.database)) throw new CliError(talk.noDatabase(paths.database));
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
