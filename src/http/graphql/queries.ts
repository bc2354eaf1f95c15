import { z } from 'zod';
import { limits } from '../../machines/limits.ts';
import { taskStatuses } from '../../machines/task-status.ts';
import type { Runtime } from '../../runtime.ts';
import { version } from '../../version.ts';
import { check } from '../request-body.ts';
import { text } from '../task-schemas.ts';
import { taskNamed, taskOfRow, taskOfView } from './task-fields.ts';
import {
  type WorkerFilter,
  workerNamed,
  workerOf,
  workerStatistics,
  workersMatching,
} from './worker-fields.ts';

const limit = z
  .int()
  .min(1)
  .max(limits.pageRowsMax)
  .nullish()
  .transform((value) => value ?? 10);
const priority = z.int().min(1).max(10).nullish();
const name = text.max(200).nullish();

const listArguments = z.object({
  limit,
  offset: z
    .int()
    .min(0)
    .max(1_000_000)
    .nullish()
    .transform((value) => value ?? 0),
  filter: z
    .object({
      status: z.enum(taskStatuses).nullish(),
      createdBy: name,
      assignedTo: name,
      minPriority: priority,
      maxPriority: priority,
    })
    .nullish(),
});
const pendingArguments = z.object({ limit });

/** The resolvers of `Query`. Refusals go up as they are; they are made fit to be shown in one place. */
export function queries(runtime: Runtime) {
  return {
    health: () => 'healthy',
    systemStatus: () => systemStatus(runtime),
    taskStatistics: () => taskStatistics(runtime),
    task: (_: unknown, { id }: { id: string }) => {
      const task = taskNamed(runtime, id);
      return task && taskOfView(task);
    },
    tasks: async (_: unknown, sent: object) => {
      const { limit, offset, filter } = check(listArguments, sent);
      const wanted = filterOf(filter ?? {});
      return (await runtime.list({ kind: 'matching', filter: wanted, limit, offset })).map(taskOfRow);
    },
    pendingTasks: async (_: unknown, sent: object) => {
      const { limit } = check(pendingArguments, sent);
      return (await runtime.list({ kind: 'pending', limit })).map(taskOfRow);
    },
    worker: (_: unknown, { id }: { id: string }) => {
      const worker = workerNamed(runtime, id);
      return worker && workerOf(worker);
    },
    workers: (
      _: unknown,
      { filter = null, activeOnly }: { filter?: WorkerFilter | null; activeOnly?: boolean | null },
    ) => workersMatching(runtime, filter, activeOnly ?? true),
    activeWorkers: () => workersMatching(runtime, null, true),
    workerStatistics: () => workerStatistics(runtime),
  };
}

function filterOf(filter: NonNullable<z.output<typeof listArguments>['filter']>) {
  const { status, createdBy, assignedTo, minPriority, maxPriority } = filter;
  return {
    ...(status ? { status } : {}),
    ...(createdBy ? { createdBy } : {}),
    ...(assignedTo ? { assignedTo } : {}),
    ...(minPriority ? { priorityMin: minPriority } : {}),
    ...(maxPriority ? { priorityMax: maxPriority } : {}),
  };
}

async function taskStatistics(runtime: Runtime) {
  const counts = await runtime.list({ kind: 'counts' });
  const { pending, in_progress: inProgress, completed, failed, cancelled } = counts;
  const total = pending + inProgress + completed + failed + cancelled;
  return { pending, inProgress, completed, failed, cancelled, total };
}

export async function systemStatus(runtime: Runtime) {
  const { pool, workers } = runtime.readiness();
  return {
    status: pool !== 'running' ? pool : workers.alive === 0 ? 'degraded' : 'operational',
    timestamp: new Date().toISOString(),
    taskStats: await taskStatistics(runtime),
    workerStats: workerStatistics(runtime),
    version,
  };
}
