/** An event of a channel, as docs/websocket.md tells it. */
export interface LiveEvent {
  readonly type: 'task_update' | 'worker_update' | 'system_event';
  readonly seq: number;
  readonly timestamp: string;
  readonly task_id?: string;
  readonly worker_id?: string;
  readonly status?: string;
  readonly event?: string;
  readonly details: Readonly<Record<string, unknown>> & { readonly event?: string };
}
