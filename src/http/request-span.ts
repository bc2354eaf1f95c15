import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { contextOfRequest, tracer, within } from '../runtime/tracing.ts';

/** Those that the semantic conventions of HTTP know; any other could be anything. */
const knownMethods = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
]);
/** So much of a path is told: ours are shorter. */
const pathCharsMax = 256;

/**
 * Gives each request a span, under that of its client (`traceparent`), and lets all that the request sets off know of it.
 * It ends with the head of the answer: a stream may go on for hours. Its name is the pattern of the route; neither query
 * nor body is told.
 */
export function requestSpan(): MiddlewareHandler {
  return async (c, next) => {
    const around = contextOfRequest({ ...traceHeaders(c), requestId: clientsOwnId(c) });
    const method = knownMethods.has(c.req.method) ? c.req.method : '_OTHER';
    const attributes = {
      'http.request.method': method,
      'url.path': c.req.path.slice(0, pathCharsMax),
      'url.scheme': c.req.url.startsWith('https:') ? 'https' : 'http',
    };
    const name = method === '_OTHER' ? 'HTTP' : method;
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, around);
    const scope = trace.setSpan(around, span);
    if (!span.isRecording()) return within(scope, next);
    try {
      await within(scope, next);
    } finally {
      tell(span, name, c);
      span.end();
    }
  };
}

function traceHeaders(c: Context): { traceparent?: string; tracestate?: string } {
  const traceparent = c.req.header('traceparent');
  if (traceparent === undefined) return {};
  const tracestate = c.req.header('tracestate');
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}

function clientsOwnId(c: Context): string | undefined {
  const sent = c.req.header('x-request-id');
  return sent === c.get('requestId') ? sent : undefined;
}

function tell(span: Span, name: string, c: Context): void {
  const { status } = c.res;
  const route = routeOf(c);
  const { hostname, port } = new URL(c.req.url);
  span.setAttributes({
    'http.response.status_code': status,
    'server.address': hostname,
    ...(port === '' ? {} : { 'server.port': Number(port) }),
    'koubou.request_id': c.get('requestId'),
  });
  if (route !== undefined) {
    span.setAttribute('http.route', route);
    span.updateName(`${name} ${route}`);
  }
  // What a client did wrong is no error of the server.
  if (status < 500) return;
  span.setAttribute('error.type', String(status));
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** The pattern of the handler that answered, or would have if nobody had refused before it; the first that fits. */
function routeOf(c: Context): string | undefined {
  const isForAll = ({ method, path }: { method: string; path: string }) =>
    method === 'ALL' && path.endsWith('*');
  return matchedRoutes(c).find((route) => !isForAll(route))?.path;
}
