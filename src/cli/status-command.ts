import type { Command } from 'commander';
import { taskStatuses } from '../machines/task-status.ts';
import { type Act, type Cli, exitCodes } from './cli.ts';
import { addCommand, type JsonOption } from './command-options.ts';
import { RestClient } from './rest-client.ts';
import { findHome, findServer, readServerNote } from './server-address.ts';
import { printFields } from './table.ts';
import { localTime } from './time-text.ts';

/** `koubou status` */
export function registerStatus(program: Command, cli: Cli, act: Act): void {
  addCommand(program, cli, {
    usage: 'status',
    description: cli.messages.help.status,
    examples: ['koubou status', 'koubou status --json'],
  }).action(act(({ json }: JsonOption) => showStatus(cli, json === true)));
}

async function showStatus(cli: Cli, json: boolean): Promise<number> {
  const client = new RestClient(findServer(cli), cli.messages);
  const [readiness, tasks] = await Promise.all([client.readiness(), countTasks(client)]);
  const note = readServerNote(findHome(cli));
  const own = note !== undefined && client.url.endsWith(new URL(note.urls.rest).host) ? note : undefined;
  if (json) {
    const { pid = null, startedAt = null } = own ?? {};
    cli.terminal.json({ url: client.url, pid, started_at: startedAt, ...readiness, tasks });
    return readiness.ready ? exitCodes.done : exitCodes.failed;
  }
  const { fields } = cli.messages;
  const { workers, waiting, leases, pool, reasons } = readiness;
  printFields(cli.terminal, [
    [fields.server, client.url],
    [fields.pid, own?.pid ?? null],
    [fields.startedAt, own === undefined ? null : localTime(own.startedAt)],
    [fields.pool, pool],
    [fields.workers, `${workers.alive} / ${workers.total}`],
    [fields.running, leases],
    [fields.waiting, waiting.live + waiting.dormant],
    [fields.tasks, taskStatuses.map((status) => `${status} ${tasks[status]}`).join(', ')],
  ]);
  for (const reason of reasons) cli.terminal.say(reason);
  return readiness.ready ? exitCodes.done : exitCodes.failed;
}

async function countTasks(client: RestClient): Promise<Readonly<Record<string, number>>> {
  const pages = await Promise.all(taskStatuses.map((status) => client.tasks({ status, limit: '1' })));
  return Object.fromEntries(taskStatuses.map((status, index) => [status, pages[index]?.total ?? 0]));
}
