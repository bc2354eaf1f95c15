import {
  type Context,
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';

/** A place in somebody's trace, in the words of W3C Trace Context: what crosses the wire, and what a row keeps. */
export interface TraceParent {
  readonly traceparent: string;
  /** What vendors add to it. */
  readonly tracestate?: string;
}

/** Version, trace, span and flags; what later versions put behind them is not for us. */
const form = /^(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
/** Sampled, and a random trace id; flags that nobody knows are not passed on. */
const knownFlags = 0x03;

/** The context that a span of ours begins in: under `parent`, or at the root where that is missing or malformed. */
export function remoteContext(parent: Partial<TraceParent>): Context {
  const span = spanContextOf(parent);
  return span === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span);
}

function spanContextOf({ traceparent, tracestate }: Partial<TraceParent>): SpanContext | undefined {
  if (traceparent === undefined) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] = form.exec(traceparent) ?? [];
  if (version === '00' && rest !== undefined) return undefined;
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & knownFlags, isRemote: true };
  if (!isSpanContextValid(span)) return undefined;
  // The API drops what is malformed or too long.
  return tracestate === undefined ? span : { ...span, traceState: createTraceState(tracestate) };
}

/** The span of a context as others may know it; `undefined` where there is none. */
export function traceParentOf(context: Context): TraceParent | undefined {
  const span = trace.getSpanContext(context);
  if (span === undefined || !isSpanContextValid(span)) return undefined;
  const flags = span.traceFlags.toString(16).padStart(2, '0');
  const traceparent = `00-${span.traceId}-${span.spanId}-${flags}`;
  const tracestate = span.traceState?.serialize() ?? '';
  return tracestate === '' ? { traceparent } : { traceparent, tracestate };
}
