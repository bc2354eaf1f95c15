import type { Context } from 'hono';
import { limits } from '../machines/limits.ts';
import type { Runtime } from '../runtime.ts';

const utf8 = new TextEncoder();

/** Proxies cut connections on which nothing comes for a minute, some for half of one. */
const keepAliveMs = 15_000;

export interface FacadeStream {
  readonly clock: Runtime['clock'];
  readonly contentType: string;
  /** What a client of this interface reads over, sent now and then; `null` where it has no such thing. */
  readonly keepAlive: (() => string) | null;
}

/**
 * An answer that is told as it comes.
 *
 * @param tell sends the frames; the answer ends when it resolves. `gone` is aborted when the client goes away, or when it
 * leaves `limits.streamBacklogBytesMax` unread: then nothing more is sent
 */
export function facadeStream(
  c: Context,
  { contentType, keepAlive, clock }: FacadeStream,
  tell: (send: (frame: string) => void, gone: AbortSignal) => Promise<void>,
): Response {
  const left = new AbortController();
  const gone = AbortSignal.any([left.signal, c.req.raw.signal]);
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const send = (frame: string) => {
          if (gone.aborted) return;
          if ((controller.desiredSize ?? 0) < -limits.streamBacklogBytesMax) {
            left.abort();
            controller.error(new Error('the reader is too slow'));
            return;
          }
          controller.enqueue(utf8.encode(frame));
        };
        let timer: unknown;
        const stayAlive = (frameOf: () => string) => {
          timer = clock.setTimeout(() => {
            send(frameOf());
            stayAlive(frameOf);
          }, keepAliveMs);
        };
        if (keepAlive !== null) stayAlive(keepAlive);
        const end = (close: () => void) => {
          clock.clearTimeout(timer);
          if (!gone.aborted) close();
        };
        tell(send, gone).then(
          () => end(() => controller.close()),
          (error: unknown) => end(() => controller.error(error)),
        );
      },
      cancel: () => left.abort(),
    },
    { highWaterMark: 0, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  return c.body(body, 200, {
    'content-type': contentType,
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
}
