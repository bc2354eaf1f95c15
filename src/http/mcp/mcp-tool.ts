import type {
  CallToolResult,
  McpServer,
  ServerContext,
  StandardSchemaWithJSON,
  ToolAnnotations,
} from '@modelcontextprotocol/server';
import type { z } from 'zod';
import { KoubouError } from '../../machines/errors.ts';
import type { AppLog } from '../door-app.ts';
import { errorBody } from '../error-table.ts';
import { check } from '../request-body.ts';

/** Under this name a refusal carries its code, beside the sentence that a model reads. */
const refusalKey = 'koubou/error';

interface ToolSpec<I extends z.ZodType> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: I;
  readonly output: z.ZodType;
  readonly annotations: ToolAnnotations;
}

/** Adds a tool. What goes wrong in it is a result, with a code and a sentence; the protocol is not to blame. */
export function addTool<I extends z.ZodType>(
  server: McpServer,
  log: AppLog,
  { name, title, description, input, output, annotations }: ToolSpec<I>,
  run: (args: z.output<I>, ctx: ServerContext) => CallToolResult | Promise<CallToolResult>,
): void {
  const shown = { title, description, annotations: { title, ...annotations } };
  server.registerTool(
    name,
    { ...shown, inputSchema: advertised(input), outputSchema: advertised(output) },
    async (args, ctx) => {
      try {
        return await run(check(input, args), ctx);
      } catch (error) {
        return refusal(error, log, `the tool ${name}`);
      }
    },
  );
}

/** A result: what a program reads, and the same as a model reads it. */
export function answer(structuredContent: object, text: string): CallToolResult {
  return { content: [{ type: 'text', text }], structuredContent: { ...structuredContent } };
}

/**
 * A failure as the result of a tool.
 *
 * @param what failed, for the log: what nobody foresaw is not shown
 */
export function refusal(error: unknown, log: AppLog, what: string): CallToolResult {
  const known = error instanceof KoubouError ? error : unforeseen(error, log, what);
  const { code, message, details } = errorBody(known).error;
  const { retryAfterMs } = known;
  const retryAfterSeconds = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1_000);
  const again = retryAfterSeconds === undefined ? '' : ` Try again in ${retryAfterSeconds} s.`;
  return {
    isError: true,
    content: [{ type: 'text', text: `${code}: ${message}${again}` }],
    _meta: {
      [refusalKey]: {
        code,
        message,
        details,
        ...(retryAfterSeconds === undefined ? {} : { retry_after_seconds: retryAfterSeconds }),
      },
    },
  };
}

/** What nobody foresaw is a bug of ours: its words are for the log, not for the client. */
export function unforeseen(error: unknown, log: AppLog, what: string): KoubouError {
  log.error({ err: error }, `${what} failed`);
  return new KoubouError('internal', 'something went wrong here; the server log says what', { cause: error });
}

const shownSchemas = new WeakMap<z.ZodType, StandardSchemaWithJSON>();

/**
 * A schema as it is listed. It lets everything pass: arguments are checked where the tool begins, so that their refusal
 * reads like any other. Its JSON is made once, though a server is made for each request.
 */
function advertised(schema: z.ZodType): StandardSchemaWithJSON {
  const known = shownSchemas.get(schema);
  if (known !== undefined) return known;
  const standard = schema['~standard'] as unknown as StandardSchemaWithJSON['~standard'];
  const made = new Map<string, Record<string, unknown>>();
  const once =
    (io: 'input' | 'output') =>
    (options: Parameters<typeof standard.jsonSchema.input>[0]): Record<string, unknown> => {
      const key = `${io} ${options.target}`;
      const json = made.get(key) ?? standard.jsonSchema[io](options);
      made.set(key, json);
      return json;
    };
  const shown: StandardSchemaWithJSON = {
    '~standard': {
      version: 1,
      vendor: 'koubou',
      validate: (value) => ({ value }),
      jsonSchema: { input: once('input'), output: once('output') },
    },
  };
  shownSchemas.set(schema, shown);
  return shown;
}
