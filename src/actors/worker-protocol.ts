/**
 * What a pool and a worker that has joined it say to each other: JSON text frames over a WebSocket. For people who write
 * a worker of their own it is told in docs/worker-protocol.md, whose examples a test reads with these schemas.
 */

import { z } from 'zod';
import { type AssignmentId, parseTaskId, type TaskId, type WorkerId } from '../machines/identifiers.ts';
import { limits } from '../machines/limits.ts';
import { linkLimits } from '../machines/link-limits.ts';
import type { FailureCode } from '../machines/outcome.ts';
import { wireFormat, wireReply, wireRequest, wireRequestKinds } from './wire-requests.ts';

/** Grows when a peer of the former version could no longer be understood. New optional fields do not make it grow. */
export const protocolVersion = 1;

/** With which codes a pool closes a link, beside those of WebSocket itself. */
export const closeCodes = {
  /** The worker stops, or the pool does. */
  goingAway: 1001,
  /** A frame that is none. */
  badFrame: 1008,
  /** No room: try again later. */
  tryLater: 1013,
  protocolUnknown: 4400,
  /** The name is that of a configured worker. */
  nameConflict: 4403,
  helloMissing: 4408,
  /** Another process has joined under this name. */
  nameTaken: 4409,
  /** The same worker has made a new connection. */
  replaced: 4410,
} as const;

const name = z.string().min(1).max(linkLimits.nameCharsMax);
const sentence = z.string().max(linkLimits.sentenceCharsMax);
const assignmentIds = z
  .int()
  .min(1)
  .transform((value) => value as AssignmentId);
const taskIds = z.string().transform((text, context): TaskId => {
  const taskId = parseTaskId(text);
  if (taskId !== undefined) return taskId;
  context.addIssue({ code: 'custom', message: 'is no task id' });
  return z.NEVER;
});
/** As in `workers.yaml`, since it names a log file too. */
const workerIds = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
  .transform((text) => text as WorkerId);
const counts = z.int().min(0);
const leases = z.array(assignmentIds).max(linkLimits.leasesMax);

const failureCodes: Record<FailureCode, true> = {
  'backend.unreachable': true,
  'backend.busy': true,
  'backend.error': true,
  'backend.cut': true,
  'backend.garbage': true,
  'backend.no_answer': true,
  'backend.empty': true,
  'model.unknown': true,
  'input.refused': true,
  'input.too_long': true,
  'output.invalid': true,
  'execution.timeout': true,
  'execution.crashed': true,
  'execution.too_large': true,
  'worker.lost': true,
  'leases.exhausted': true,
  'actor.crashed': true,
};

const failure = z.object({
  code: z.enum(Object.keys(failureCodes) as [FailureCode, ...FailureCode[]]),
  message: sentence,
});
const measured = z.number().min(0).nullable();
const usage = z.object({
  model: name.nullable(),
  prompt_tokens: counts.nullable(),
  output_tokens: counts.nullable(),
  load_ms: measured,
  prompt_ms: measured,
  generate_ms: measured,
  total_ms: measured,
  done_reason: name.nullable(),
});
export const wireOutcome = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('succeeded'),
    // UTF-8 is never shorter than its characters; the exact size is looked at where it is taken in.
    output: z.string().max(limits.outputBytesMax),
    usage,
    reply: wireReply.exactOptional(),
  }),
  z.object({ kind: z.literal('retry'), failure, delay_ms_min: z.number().min(0).max(limits.timerMsMax) }),
  z.object({ kind: z.literal('released'), failure }),
  z.object({ kind: z.literal('failed'), failure }),
  z.object({ kind: z.literal('cancelled') }),
]);

export const sightedModel = z.object({
  name,
  size_bytes: counts.nullable(),
  context_tokens_max: counts.nullable(),
});
export const residentModel = z.object({ name, memory_bytes: counts, context_tokens: counts.nullable() });

const heldLease = z.object({ assignment_id: assignmentIds, task_id: taskIds });
const heldLeases = z.array(heldLease).max(linkLimits.leasesMax);

/** Of a `hello` of any version: what must be known before it can be judged. */
const anyHello = z.object({ type: z.literal('hello'), protocol: z.int() });

const hello = z.object({
  type: z.literal('hello'),
  protocol: z.literal(protocolVersion),
  worker_id: workerIds,
  instance: z.string().min(8).max(64),
  slots: z.int().min(1).max(linkLimits.slotsMax),
  models: z.array(name).max(linkLimits.modelsMax),
  capabilities: z.array(name).max(linkLimits.labelsMax),
  labels: z
    .record(name, z.string().max(linkLimits.nameCharsMax))
    .refine((labels) => Object.keys(labels).length <= linkLimits.labelsMax, 'too many labels'),
  performance_factor: z.number().positive().max(1_000),
  requests: wireRequestKinds.exactOptional(),
  held: heldLeases,
  done: heldLeases,
});
const beat = z.object({
  type: z.literal('beat'),
  leases,
  models: z.array(sightedModel).max(linkLimits.modelsMax).nullable(),
  residents: z.array(residentModel).max(linkLimits.modelsMax).nullable(),
  fault: sentence.nullable(),
});
const text = z.object({
  type: z.literal('text'),
  assignment_id: assignmentIds,
  offset: counts,
  text: z.string().max(linkLimits.textFrameCharsMax),
});
const settled = z.object({
  type: z.literal('settled'),
  assignment_id: assignmentIds,
  task_id: taskIds,
  outcome: wireOutcome,
});
const goodbye = z.object({ type: z.literal('goodbye') });

export const wireJob = z.object({
  task_id: taskIds,
  assignment_id: assignmentIds,
  task_type: name,
  priority: z.int(),
  prompt: z.string(),
  request: wireRequest.exactOptional(),
  format: wireFormat.exactOptional(),
  model: z.string().nullable(),
  sampling: z.record(z.string(), z.unknown()),
  fresh: z.boolean(),
  deadline_ms: z.number().positive().max(limits.timerMsMax),
});
const resumption = z.object({ assignment_id: assignmentIds, offset: counts });

const welcome = z.object({
  type: z.literal('welcome'),
  protocol: z.literal(protocolVersion),
  heartbeat_ms: z.number().min(10).max(limits.timerMsMax),
  resume: z.array(resumption).max(linkLimits.leasesMax),
  drop: leases,
});
const run = z.object({ type: z.literal('run'), job: wireJob });
const resume = resumption.extend({ type: z.literal('resume') });
const stop = z.object({ type: z.literal('stop'), assignment_id: assignmentIds });
const ack = z.object({ type: z.literal('ack'), assignment_id: assignmentIds });
const refused = z.object({
  type: z.literal('refused'),
  code: z.enum(['protocol', 'name_taken', 'name_conflict', 'unavailable']),
  message: sentence,
  /** The version that the pool speaks. */
  protocol: z.int(),
});
const error = z.object({ type: z.literal('error'), code: name, message: sentence });

const frameToPool = z.discriminatedUnion('type', [hello, beat, text, settled, goodbye, error]);
const frameToWorker = z.discriminatedUnion('type', [welcome, run, resume, stop, ack, refused, error]);

export type FrameToPool = z.output<typeof frameToPool>;
export type FrameToWorker = z.output<typeof frameToWorker>;
export type Hello = z.output<typeof hello>;
export type Beat = z.output<typeof beat>;
export type Welcome = z.output<typeof welcome>;
export type WireJob = z.output<typeof wireJob>;
export type WireOutcome = z.output<typeof wireOutcome>;
export type WireModel = z.output<typeof sightedModel>;
export type WireResident = z.output<typeof residentModel>;
export type RefusalCode = z.output<typeof refused>['code'];

/** A frame, or why the text is none, in a sentence that repeats nothing of what it says. */
export type Read<F> = { readonly frame: F } | { readonly fault: string; readonly protocol?: number };

/** Reads what a worker sent. A greeting in another version of the protocol is a fault that names the version. */
export function readFrameToPool(raw: string): Read<FrameToPool> {
  const parsed = parseJson(raw);
  if (parsed === undefined) return { fault: 'it is not JSON' };
  const greeting = anyHello.safeParse(parsed);
  if (greeting.success && greeting.data.protocol !== protocolVersion) {
    return { fault: `it is in version ${greeting.data.protocol}`, protocol: greeting.data.protocol };
  }
  const read = frameToPool.safeParse(parsed);
  if (!read.success) return { fault: faultOf(read.error) };
  if (read.data.type !== 'settled' && raw.length > linkLimits.plainFrameCharsMax) {
    return { fault: `it is longer than ${linkLimits.plainFrameCharsMax} characters` };
  }
  return { frame: read.data };
}

/** Reads what a pool sent. */
export function readFrameToWorker(raw: string): Read<FrameToWorker> {
  const parsed = parseJson(raw);
  if (parsed === undefined) return { fault: 'it is not JSON' };
  const read = frameToWorker.safeParse(parsed);
  return read.success ? { frame: read.data } : { fault: faultOf(read.error) };
}

function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}

/** The first thing that is wrong, by its place: the values may be somebody's prompt. */
function faultOf({ issues: [issue] }: z.ZodError): string {
  const place = issue?.path.map(String).join('.') ?? '';
  const subject = place === '' ? 'it' : `its ${place}`;
  return `${subject} is not what the protocol says (${issue?.code ?? 'unknown'})`;
}
