import type { Context, Hono } from 'hono';
import { KoubouError } from '../machines/errors.ts';
import type { TaskId } from '../machines/identifiers.ts';
import { limits } from '../machines/limits.ts';
import type { Position } from '../runtime/following.ts';
import type { Runtime } from '../runtime.ts';
import { taskIdOf } from './task-routes.ts';

const utf8 = new TextEncoder();
const keepAliveMs = 15_000;

/**
 * `GET /task/:id/events`: the facts of a task by their types, its text as `token`, and at last `end` with the task as
 * it ended. The id of an event is `<seq>` or, for text, `<seq>:<offset behind it>`; with `Last-Event-ID` it goes on
 * right there.
 */
export function eventRoutes(app: Hono, runtime: Runtime): void {
  app.get('/task/:id/events', (c) => {
    const id = taskIdOf(c);
    runtime.task(id); // Unknown ones are refused before the stream begins.
    const since = positionOf(c.req.header('last-event-id') ?? c.req.query('last_event_id'));
    return new Response(streamOf(c, runtime, id, since), {
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      },
    });
  });
}

/** @throws KoubouError `request.invalid` */
function positionOf(id: string | undefined): Position {
  if (id === undefined || id === '') return { seq: 0, offset: 0 };
  const match = /^(\d{1,15})(?::(\d{1,15}))?$/.exec(id);
  if (match === null)
    throw new KoubouError('request.invalid', 'Last-Event-ID must be the id of an event of this stream');
  return { seq: Number(match[1]), offset: Number(match[2] ?? 0) };
}

function streamOf(c: Context, runtime: Runtime, id: TaskId, since: Position): ReadableStream<Uint8Array> {
  let unfollow = () => {};
  let keepAlive: NodeJS.Timeout | undefined;
  const end = () => {
    unfollow();
    clearInterval(keepAlive);
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const send = (frame: string) => {
          // A reader that does not read is cut off; it comes back with the id of what it had.
          if ((controller.desiredSize ?? 0) < -limits.streamBacklogBytesMax) {
            end();
            controller.error(new Error('the reader is too slow'));
            return;
          }
          controller.enqueue(utf8.encode(frame));
        };
        const ended = { value: false };
        unfollow = runtime.follow(id, since, {
          onEvent: (event) => send(frameOf(String(event.seq), event.type, event)),
          onText: ({ offset, text, assignmentId }, after) =>
            send(
              frameOf(`${after}:${offset + text.length}`, 'token', {
                text,
                offset,
                assignment_id: assignmentId,
              }),
            ),
          onEnd: (task) => {
            ended.value = true;
            send(frameOf(undefined, 'end', task));
            end();
            controller.close();
          },
        });
        if (ended.value) return;
        keepAlive = setInterval(() => send(': still here\n\n'), keepAliveMs);
        c.req.raw.signal.addEventListener('abort', end, { once: true });
      },
      cancel: end,
    },
    { highWaterMark: 0, size: (chunk) => chunk?.byteLength ?? 0 },
  );
}

function frameOf(id: string | undefined, event: string, data: object): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
