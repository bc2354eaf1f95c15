import { setTimeout as pause } from 'node:timers/promises';
import type { StreamEvent } from '../runtime/history.ts';
import type { TaskView } from '../runtime/task-view.ts';
import type { Messages } from './messages.ts';
import { Refusal, type RestClient, Unreachable } from './rest-client.ts';
import type { ServerEvent } from './sse-reader.ts';

/** What a follower is told. */
export interface FollowerEvents {
  /** Every event as it came, for machines. */
  readonly onRaw?: (event: ServerEvent) => void;
  readonly onFact?: (fact: StreamEvent) => void;
  /** Text of the running attempt; `offset` is 0 where an attempt begins (anew). */
  readonly onText?: (text: string, offset: number) => void;
  /** The connection was lost and is tried again. */
  readonly onLost?: () => void;
}

/** How long a lost server is waited for: long enough for a restart. In ms. */
const patienceMs = 60_000;
const pauseMs = 500;

/**
 * Follows a task to its end, over lost connections and a restart of the server, and answers the task as it ended.
 *
 * @throws Refusal, Unreachable when the server stays away
 */
export async function followTask(
  client: RestClient,
  messages: Messages,
  taskId: string,
  { onRaw, onFact, onText, onLost }: FollowerEvents,
): Promise<TaskView> {
  let lastId: string | null = null;
  let lostAtMs: number | undefined;
  for (;;) {
    try {
      for await (const event of client.events(taskId, lastId)) {
        lostAtMs = undefined;
        onRaw?.(event);
        lastId = event.id ?? lastId;
        if (event.event === 'end') return JSON.parse(event.data) as TaskView;
        if (event.event === 'token') {
          const { text, offset } = JSON.parse(event.data) as { text: string; offset: number };
          onText?.(text, offset);
        } else {
          onFact?.(JSON.parse(event.data) as StreamEvent);
        }
      }
    } catch (error) {
      if (!isPassing(error) || (lostAtMs !== undefined && performance.now() - lostAtMs > patienceMs)) {
        throw error instanceof Unreachable
          ? new Unreachable(messages.talk.lostWhileFollowing(error.message, taskId), error.reason, {
              cause: error,
            })
          : error;
      }
    }
    lostAtMs ??= performance.now();
    onLost?.();
    await pause(pauseMs);
  }
}

/** A server that restarts is away for a while, or says that it is. One that was never there is told at once, elsewhere. */
function isPassing(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof Refusal && [429, 503].includes(error.status));
}
