import { z } from 'zod';
import { limits } from '../machines/limits.ts';
import {
  bindHost,
  count,
  durability,
  folderPath,
  logLevel,
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
    task_types: z.array(taskTypeName).default([]).describe('Task types besides those that are built in.'),
  })
  .meta({ title: 'koubou.yaml', description: 'Koubou: server, storage and logs.' });

export type KoubouFile = z.output<typeof koubouFileSchema>;
