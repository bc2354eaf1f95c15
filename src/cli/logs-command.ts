import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { HomePaths } from '../db/home.ts';
import { workerLogName } from '../log.ts';
import { type Act, type Cli, CliError, exitCodes } from './cli.ts';
import { addCommand, type JsonOption, wholeNumber } from './command-options.ts';
import { formatLogLine, timeOfLine } from './log-lines.ts';
import { followLog, lastLines } from './log-tail.ts';
import { findHome } from './server-address.ts';

interface LogsOptions extends JsonOption {
  readonly follow?: true;
  readonly lines: number;
}

/** `koubou logs` */
export function registerLogs(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages;
  addCommand(program, cli, {
    usage: 'logs [worker]',
    description: help.logs,
    examples: [
      'koubou logs',
      'koubou logs local_001 -f',
      'koubou logs server -n 200',
      'koubou logs --json | jq .msg',
    ],
  })
    .option('-f, --follow', help.followLog)
    .option('-n, --lines <n>', help.lines, wholeNumber(cli, 0), 50)
    .action(act((worker: string | undefined, options: LogsOptions) => showLogs(cli, worker, options)));
}

async function showLogs(
  cli: Cli,
  worker: string | undefined,
  { follow, lines, json }: LogsOptions,
): Promise<number> {
  const files = filesOf(cli, findHome(cli), worker);
  const print = (line: string) =>
    json ? cli.terminal.data(`${line}\n`) : cli.terminal.line(formatLogLine(line, cli.terminal));
  const tails = await Promise.all(files.map((file) => lastLines(file, lines)));
  // Several files become one by the times of their lines; each is in order already.
  const former = tails.flatMap((tail) => tail.lines);
  const ordered = files.length === 1 ? former : former.toSorted((a, b) => timeOfLine(a) - timeOfLine(b));
  for (const line of lines === 0 ? [] : ordered.slice(-lines)) print(line);
  if (follow)
    await Promise.all(files.map((file, index) => followLog(file, tails[index]?.end ?? null, print)));
  return exitCodes.done;
}

/** Without a name: what the server and the pool say. */
function filesOf({ messages: { talk } }: Cli, paths: HomePaths, name: string | undefined): readonly string[] {
  const server = join(paths.logs, 'mcp_server.log');
  const pool = join(paths.logs, 'worker_pool_manager.log');
  if (!existsSync(paths.logs)) throw new CliError(talk.noLogs(paths.logs));
  if (name === undefined) return [server, pool];
  if (name === 'server') return [server];
  if (name === 'pool') return [pool];
  const file = join(paths.workerLogs, workerLogName(name));
  if (existsSync(file)) return [file];
  const known = existsSync(paths.workerLogs) ? readdirSync(paths.workerLogs) : [];
  const names = known
    .filter((entry) => entry.endsWith('.log'))
    .map((entry) => entry.slice(0, -'.log'.length));
  throw new CliError(talk.noSuchLog(name, ['server', 'pool', ...names].join(', ')));
}
