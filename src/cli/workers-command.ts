import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { WorkerView } from '../runtime/worker-view.ts';
import { type Act, type Cli, CliError, exitCodes } from './cli.ts';
import { addCommand, type JsonOption } from './command-options.ts';
import { listOf } from './pool-command.ts';
import { RestClient, type WorkerOrder } from './rest-client.ts';
import { findServer } from './server-address.ts';
import { printFields, printTable } from './table.ts';
import { oneLine } from './text-width.ts';
import { localTime } from './time-text.ts';

/** How often a worker that drains is looked at. */
const pollMs = 250;

interface OrderOptions extends JsonOption {
  readonly wait?: true;
}

/** `koubou workers`, and what may be asked of one: `show`, `drain`, `rest`, `resume` and `reset` */
export function registerWorkers(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages.operating;
  const workers = addCommand(program, cli, {
    usage: 'workers',
    description: cli.messages.help.workers,
    examples: [
      'koubou workers',
      'koubou workers --json | jq ".workers[] | select(.liveness != \\"alive\\")"',
    ],
  })
    .enablePositionalOptions()
    .action(act(({ json }: JsonOption) => listWorkers(cli, json === true)));

  addCommand(workers, cli, {
    usage: 'show <id>',
    description: help.showWorker,
    examples: ['koubou workers show local_001', 'koubou workers show local_001 --json | jq .current_tasks'],
  }).action(
    act(async (id: string, { json }: JsonOption) => {
      const worker = await new RestClient(findServer(cli), cli.messages).worker(id);
      if (json) cli.terminal.json(worker);
      else showWorker(cli, worker);
      return exitCodes.done;
    }),
  );

  addCommand(workers, cli, {
    usage: 'drain <id>',
    description: help.drain,
    examples: ['koubou workers drain local_001', 'koubou workers drain local_001 --wait && sudo reboot'],
  })
    .option('--wait', help.waitDrained)
    .action(act((id: string, options: OrderOptions) => order(cli, id, 'drain', options)));

  const orders = [
    ['rest', 'rest', help.rest],
    ['resume', 'resume', help.resumeWorker],
    ['reset', 'breaker/close', help.resetWorker],
  ] as const;
  for (const [name, verb, description] of orders) {
    addCommand(workers, cli, {
      usage: `${name} <id>`,
      description,
      examples: [`koubou workers ${name} local_001`],
    }).action(act((id: string, options: OrderOptions) => order(cli, id, verb, options)));
  }
}

async function listWorkers(cli: Cli, json: boolean): Promise<number> {
  const workers = await new RestClient(findServer(cli), cli.messages).workers();
  if (json) {
    cli.terminal.json({ workers });
    return exitCodes.done;
  }
  const { fields, operating } = cli.messages;
  const words = operating.fields;
  printTable(
    cli.terminal,
    [
      fields.worker,
      fields.status,
      words.admission,
      fields.liveness,
      words.breaker,
      words.slots,
      words.loaded,
    ],
    workers.map((worker) => [
      worker.worker_id,
      worker.status,
      worker.admission,
      worker.liveness,
      worker.breaker,
      slotsOf(worker),
      listOf(worker.loaded),
    ]),
  );
  tellTrouble(cli, workers);
  return exitCodes.done;
}

/** What keeps workers from work, and what to do about it. */
function tellTrouble({ terminal, messages }: Cli, workers: readonly WorkerView[]): void {
  const { operating } = messages;
  const failing = workers.filter(({ breaker }) => breaker !== null && breaker !== 'closed');
  for (const { worker_id, breaker_detail } of failing) {
    terminal.say(operating.leftAlone(worker_id, oneLine(breaker_detail)));
  }
  if (failing.length > 0) terminal.say(operating.resetAdvice);
  for (const { worker_id, admission } of workers) {
    if (admission === 'quarantined') terminal.say(operating.quarantined(worker_id));
  }
}

function showWorker(cli: Cli, worker: WorkerView): void {
  const { fields, operating } = cli.messages;
  const words = operating.fields;
  printFields(cli.terminal, [
    [fields.worker, worker.worker_id],
    [fields.status, worker.status],
    [words.admission, worker.admission],
    [fields.liveness, worker.liveness],
    [words.breaker, worker.breaker],
    [words.slots, slotsOf(worker)],
    [fields.currentTask, listOf(worker.current_tasks)],
    [fields.location, worker.location],
    [words.server, worker.endpoint_url],
    [words.host, worker.host],
    [fields.model, worker.model],
    [words.loaded, listOf(worker.loaded)],
    [words.capabilities, listOf(worker.capabilities) ?? operating.any],
    [fields.completed, worker.tasks_completed],
    [fields.failed, worker.tasks_failed],
    [fields.lastHeartbeat, worker.last_heartbeat === null ? null : localTime(worker.last_heartbeat)],
  ]);
  tellTrouble(cli, [worker]);
}

function slotsOf({ leases, max_concurrent_tasks }: WorkerView): string {
  return `${leases}/${max_concurrent_tasks}`;
}

async function order(cli: Cli, id: string, verb: WorkerOrder, { wait, json }: OrderOptions): Promise<number> {
  const client = new RestClient(findServer(cli), cli.messages);
  const asked = await client.orderWorker(id, verb);
  const worker = wait ? await untilDrained(cli, client, asked) : asked;
  if (json) cli.terminal.json(worker);
  else {
    const { worker_id, admission, breaker } = worker;
    cli.terminal.line(`${worker_id}  ${verb === 'breaker/close' ? (breaker ?? '-') : admission}`);
  }
  return exitCodes.done;
}

/** @throws CliError when somebody has asked for something else meanwhile */
async function untilDrained(cli: Cli, client: RestClient, asked: WorkerView): Promise<WorkerView> {
  const { operating } = cli.messages;
  let worker = asked;
  while (worker.admission === 'draining') {
    cli.terminal.progress(operating.draining(worker.worker_id, worker.leases));
    await pause(pollMs);
    worker = await client.worker(worker.worker_id);
  }
  cli.terminal.progress('');
  if (worker.admission === 'drained') return worker;
  throw new CliError(operating.notDrained(worker.worker_id, worker.admission));
}
