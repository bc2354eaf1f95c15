import { z } from 'zod';
import { inspectedMachines } from '../../machines/chart-machines.ts';
import { KoubouError } from '../../machines/errors.ts';
import { inspectionLimits } from '../../machines/inspection-limits.ts';
import { check } from '../request-body.ts';

/** What a watcher can listen to: tasks, workers, and the pool with its servers. */
export const channels = ['task', 'worker', 'system'] as const;
export type Channel = (typeof channels)[number];

const commandNames = [
  'subscribe',
  'unsubscribe',
  'ping',
  'get_stats',
  'auth',
  'inspect_actors',
  'inspect_tree',
] as const;

/** Beside what happens, how it looks from within. */
const channel = z.enum([...channels, 'inspect']);
const actor = z.string().min(1).max(500);
const taskId = z.string().min(1).max(100);

const schemas = {
  subscribe: z
    .object({
      command: z.literal('subscribe'),
      channel,
      /** Resume behind this `seq`. */
      since: z.int().min(0).optional(),
      /** Several events in one frame. */
      batch: z.boolean().optional(),
      /** This task alone. */
      task_id: taskId.optional(),
      /** Its text as it is generated, too. */
      tokens: z.boolean().optional(),
      /** With `since`: so much of the text of the attempt that ran then is known. */
      offset: z.int().min(0).optional(),
      /** This actor alone. */
      actor: actor.optional(),
    })
    .refine((each) => each.actor === undefined || each.channel === 'inspect', {
      error: 'actor goes with the channel "inspect" only',
    })
    .refine((each) => each.channel !== 'inspect' || (each.since === undefined && each.batch === undefined), {
      error: 'the channel "inspect" shows how things stand now: leave since and batch out',
    })
    .refine((each) => each.task_id === undefined || each.channel === 'task', {
      error: 'task_id goes with the channel "task" only',
    })
    .refine((each) => each.tokens !== true || each.task_id !== undefined, {
      error: 'tokens are told of one task: name it by task_id',
    })
    .refine((each) => each.offset === undefined || (each.tokens === true && each.since !== undefined), {
      error: 'offset goes with tokens and since: it is the one behind the last text that came',
    })
    .refine((each) => each.task_id === undefined || each.batch !== true, {
      error: 'the events of a single task come one by one: leave batch out',
    }),
  unsubscribe: z.object({
    command: z.literal('unsubscribe'),
    channel,
    task_id: taskId.optional(),
    actor: actor.optional(),
  }),
  ping: z.object({ command: z.literal('ping') }),
  get_stats: z.object({ command: z.literal('get_stats') }),
  auth: z.object({ command: z.literal('auth'), token: z.string() }),
  inspect_actors: z.object({
    command: z.literal('inspect_actors'),
    machine: z.enum(inspectedMachines),
    state: z.string().min(1).max(100),
    /** `next` of the page before. */
    after: z.int().min(0).default(0),
    limit: z.int().min(1).max(inspectionLimits.pageActorsMax).default(50),
  }),
  inspect_tree: z.object({ command: z.literal('inspect_tree') }),
} satisfies Record<(typeof commandNames)[number], z.ZodType>;

export type Command = {
  readonly [K in keyof typeof schemas]: z.output<(typeof schemas)[K]>;
}[keyof typeof schemas];
export type Subscribe = Extract<Command, { command: 'subscribe' }>;

/**
 * Reads a frame of a client.
 *
 * @throws KoubouError `request.invalid` with what is wrong and where
 */
export function readCommand(text: string, isBinary: boolean): Command {
  if (isBinary) throw new KoubouError('request.invalid', 'a command is a text frame with a JSON object');
  const value = parse(text);
  const name = (value as { command?: unknown } | null)?.command;
  const known = commandNames.find((each) => each === name);
  if (known === undefined) {
    throw new KoubouError('request.invalid', `"command" must be one of ${commandNames.join(', ')}`);
  }
  return check(schemas[known] as z.ZodType<Command>, value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new KoubouError('request.invalid', 'the frame is not valid JSON', { cause: error });
  }
}
