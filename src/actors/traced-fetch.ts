import type { TraceParent } from './traced-context.ts';

/** A `fetch` that tells the server under which span it is asked; without one, it is `inner` itself. */
export function withTraceHeaders(inner: typeof fetch, trace: TraceParent | undefined): typeof fetch {
  if (trace === undefined) return inner;
  return (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('traceparent', trace.traceparent);
    if (trace.tracestate !== undefined) headers.set('tracestate', trace.tracestate);
    return inner(input, { ...init, headers });
  };
}
