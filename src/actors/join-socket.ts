import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { linkLimits } from '../machines/link-limits.ts';
import type { Clock } from './clock.ts';
import type { Dial, DialListener, LinkSocket, SocketListener } from './link-socket.ts';

export interface SocketPorts {
  readonly clock: Clock;
  /** A connection on which nothing arrived for one such interval, although it was pinged, is taken for dead. */
  readonly heartbeatMs: number;
}

export interface DialOptions extends SocketPorts {
  /** `ws://` or `wss://`; see {@link poolUrl}. */
  readonly url: string;
  /** The pool's `WORKER_AUTH_TOKEN`; `null` sends none. */
  readonly token: string | null;
}

/** Where workers knock. */
const workerPath = '/worker';
/** A timer that is later than this share of the interval says that this process stood still, not that the peer did. */
const stallShare = 0.5;
/** What is left of a refusal's body in a sentence for people. */
const bodyCharsMax = 64 * 1_024;
/** Answers to an upgrade that would be the same again. */
const finalStatuses: ReadonlySet<number> = new Set([400, 401, 403, 404, 426]);

/** The address that a user gave, with the path where workers knock; `undefined` when it is no address of a pool. */
export function poolUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isPlain = url.username === '' && url.password === '' && url.hash === '' && url.search === '';
  if (!/^wss?:$/.test(url.protocol) || url.hostname === '' || !isPlain) return undefined;
  if (url.pathname === '/') url.pathname = workerPath;
  return url.href;
}

/** Makes connections to a pool over the network. */
export function dialPool({ url, token, ...ports }: DialOptions): Dial {
  return (listener) => {
    const ws = new WebSocket(url, {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      handshakeTimeout: linkLimits.helloMsMax,
      maxPayload: linkLimits.frameToWorkerBytesMax,
      perMessageDeflate: false,
    });
    let stream: Duplex | undefined;
    const refused = refuseOnce(ws, listener);
    ws.on('upgrade', (response) => {
      stream = response.socket;
    });
    ws.on('unexpected-response', (request, response) => {
      readRefusal(response, (body) => {
        refused(response, body);
        request.destroy();
      });
    });
    const socket = linkSocketOf(ws, () => stream, ports);
    ws.on('open', listener.onOpen);
    socket.listen(listener);
    return socket;
  };
}

/** A refusal is told once, and the end of the connection after it is no further news. */
function refuseOnce(
  ws: WebSocket,
  listener: DialListener,
): (response: IncomingMessage, body: string) => void {
  return (response, body) => {
    const status = response.statusCode ?? 0;
    const retryAfterS = Number(response.headers['retry-after'] ?? 0);
    listener.onRefused({
      code: `http_${status}`,
      message: messageIn(body) ?? `what answers there is no pool of Koubou (HTTP ${status})`,
      isFinal: finalStatuses.has(status),
      retryAfterMs: Number.isFinite(retryAfterS) ? Math.min(Math.max(retryAfterS, 0), 3_600) * 1_000 : 0,
    });
    ws.terminate();
  };
}

function readRefusal(response: IncomingMessage, done: (body: string) => void): void {
  let body = '';
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    if (body.length < bodyCharsMax) body += text;
  });
  response.on('close', () => done(body.slice(0, bodyCharsMax)));
}

function messageIn(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: { message?: unknown } };
    return typeof error?.message === 'string'
      ? error.message.slice(0, linkLimits.sentenceCharsMax)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A WebSocket as links use it. It finds out by itself when the peer has gone without a word: it pings each interval, and
 * looks whether any byte has come since; a long frame that is still arriving is a sign of life, too.
 *
 * @param streamOf the connection beneath, whose bytes are counted; `undefined` before it stands
 */
export function linkSocketOf(
  ws: WebSocket,
  streamOf: () => Duplex | undefined,
  { clock, heartbeatMs }: SocketPorts,
): LinkSocket {
  let fault = '';
  let timer: unknown;
  let dueMs = 0;
  let bytesBefore = -1;
  const look = () => {
    const bytes = bytesReadOf(streamOf());
    const isLate = clock.monotonic() - dueMs > heartbeatMs * stallShare;
    if (bytes === bytesBefore && !isLate) {
      fault = 'it does not answer';
      ws.terminate();
      return;
    }
    bytesBefore = bytes;
    ws.ping();
    arm();
  };
  const arm = () => {
    dueMs = clock.monotonic() + heartbeatMs;
    timer = clock.setTimeout(look, heartbeatMs);
  };
  ws.on('error', (error: NodeJS.ErrnoException) => {
    fault = error.code ?? error.message;
  });
  ws.on('close', () => clock.clearTimeout(timer));
  if (ws.readyState === WebSocket.OPEN) arm();
  else ws.on('open', arm);
  return {
    send: (text) => {
      if (ws.readyState === WebSocket.OPEN) ws.send(text, () => undefined);
    },
    close: (code, reason) => {
      // Before it stands there is nobody to tell.
      if (ws.readyState === WebSocket.CONNECTING) ws.terminate();
      else ws.close(code, reason);
    },
    terminate: () => ws.terminate(),
    get bufferedAmount() {
      return ws.bufferedAmount;
    },
    listen: ({ onMessage, onClose }: SocketListener) => {
      ws.on('message', (data, isBinary) => {
        // A frame of bytes is read as what it is not, so that the peer is told so.
        onMessage(isBinary ? '' : String(data));
      });
      ws.on('close', (code, reason) => onClose(code, fault === '' ? String(reason) : fault));
    },
  };
}

function bytesReadOf(stream: Duplex | undefined): number {
  return stream !== undefined && 'bytesRead' in stream ? Number(stream.bytesRead) : 0;
}
