import type { ServerContext } from '@modelcontextprotocol/server';
import type { TaskId } from '../../machines/identifiers.ts';
import { mcpLimits } from '../../machines/mcp-limits.ts';
import type { TaskView } from '../../runtime/task-view.ts';
import type { McpPorts } from './mcp-ports.ts';

/**
 * Waits for the ending of a task, for at most `waitMs`, and tells meanwhile how it goes, if that is wanted. A request that
 * is cancelled, or whose connection closes, ends the wait; the task goes on.
 *
 * @throws KoubouError `task.unknown`, `rate.limited`
 */
export async function waitForTask(
  ports: McpPorts,
  taskId: TaskId,
  waitMs: number,
  ctx: ServerContext,
): Promise<TaskView> {
  const stop = tellProgress(ports, taskId, ctx);
  try {
    return await ports.runtime.wait(taskId, waitMs, ctx.mcpReq.signal);
  } finally {
    stop();
  }
}

/** @returns ends it */
function tellProgress({ runtime, clock }: McpPorts, taskId: TaskId, ctx: ServerContext): () => void {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return () => undefined;
  const begunMs = clock.monotonic();
  let characters = 0;
  let told = { ms: Number.NEGATIVE_INFINITY, progress: -1 };
  let timer: unknown;
  let dueMs = Number.POSITIVE_INFINITY;

  const stop = () => {
    clock.clearTimeout(timer);
    dueMs = Number.NEGATIVE_INFINITY;
    unfollow();
  };
  const tellWithin = (delayMs: number) => {
    const nowMs = clock.monotonic();
    const wantedMs = Math.max(nowMs + delayMs, told.ms + mcpLimits.progressGapMs);
    if (wantedMs >= dueMs) return;
    clock.clearTimeout(timer);
    dueMs = wantedMs;
    timer = clock.setTimeout(tell, wantedMs - nowMs);
  };
  const tell = () => {
    const task = look();
    if (task === undefined) return stop();
    const nowMs = clock.monotonic();
    // It must grow from one to the next, and time does.
    const progress = Math.max(Math.round(nowMs - begunMs) / 1_000, told.progress + 0.001);
    const leftSeconds = task.prediction?.in_seconds.finish_p50 ?? null;
    const total = leftSeconds === null ? {} : { total: progress + leftSeconds };
    told = { ms: nowMs, progress };
    dueMs = Number.POSITIVE_INFINITY;
    tellWithin(mcpLimits.progressIntervalMs);
    const message = progressOf(task, characters);
    const params = { progressToken, progress, ...total, message };
    ctx.mcpReq.notify({ method: 'notifications/progress', params }).catch(stop);
  };
  /** Nobody hears what goes wrong here; the wait tells it. */
  const look = () => {
    try {
      return runtime.task(taskId);
    } catch {
      return undefined;
    }
  };

  let unfollow = () => {};
  unfollow = runtime.follow(
    taskId,
    { seq: 0, offset: 0 },
    {
      onEvent: ({ type }) => {
        // Each attempt writes its answer from the beginning.
        if (type === 'task.assigned') characters = 0;
        tellWithin(0);
      },
      onText: ({ offset, text }) => {
        characters = offset + text.length;
        tellWithin(0);
      },
      onEnd: () => stop(),
    },
  );
  return stop;
}

/** How a task goes, in a sentence: its place in the queue, what it has written, when it is expected to end. */
export function progressOf(task: TaskView, characters = 0): string {
  const { state, run_at, worker_id, prediction } = task;
  const expected = prediction === null ? '' : expectation(prediction.in_seconds.finish_p50);
  switch (state) {
    case 'queued': {
      const place = prediction?.place ?? null;
      return `waits for a worker${place === null ? '' : `, at place ${place} of the queue`}${expected}`;
    }
    case 'scheduled':
      return `starts at ${run_at ?? 'its time'}${expected}`;
    case 'backing_off':
      return `tries again at ${run_at ?? 'its time'} after ${task.failures} failed ${task.failures === 1 ? 'attempt' : 'attempts'}${expected}`;
    case 'running':
      return `runs on ${worker_id ?? 'a worker'}, ${characters} characters so far${expected}`;
    default:
      return state;
  }
}

function expectation(finishSeconds: number | null): string {
  return finishSeconds === null ? '' : `; expected to finish in ${spanOf(finishSeconds)}`;
}

function spanOf(seconds: number): string {
  if (seconds < 1) return 'a moment';
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
