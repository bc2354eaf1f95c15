import { createHash } from 'node:crypto';
import type { McpServer } from '@modelcontextprotocol/server';
import type { TaskId } from '../../machines/identifiers.ts';
import { mcpLimits } from '../../machines/mcp-limits.ts';
import type { IdempotencyKey } from '../../runtime/delegation.ts';
import type { Delegated } from '../../runtime/delegations.ts';
import { check } from '../request-body.ts';
import { specOf } from '../task-specs.ts';
import type { McpPorts } from './mcp-ports.ts';
import {
  acceptedManySchema,
  cancelledSchema,
  type DelegatedItem,
  delegationInputs,
  retriedSchema,
  taskIdNamed,
  taskInput,
} from './mcp-schemas.ts';
import { addTool, answer } from './mcp-tool.ts';
import { progressOf, waitForTask } from './task-progress.ts';
import { awaitedAnswer, count, taskAnswer, taskReportSchema } from './task-report.ts';

/** Whom tasks of this door name as their maker. */
const createdBy = 'mcp';

const whenItPays = `It pays for work that can be said in one message and judged by its result, and that need not be yours: boilerplate, tests for a given function, docstrings, translations, summaries of long texts, a first analysis of one file, the same change in many places. Delegate several such pieces at once and go on with your own work meanwhile.
It does not pay for what needs your conversation or your tools (the worker sees only the prompt and the files, runs nothing and edits nothing), for decisions of design, for what you could write in the time that it takes to explain, and for the last look at anything: check what comes back.`;

/** The tool whose calls the tasks extension answers with a task. */
export const delegateToolName = 'koubou_delegate_task';

export function delegateTools(server: McpServer, ports: McpPorts): void {
  const { runtime, log } = ports;
  const inputs = delegationInputs(ports.schemas(), runtime.config.taskTypes);
  addTool(
    server,
    log,
    {
      name: delegateToolName,
      title: 'Delegate a task',
      description: `Hands one task to the pool of AI workers (local models and remote ones). It is on disk before this answers, survives restarts, and is tried again after failures.\n${whenItPays}\nsync: true waits for the answer and is right for short pieces that you need now; without it you get an id at once, for koubou_wait_task or koubou_get_task later. The prompt \`delegate\` tells more, with the success rates of this pool.`,
      input: inputs.one,
      output: taskReportSchema,
      annotations: adds,
    },
    async (args, ctx) => {
      const taskId = await delegateOne(ports, args);
      if (args.sync !== true) return taskAnswer(runtime.task(taskId));
      const waitMs = args.wait_seconds === undefined ? mcpLimits.waitMsDefault : args.wait_seconds * 1_000;
      return awaitedAnswer(await waitForTask(ports, taskId, waitMs, ctx));
    },
  );
  addTool(
    server,
    log,
    {
      name: 'koubou_delegate_many',
      title: 'Delegate many tasks',
      description:
        'Hands up to 1,000 tasks to the pool in one call: all are accepted and on disk, or none is. They run in parallel as workers are free. Use it for one kind of work over many pieces (a test for each function, a translation of each page), at a low priority if nobody waits. Answers with the ids, in the order of the tasks; koubou_wait_task or koubou_list_tasks tell how they go.',
      input: inputs.many,
      output: acceptedManySchema,
      annotations: adds,
    },
    async (args) => {
      const { tasks, idempotency_key } = args;
      const { taskIds, replayed } = await delegateAll(ports, tasks, keyOf(idempotency_key, tasks));
      const taken = taskIds.map((task_id, place) => {
        if (replayed) return { task_id, status: runtime.task(task_id).status };
        const task = { task_id, status: 'pending' };
        return place < mcpLimits.bulkPredictionsMax
          ? { ...task, prediction: runtime.prediction(task_id) }
          : task;
      });
      const text = `${count(taskIds.length, 'task')} accepted; on disk.\n${taskIds.join('\n')}`;
      return answer({ count: taskIds.length, tasks: taken }, text);
    },
  );
  endingTools(server, ports);
}

const adds = { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true };

function endingTools(server: McpServer, { runtime, log }: McpPorts): void {
  addTool(
    server,
    log,
    {
      name: 'koubou_cancel_task',
      title: 'Cancel a task',
      description:
        'Cancels a task that waits or runs: nothing of it starts later, and a running worker is told to stop. A task that has ended keeps its ending, and this is refused.',
      input: taskInput,
      output: cancelledSchema,
      annotations: {
        readOnlyHint: false,
        destructiveHint: true,
        idempotentHint: false,
        openWorldHint: false,
      },
    },
    async ({ task_id: id }) => {
      const { task_id, status } = await runtime.cancel(taskIdNamed(id));
      return answer({ task_id, status }, `Task ${task_id} is ${status}.`);
    },
  );
  addTool(
    server,
    log,
    {
      name: 'koubou_retry_task',
      title: 'Try a task again',
      description:
        'Delegates a task that has ended anew, as a task with an id of its own: the ending of the first one stands. The pool tries again by itself after failures that may pass (retry_count); use this when the cause is mended. A task that failed for its prompt fails again: delegate a better one instead.',
      input: taskInput,
      output: retriedSchema,
      annotations: adds,
    },
    async ({ task_id: id }) => {
      const retryOf = taskIdNamed(id);
      const task = await runtime.retry(retryOf, createdBy);
      const { task_id, status, prediction } = task;
      const text = `${retryOf} is tried again as ${task_id}, which ${progressOf(task)}.`;
      return answer({ task_id, status, retry_of: retryOf, prediction }, text);
    },
  );
}

/**
 * Accepts the task of a call of `koubou_delegate_task`, whose arguments may be anything; durable when it resolves.
 *
 * @throws KoubouError as {@link delegateAll}
 */
export async function delegateOne(ports: McpPorts, args: unknown): Promise<TaskId> {
  const { one } = delegationInputs(ports.schemas(), ports.runtime.config.taskTypes);
  const { sync: _sync, wait_seconds: _wait, idempotency_key, ...item } = check(one, args);
  const { taskIds } = await delegateAll(ports, [item], keyOf(idempotency_key, [item]));
  return taskIds[0] as TaskId;
}

/** @throws KoubouError `request.invalid`, `idempotency.conflict`, `pool.full`, `pool.draining`, `storage.unavailable` */
function delegateAll(
  { runtime, schemas, clock }: McpPorts,
  items: readonly DelegatedItem[],
  key: IdempotencyKey | null,
): Promise<Delegated> {
  const nowMs = clock.now();
  const { one } = schemas();
  const specs = items.map((item) => specOf(check(one, { ...item, created_by: createdBy }), nowMs));
  return runtime.delegate(specs, key);
}

function keyOf(key: string | undefined, asked: readonly DelegatedItem[]): IdempotencyKey | null {
  if (key === undefined) return null;
  return { key, fingerprint: createHash('sha256').update(JSON.stringify(asked)).digest('hex') };
}
