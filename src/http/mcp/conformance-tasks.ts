import { randomUUID } from 'node:crypto';
import {
  type CallToolResult,
  inputRequired,
  type McpServer,
  ProtocolErrorCode,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { text } from './conformance-content.ts';
import { nameAsked, nameGiven } from './conformance-rounds.ts';
import {
  aroundHandler,
  assertDeclaresTasks,
  declaresTasks,
  objectOr,
  tasksMissing,
} from './task-extension-handlers.ts';
import type { DetailedTask } from './task-extension-wire.ts';

/** How long a task that fails takes to do so, in ms. */
const failingMs = 1_000;
/** Tasks that are remembered; the suite makes some twenty. */
const tasksMax = 1_000;
/** For so long they are there, as the wire says; in truth as long as there is room. */
const ttlMs = 3_600_000;

type Ending = { readonly result: CallToolResult } | { readonly error: { code: number; message: string } };

/** A task that has nothing to do with the pool: a timer, or questions to the client, and then its ending. */
class PretendedTask {
  readonly id = `pretended_${randomUUID()}`;
  readonly #createdAt = new Date().toISOString();
  readonly #ending: Ending;
  /** What its client has not answered yet. */
  readonly #questions: Map<string, unknown>;
  readonly #timer: NodeJS.Timeout | undefined;
  #updatedAt = this.#createdAt;
  #status: DetailedTask['status'];

  constructor(delayMs: number, ending: Ending, questions: Readonly<Record<string, unknown>> = {}) {
    this.#ending = ending;
    this.#questions = new Map(Object.entries(questions));
    this.#status = this.#questions.size > 0 ? 'input_required' : 'working';
    if (this.#status === 'working') this.#timer = setTimeout(() => this.#end(), delayMs).unref();
  }

  /** @returns as `tasks/get` tells it, with what belongs to the status */
  get detailed(): DetailedTask {
    const ending = this.#status === 'completed' || this.#status === 'failed' ? this.#ending : {};
    const asks = this.#status === 'input_required';
    return {
      ...this.wire,
      ...ending,
      ...(asks ? { inputRequests: Object.fromEntries(this.#questions) as never } : {}),
    };
  }

  get wire(): DetailedTask {
    const dates = { createdAt: this.#createdAt, lastUpdatedAt: this.#updatedAt };
    return { taskId: this.id, status: this.#status, ...dates, ttlMs, pollIntervalMs: 100 };
  }

  answer(replies: Readonly<Record<string, unknown>>): void {
    if (this.#status !== 'input_required') return;
    for (const key of Object.keys(replies)) this.#questions.delete(key);
    if (this.#questions.size === 0) this.#end();
  }

  cancel(): void {
    clearTimeout(this.#timer);
    if (this.#status === 'working' || this.#status === 'input_required') this.#become('cancelled');
  }

  #end(): void {
    this.#become('error' in this.#ending ? 'failed' : 'completed');
  }

  #become(status: DetailedTask['status']): void {
    this.#status = status;
    this.#updatedAt = new Date().toISOString();
  }
}

/** Each request has a server of its own, so they live beside it. */
const pretended = new Map<string, PretendedTask>();

const question = (message: string) =>
  inputRequired.elicit({ message, requestedSchema: z.object({ confirm: z.boolean() }) });

interface Pretence {
  /** Whether it is answered in no other way. */
  readonly required: boolean;
  /** `undefined` leaves the call to the tool. */
  readonly begin: (args: Readonly<Record<string, unknown>>, ctx: ServerContext) => PretendedTask | undefined;
}

const pretences: Readonly<Record<string, Pretence>> = {
  slow_compute: {
    required: false,
    begin: ({ seconds, label }) =>
      new PretendedTask(Number(seconds) * 1_000, { result: text(`computed ${label}`) }),
  },
  failing_job: {
    required: true,
    begin: () => new PretendedTask(failingMs, { result: { ...text('The job failed.'), isError: true } }),
  },
  protocol_error_job: {
    required: true,
    begin: () =>
      new PretendedTask(0, { error: { code: ProtocolErrorCode.InternalError, message: 'The job broke.' } }),
  },
  confirm_delete: {
    required: true,
    begin: ({ filename }) =>
      new PretendedTask(
        0,
        { result: text(`deleted ${filename}`) },
        { confirm: question(`Delete ${filename}?`) },
      ),
  },
  multi_input: {
    required: true,
    begin: () =>
      new PretendedTask(
        0,
        { result: text('both') },
        { first: question('First?'), second: question('Second?') },
      ),
  },
  test_tool_with_task: {
    required: true,
    begin: (_args, ctx) => {
      const name = nameGiven(ctx);
      return name === undefined ? undefined : new PretendedTask(0, { result: text(`Hello, ${name}!`) });
    },
  },
};

/** Tools of the suite that become tasks, and the tasks themselves. To be called after the tools and the extension. */
export function taskTools(server: McpServer): void {
  const greet = { description: 'Greets.', inputSchema: z.object({ name: z.string() }) };
  server.registerTool('greet', greet, ({ name }) => text(`Hello, ${name}!`));
  for (const name of Object.keys(pretences))
    server.registerTool(name, { description: 'Becomes a task.', inputSchema: z.looseObject({}) }, () =>
      // What a task does not begin without, it asks; the others have nothing to wait for.
      name === 'test_tool_with_task' ? inputRequired({ inputRequests: nameAsked }) : text('computed'),
    );
  aroundHandler(server, 'tools/call', async ({ params = {} }, ctx, inner) => {
    const name = String(params['name']);
    const pretence = Object.hasOwn(pretences, name) ? pretences[name] : undefined;
    if (pretence === undefined) return inner();
    if (!declaresTasks(ctx)) {
      if (pretence.required) throw tasksMissing();
      return inner();
    }
    const task = pretence.begin(objectOr(params['arguments']), ctx);
    if (task === undefined) return inner();
    remember(task);
    return { resultType: 'task', ...task.wire };
  });
  about(server, 'tasks/get', (task) => ({ ...task.detailed }));
  about(server, 'tasks/update', (task, ctx) => {
    task.answer(ctx.mcpReq.inputResponses ?? {});
    return {};
  });
  about(server, 'tasks/cancel', (task) => {
    task.cancel();
    return {};
  });
}

function about(
  server: McpServer,
  method: string,
  tell: (task: PretendedTask, ctx: ServerContext) => Record<string, unknown>,
): void {
  aroundHandler(server, method, async ({ params = {} }, ctx, inner) => {
    const task = pretended.get(String(params['taskId']));
    if (task === undefined) return inner();
    assertDeclaresTasks(ctx);
    return tell(task, ctx);
  });
}

function remember(task: PretendedTask): void {
  const [oldest] = pretended.keys();
  if (pretended.size >= tasksMax && oldest !== undefined) pretended.delete(oldest);
  pretended.set(task.id, task);
}
