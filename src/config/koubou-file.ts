import { z } from 'zod';
import { limits } from '../machines/limits.ts';
import {
  bindHost,
  count,
  durability,
  folderPath,
  logLevel,
  pageOrigin,
  port,
  seconds,
  secondsOrZero,
  taskTypeName,
} from './fields.ts';

const ports = z
  .strictObject({
    rest: port('REST, MCP, and the OpenAI- and Ollama-compatible API.').default(8765),
    websocket: port('WebSocket: live updates.').default(8766),
    graphql: port('GraphQL.').default(8767),
    logs: port('Log API.').default(8768),
    dashboard: port('Dashboard.').default(8080),
  })
  .prefault({})
  .describe('Ports; 0 takes any free one.');

const perWindow = (description: string) => count(`${description} 0 sets no limit.`, 0, 1_000_000_000);

const rateLimit = z
  .strictObject({
    strangers_per_minute: perWindow('Requests a minute from one address that shows no right token.').default(
      100,
    ),
    strangers_per_hour: perWindow('The same for an hour.').default(1_000),
    tokens_per_minute: perWindow('Requests a minute with one token, from other machines.').default(6_000),
    loopback_per_minute: perWindow('Requests a minute from this machine.').default(600_000),
  })
  .prefault({})
  .describe('Requests beyond these are answered 429.');

const server = z
  .strictObject({
    sync_wait_seconds: seconds(
      'How long a sync request waits for the end of its task before it is answered 202.',
    )
      .max(limits.syncWaitMsMax / 1_000)
      .default(300),
    drain_grace_seconds: secondsOrZero(
      'How long a stop waits for running tasks before they are released and queued again.',
    ).default(30),
    client_gone: z
      .enum(['cancel', 'detach'])
      .default('cancel')
      .describe(
        'What becomes of a task whose OpenAI or Ollama client goes away before its end: it is cancelled, or goes on.',
      ),
    allowed_origins: z
      .array(pageOrigin)
      .default([])
      .describe('Pages of other sites that may use the server; those of this machine always may.'),
    rate_limit: rateLimit,
  })
  .prefault({})
  .describe('The API server.');

const logging = z
  .strictObject({
    level: logLevel.default('info'),
    max_size_mib: count('Size at which a log file is rotated, in MiB.', 1, 10_240).default(10),
    keep_files: count('Rotated files that are kept of each log.', 0, 1_000).default(5),
  })
  .prefault({})
  .describe('Log files under KOUBOU_HOME/logs.');

const retention = z
  .strictObject({
    max_age_days: count(
      'Days for which ended tasks and what happened are kept. 0 keeps them for ever.',
      0,
      36_500,
    ).default(30),
    max_ended_tasks: count(
      'Ended tasks that are kept; the oldest go first. 0 sets no limit.',
      0,
      1_000_000_000,
    ).default(1_000_000),
    max_events: count(
      'Events behind which a client may fall and still resume; older ones go. 0 sets no limit.',
      0,
      1_000_000_000,
    ).default(5_000_000),
  })
  .prefault({})
  .describe(
    'What is kept of tasks that have ended, and of what happened. What waits or runs is never deleted.',
  );

/** `koubou.yaml`: ours alone, and optional; every key has a default. */
export const koubouFileSchema = z
  .strictObject({
    host: bindHost.default('127.0.0.1'),
    ports,
    storage: z
      .strictObject({ durability: durability.default('full') })
      .prefault({})
      .describe('The database.'),
    server,
    pool: z
      .strictObject({
        admission_window: count(
          'Waiting tasks that live in memory as actors; the rest waits on disk, some 3 KB each.',
          1,
          limits.backlogMax,
        ).default(limits.admissionWindow),
      })
      .prefault({})
      .describe('The pool, as far as workers.yaml does not describe it.'),
    files: z
      .strictObject({
        roots: z
          .array(folderPath)
          .default(['.'])
          .describe(
            'Folders from which tasks may attach files; relative ones start at the folder that holds the home.',
          ),
      })
      .prefault({})
      .describe('Files that tasks attach.'),
    logging,
    retention,
    task_types: z.array(taskTypeName).default([]).describe('Task types besides those that are built in.'),
  })
  .meta({ title: 'koubou.yaml', description: 'Koubou: server, storage and logs.' });

export type KoubouFile = z.output<typeof koubouFileSchema>;
