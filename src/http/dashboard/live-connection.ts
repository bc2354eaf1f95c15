import { signal } from '@preact/signals';
import { doors } from './doors.ts';
import type { LiveEvent } from './live-event.ts';

export type LiveState = 'connecting' | 'live' | 'lost';

// biome-ignore lint/suspicious/noExplicitAny: a message as it came: of any shape until it is looked at
export type LiveMessage = any;

/** Whether what is shown follows the server at this moment. */
export const liveState = signal<LiveState>('connecting');
/** How many events the last return to the server brought. */
export const caughtUp = signal(0);

const channels = ['task', 'worker', 'system'] as const;
const retryMsMin = 250;
const retryMsMax = 5_000;

const listeners = new Set<(events: readonly LiveEvent[]) => void>();
const messageListeners = new Map<string, Set<(message: LiveMessage) => void>>();
/** Commands that hold until they are taken back: said again after each return. */
const standing = new Map<string, () => object>();

let socket: WebSocket | undefined;
let after: number | undefined;
let retryMs = retryMsMin;

/**
 * The one connection of the page. It comes back by itself and resumes behind the last event that it heard, so that
 * listeners miss nothing and hear nothing twice.
 */
export function connect(): void {
  const ws = new WebSocket(doors().websocket);
  socket = ws;
  ws.addEventListener('message', ({ data }) => hear(JSON.parse(String(data))));
  ws.addEventListener('close', () => {
    if (socket !== ws) return;
    liveState.value = 'lost';
    setTimeout(connect, retryMs);
    retryMs = Math.min(2 * retryMs, retryMsMax);
  });
}

/** Hears all events of all channels, in batches. @returns ends it */
export function onEvents(listener: (events: readonly LiveEvent[]) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Hears all messages of a type. @returns ends it */
export function onMessage(type: string, listener: (message: LiveMessage) => void): () => void {
  const those = messageListeners.get(type) ?? new Set();
  messageListeners.set(type, those);
  those.add(listener);
  return () => those.delete(listener);
}

/** Says something now, if there is a connection. */
export function say(command: object): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(command));
}

/**
 * Says something now and after each return, until it is taken back.
 *
 * @param command called each time, so that it can say where to go on
 * @param farewell said when it is taken back
 */
export function keepSaying(name: string, command: () => object, farewell?: object): () => void {
  standing.set(name, command);
  say(command());
  return () => {
    standing.delete(name);
    if (farewell !== undefined) say(farewell);
  };
}

function hear(message: LiveMessage): void {
  for (const listener of messageListeners.get(message.type) ?? []) listener(message);
  switch (message.type) {
    case 'initial_state':
      begin(message.seq);
      return;
    case 'batch':
      tell(message.events);
      return;
    case 'task_update':
    case 'worker_update':
    case 'system_event':
      // Those of a single task come apart from the channel of all, and have a listener of their own.
      return;
    case 'error':
      // The database is another one than before: begin anew with it.
      if (String(message.message).startsWith('since:')) location.reload();
  }
}

function begin(seq: number): void {
  const isReturn = after !== undefined;
  caughtUp.value = 0;
  for (const channel of channels) say({ command: 'subscribe', channel, batch: true, since: after ?? seq });
  if (isReturn) caughtUp.value = Math.max(0, seq - (after ?? seq));
  after ??= seq;
  for (const command of standing.values()) say(command());
  liveState.value = 'live';
  retryMs = retryMsMin;
}

function tell(events: readonly LiveEvent[]): void {
  after = Math.max(after ?? 0, events.at(-1)?.seq ?? 0);
  for (const listener of listeners) listener(events);
}
