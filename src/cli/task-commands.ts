import { type Command, Option } from 'commander';
import { limits } from '../machines/limits.ts';
import { taskStatuses } from '../machines/task-status.ts';
import type { TaskView } from '../runtime/task-view.ts';
import { type Act, type Cli, exitCodes } from './cli.ts';
import { addCommand, type JsonOption, wholeNumber } from './command-options.ts';
import { forEachTask } from './each-task.ts';
import { RestClient } from './rest-client.ts';
import { findServer } from './server-address.ts';
import { printFields, printTable } from './table.ts';
import { showWhy } from './task-why.ts';
import { localTime } from './time-text.ts';

interface ListOptions extends JsonOption {
  readonly status?: string;
  readonly limit: number;
  readonly cursor?: string;
}

interface TaskOptions extends JsonOption {
  readonly why?: true;
}

/** `koubou tasks`, `task` and `cancel` */
export function registerTasks(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages;
  addCommand(program, cli, {
    usage: 'tasks',
    description: help.tasks,
    examples: [
      'koubou tasks',
      'koubou tasks --status failed --limit 100',
      'koubou tasks --json | jq ".tasks[].task_id"',
    ],
  })
    .addOption(new Option('--status <status>', help.statusFilter).choices(taskStatuses))
    .option('-n, --limit <n>', help.limit, wholeNumber(cli, 1, limits.pageRowsMax), 20)
    .option('--cursor <cursor>', help.cursor)
    .action(act((options: ListOptions) => listTasks(cli, options)));

  addCommand(program, cli, {
    usage: 'task <id>',
    description: help.task,
    examples: [
      'koubou task task_20261122_101500_123456_9f2k7q0c4m1xa',
      'koubou task ID --json | jq -r .result.output',
      'koubou task ID --why',
    ],
  })
    .option('--why', cli.messages.operating.help.why)
    .action(act((id: string, options: TaskOptions) => taskOf(cli, id, options)));

  addCommand(program, cli, {
    usage: 'cancel <ids...>',
    description: help.cancel,
    examples: [
      'koubou cancel ID',
      'koubou cancel $(koubou tasks --status pending --json | jq -r ".tasks[].task_id")',
    ],
  }).action(
    act((ids: readonly string[], { json }: JsonOption) =>
      forEachTask(cli, ids, json === true, {
        ask: (client, id) => client.cancel(id),
        tell: ({ task_id, status }) => `${task_id}  ${status}`,
      }),
    ),
  );
}

async function listTasks(cli: Cli, { status, limit, cursor, json }: ListOptions): Promise<number> {
  const page = await new RestClient(findServer(cli), cli.messages).tasks({
    limit: String(limit),
    ...(status === undefined ? {} : { status }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  if (json) {
    cli.terminal.json(page);
    return exitCodes.done;
  }
  const { fields, talk } = cli.messages;
  printTable(
    cli.terminal,
    [fields.task, fields.status, fields.type, fields.priority, fields.worker, fields.created, fields.prompt],
    page.tasks.map((task) => [
      task.task_id,
      task.status,
      task.type,
      task.priority,
      task.worker_id,
      localTime(task.created_at),
      task.summary,
    ]),
  );
  cli.terminal.say(talk.shownOf(page.tasks.length, page.total));
  if (page.next_cursor !== null) cli.terminal.say(talk.nextPage(page.next_cursor));
  return exitCodes.done;
}

async function taskOf(cli: Cli, id: string, { why, json }: TaskOptions): Promise<number> {
  const client = new RestClient(findServer(cli), cli.messages);
  if (why) {
    const [task, attempts] = await Promise.all([client.task(id), client.attempts(id)]);
    if (json) cli.terminal.json({ attempts });
    else showWhy(cli, task, attempts);
    return exitCodes.done;
  }
  const task = await client.task(id);
  if (json) cli.terminal.json(task);
  else showTask(cli, task);
  return exitCodes.done;
}

function showTask({ terminal, messages: { fields } }: Cli, task: TaskView): void {
  const { result } = task;
  const time = (iso: string | null) => (iso === null ? null : localTime(iso));
  printFields(terminal, [
    [fields.task, task.task_id],
    [fields.status, task.status === task.state ? task.status : `${task.status} (${task.state})`],
    [fields.type, task.type],
    [fields.priority, task.priority],
    [fields.worker, task.worker_id],
    [fields.attempts, task.attempts],
    [fields.runAt, time(task.run_at)],
    [fields.created, time(task.created_at)],
    [fields.begun, time(task.started_at)],
    [fields.ended, time(task.ended_at)],
    [fields.prompt, task.prompt],
    [fields.error, result?.error == null ? null : `${result.error} (${result.error_code})`],
  ]);
  if (result === null || result.output === '') return;
  terminal.line('');
  terminal.data(result.output.endsWith('\n') ? result.output : `${result.output}\n`);
}
