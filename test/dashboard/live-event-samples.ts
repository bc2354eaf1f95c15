import type { LiveEvent } from '../../src/http/dashboard/live-event.ts';

export const startMs = Date.UTC(2026, 10, 22, 10);

/** A fact of a task as its channel tells it, `afterMs` after the start. */
export function taskEvent(
  seq: number,
  event: string,
  taskId: string,
  {
    afterMs = 0,
    status = 'pending',
    ...details
  }: Record<string, unknown> & {
    readonly afterMs?: number;
    readonly status?: string;
  } = {},
): LiveEvent {
  return {
    type: 'task_update',
    seq,
    timestamp: new Date(startMs + afterMs).toISOString(),
    task_id: taskId,
    status,
    details: { event, ...details },
  };
}
