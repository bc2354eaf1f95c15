import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  type Variables,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { KoubouError } from '../../machines/errors.ts';
import { limits } from '../../machines/limits.ts';
import { mcpLimits } from '../../machines/mcp-limits.ts';
import { errorBody } from '../error-table.ts';
import { check } from '../request-body.ts';
import type { McpPorts } from './mcp-ports.ts';
import { taskIdNamed } from './mcp-schemas.ts';
import { unforeseen } from './mcp-tool.ts';
import { resourceTemplate } from './resource-names.ts';
import { taskReport, taskUri } from './task-report.ts';
import { pageOf } from './text-page.ts';

const json = 'application/json';
const queueRows = 100;

/** What can be read without a tool: tasks and their answers, the queue, workers and their logs. */
export function mcpResources(server: McpServer, ports: McpPorts): void {
  taskResources(server, ports);
  poolResources(server, ports);
}

function taskResources(server: McpServer, ports: McpPorts): void {
  const { runtime, log } = ports;
  const limit = mcpLimits.resourcesListed;
  const recent = () =>
    orNothing(async () => {
      const page = await runtime.list({ kind: 'page', status: null, limit, offset: 0, before: null });
      return page.tasks;
    });
  const complete = {
    id: async (begun: string) =>
      (await recent()).map(({ task_id }) => task_id).filter((id) => id.startsWith(begun)),
  };
  server.registerResource(
    'task',
    resourceTemplate('koubou://tasks/{id}', {
      complete,
      list: async () => ({
        resources: (await recent()).map(({ task_id, summary, status }) => ({
          uri: taskUri(task_id),
          name: task_id,
          title: summary.replaceAll(/\s+/g, ' '),
          description: status,
          mimeType: json,
        })),
      }),
    }),
    {
      title: 'A task',
      description: 'What was asked for, how it goes or how it ended, and the beginning of the answer.',
      mimeType: json,
    },
    (uri, { id }) =>
      read(uri, log, () => {
        const task = runtime.task(taskIdNamed(String(id)));
        const prompt = pageOf(task.prompt, 0, mcpLimits.promptCharsMax);
        const output_resource = `${taskUri(task.task_id)}/output`;
        return jsonOf(uri, {
          ...taskReport(task),
          output_resource,
          prompt: prompt.text,
          prompt_chars: prompt.totalChars,
        });
      }),
  );
  server.registerResource(
    'task-output',
    resourceTemplate('koubou://tasks/{id}/output{?offset,limit}', { complete, list: undefined }),
    {
      title: 'The answer of a task',
      description: `Its text alone, in pages: offset (default 0) and limit (default ${mcpLimits.outputCharsMax}) count characters. _meta tells the length of the whole and where the next page begins.`,
      mimeType: 'text/plain',
    },
    (uri, variables) => read(uri, log, () => outputPage(uri, ports, variables)),
  );
}

const pageQuery = z.object({
  offset: wholeNumber(0, 0, limits.outputBytesMax),
  limit: wholeNumber(mcpLimits.outputCharsMax, 1, mcpLimits.pageCharsMax),
});

function wholeNumber(normal: number, min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .optional()
    .transform((value) => value ?? normal);
}

function outputPage(uri: URL, { runtime }: McpPorts, variables: Variables): ReadResourceResult {
  const { offset, limit } = check(pageQuery, variables);
  const task = runtime.task(taskIdNamed(String(variables['id'])));
  const page = pageOf(task.result?.output ?? '', offset, limit);
  const { nextOffset, totalChars } = page;
  const next =
    nextOffset === null ? null : `${taskUri(task.task_id)}/output?offset=${nextOffset}&limit=${limit}`;
  const _meta = {
    'koubou/page': {
      status: task.status,
      offset: page.offset,
      total_chars: totalChars,
      next_offset: nextOffset,
      next,
    },
  };
  return { contents: [{ uri: uri.href, mimeType: 'text/plain', text: page.text, _meta }] };
}

function poolResources(server: McpServer, { runtime, log, clock, workerLog }: McpPorts): void {
  server.registerResource(
    'workers',
    'koubou://workers',
    { title: 'The workers', description: 'What they do, on which models, and how well.', mimeType: json },
    (uri) => read(uri, log, () => jsonOf(uri, { workers: runtime.workers() })),
  );
  server.registerResource(
    'queue',
    'koubou://queue',
    {
      title: 'The queue',
      description: `Tasks that wait or run, in the order of their priority, the first ${queueRows}; and how many there are.`,
      mimeType: json,
    },
    (uri) =>
      read(uri, log, async () =>
        jsonOf(uri, await runtime.list({ kind: 'queue', limit: queueRows, nowMs: clock.now() })),
      ),
  );
  const names = () => orNothing(async () => runtime.workers().map(({ worker_id }) => worker_id));
  server.registerResource(
    'worker-log',
    resourceTemplate('koubou://logs/{worker}', {
      complete: { worker: async (begun: string) => (await names()).filter((name) => name.startsWith(begun)) },
      list: async () => ({
        resources: (await names()).map((name) => ({
          uri: `koubou://logs/${encodeURIComponent(name)}`,
          name: `log of ${name}`,
          mimeType: json,
        })),
      }),
    }),
    {
      title: 'The log of a worker',
      description: `Its last lines, at most ${mcpLimits.logLinesMax}, the newest last.`,
      mimeType: json,
    },
    (uri, { worker }) =>
      read(uri, log, async () => {
        const id = String(worker);
        const lines = await workerLog(id);
        if (lines === undefined)
          throw new KoubouError('worker.unknown', 'there is no log of a worker of that name');
        return jsonOf(uri, { worker_id: id, lines });
      }),
  );
}

/** For who may not look around there is nothing to list; reading says why. */
async function orNothing<T>(list: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await list();
  } catch (error) {
    if (error instanceof KoubouError && error.code === 'auth.forbidden') return [];
    throw error;
  }
}

/** Refusals in the words of the protocol: what is not there is a resource that was not found. */
async function read(
  uri: URL,
  log: McpPorts['log'],
  act: () => ReadResourceResult | Promise<ReadResourceResult>,
): Promise<ReadResourceResult> {
  try {
    return await act();
  } catch (error) {
    const refusal = error instanceof KoubouError ? error : unforeseen(error, log, 'a resource');
    if (refusal.code === 'task.unknown' || refusal.code === 'worker.unknown')
      throw new ResourceNotFoundError(uri.href);
    const isOurs = refusal.code !== 'request.invalid' && refusal.code !== 'auth.forbidden';
    const code = isOurs ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams;
    throw new ProtocolError(code, refusal.message, errorBody(refusal).error);
  }
}

function jsonOf(uri: URL, value: object): ReadResourceResult {
  return { contents: [{ uri: uri.href, mimeType: json, text: JSON.stringify(value, null, 2) }] };
}
