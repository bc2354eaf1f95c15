import type { Command } from 'commander';
import { type Act, type Cli, exitCodes } from './cli.ts';
import { addCommand, type JsonOption } from './command-options.ts';
import { RestClient } from './rest-client.ts';
import { findServer } from './server-address.ts';
import { printTable } from './table.ts';
import { localTime } from './time-text.ts';

/** `koubou workers` */
export function registerWorkers(program: Command, cli: Cli, act: Act): void {
  addCommand(program, cli, {
    usage: 'workers',
    description: cli.messages.help.workers,
    examples: [
      'koubou workers',
      'koubou workers --json | jq ".workers[] | select(.liveness != \\"alive\\")"',
    ],
  }).action(
    act(async ({ json }: JsonOption) => {
      const workers = await new RestClient(findServer(cli), cli.messages).workers();
      if (json) cli.terminal.json({ workers });
      else showWorkers(cli, workers);
      return exitCodes.done;
    }),
  );
}

function showWorkers({ terminal, messages }: Cli, workers: Awaited<ReturnType<RestClient['workers']>>): void {
  const { fields } = messages;
  printTable(
    terminal,
    [
      fields.worker,
      fields.status,
      fields.liveness,
      fields.location,
      fields.model,
      fields.completed,
      fields.failed,
      fields.lastHeartbeat,
      fields.currentTask,
    ],
    workers.map((worker) => [
      worker.worker_id,
      worker.status,
      worker.liveness,
      worker.location,
      worker.model,
      worker.tasks_completed,
      worker.tasks_failed,
      worker.last_heartbeat === null ? null : localTime(worker.last_heartbeat),
      worker.current_task,
    ]),
  );
}
