import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { ReadableStream } from 'node:stream/web';

/** A peer that vanished without a word (power, cable) is found out by TCP probes after this long in silence. */
const keepAliveProbeMs = 30_000;

/** Statuses that the Fetch standard allows no body (https://fetch.spec.whatwg.org/#null-body-status). */
const bodylessStatuses: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * A `fetch` without a clock of its own, over `node:http`.
 *
 * Node's global fetch gives up after 300 s without headers and after 300 s between two pieces of a body; the only way to
 * tell it otherwise is a dispatcher of the separate `undici` package. A model may load for six minutes and think for
 * five: here the job's deadline, which comes in through `init.signal`, is the only clock.
 *
 * Each call has a connection of its own that ends with it: an abort destroys the socket at once, in every phase, so the
 * server notices; and no pool keeps sockets open behind our back. Text bodies only, no redirects, no decompression;
 * of a `Request`, only its URL is read.
 *
 * @throws the error of the socket (with its `code`), or an `AbortError`
 */
export async function patientFetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const message = await send(new URL(input instanceof Request ? input.url : input), init);
  const status = message.statusCode ?? 0;
  const body = bodylessStatuses.has(status) ? null : ReadableStream.from<Uint8Array>(message);
  if (body === null) message.resume();
  return new Response(body, { status, headers: headersOf(message) });
}

function send(url: URL, init: RequestInit): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = start(url, {
      agent: false,
      method: init.method ?? 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(init.signal ? { signal: init.signal } : {}),
    });
    request.setSocketKeepAlive(true, keepAliveProbeMs);
    request.on('response', resolve);
    request.on('error', reject); // stays on: after the response it is the body that tells, and a second error must not be loose
    request.end(init.body);
  });
}

function headersOf(message: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(message.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return headers;
}
