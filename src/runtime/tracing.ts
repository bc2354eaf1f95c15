import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  context,
  createContextKey,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Job } from '../actors/execution.ts';
import { remoteContext, type TraceParent, traceParentOf } from '../actors/traced-context.ts';
import { msOfSql } from '../db/sql-time.ts';
import type { HeldRow } from '../db/tasks-table.ts';
import { KoubouError } from '../machines/errors.ts';
import type { TaskMetadata } from '../machines/facts.ts';
import type { TaskId } from '../machines/identifiers.ts';
import { version } from '../version.ts';
import type { TaskSpec } from './delegation.ts';

/** Ours. It does nothing until an SDK is registered in this process, before or after. */
export const tracer = trace.getTracer('koubou', version);

/** What a task keeps of the request that asked for it. */
export type TaskOrigin = Pick<TaskMetadata, 'trace' | 'trace_state' | 'request_id'>;

/** What a request says of where it comes from. */
export interface Incoming extends Partial<TraceParent> {
  /** The name that its client gave it; one that we made is for the log alone. */
  readonly requestId: string | undefined;
}

const requestIdKey = createContextKey('koubou request id');

/**
 * Carries the context of a request where no SDK brings a way to do so: what its client said is passed on all the same.
 * Node makes every promise dearer from the first use on, so it is used only by requests that have something to carry.
 */
const carried = new AsyncLocalStorage<Context>();

/** The context that a request begins in: under the span that is active, if any, or else under that of its client. */
export function contextOfRequest({ requestId, ...parent }: Incoming): Context {
  const active = activeContext();
  const around = trace.getSpan(active) === undefined ? remoteContext(parent) : active;
  return requestId === undefined ? around : around.setValue(requestIdKey, requestId);
}

/** Does something, and all that follows from it, in a context. */
export function within<T>(scope: Context, act: () => T): T {
  return context.with(scope, () => {
    if (context.active() === scope || !hasToCarry(scope)) return act();
    return carried.run(scope, act);
  });
}

function hasToCarry(scope: Context): boolean {
  const span = trace.getSpanContext(scope);
  return (span !== undefined && isSpanContextValid(span)) || scope.getValue(requestIdKey) !== undefined;
}

function activeContext(): Context {
  const active = context.active();
  return active === ROOT_CONTEXT ? (carried.getStore() ?? active) : active;
}

/**
 * A span around the acceptance of tasks, until they are on disk. It is what their attempts are children of, now or
 * after a restart: `accept` writes its place down with them.
 */
export function tracedDelegation(
  specs: readonly TaskSpec[],
  accept: (origin: TaskOrigin) => Promise<readonly TaskId[]>,
): Promise<readonly TaskId[]> {
  const around = activeContext();
  const span = tracer.startSpan('koubou.delegate', { kind: SpanKind.PRODUCER }, around);
  const accepted = accept(originOf(trace.setSpan(around, span)));
  return span.isRecording() ? observed(span, specs, accepted) : accepted;
}

function originOf(around: Context): TaskOrigin {
  const place = traceParentOf(around);
  const requestId = around.getValue(requestIdKey);
  return {
    ...(place === undefined ? {} : { trace: place.traceparent }),
    ...(place?.tracestate === undefined ? {} : { trace_state: place.tracestate }),
    ...(typeof requestId === 'string' ? { request_id: requestId } : {}),
  };
}

async function observed(
  span: Span,
  specs: readonly TaskSpec[],
  accepted: Promise<readonly TaskId[]>,
): Promise<readonly TaskId[]> {
  const [first] = specs;
  span.setAttribute('koubou.task.count', specs.length);
  if (first !== undefined && specs.length === 1) {
    span.setAttributes({ 'koubou.task.type': first.taskType, 'koubou.task.priority': first.priority });
  }
  try {
    const taskIds = await accepted;
    if (taskIds.length === 1) span.setAttribute('koubou.task.id', taskIds[0] as TaskId);
    return taskIds;
  } catch (error) {
    span.setAttribute('error.type', error instanceof KoubouError ? error.code : 'internal');
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

/** What the span of an attempt is told beside the job itself, as the row has it. */
export function attemptOf(row: HeldRow, metadata: TaskMetadata): Pick<Job, 'attempt' | 'waitedMs' | 'trace'> {
  const { trace: traceparent, trace_state: tracestate } = metadata;
  const attempt = { attempt: row.leases, ...waitOf(row, metadata) };
  if (traceparent === undefined) return attempt;
  return { ...attempt, trace: tracestate === undefined ? { traceparent } : { traceparent, tracestate } };
}

/** How long it waited for its first lease; when it began to wait for a later one, the row does not say. */
function waitOf(
  { leases, createdAt, startedAt }: HeldRow,
  { not_before }: TaskMetadata,
): Pick<Job, 'waitedMs'> {
  if (leases !== 1 || startedAt === null) return {};
  return { waitedMs: Math.max(0, msOfSql(startedAt) - Math.max(msOfSql(createdAt), not_before ?? 0)) };
}
