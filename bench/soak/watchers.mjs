import { WebSocket } from 'ws';
import { rest } from './flaky-backends.mjs';

/** Watchers that come and go, and how long one stays, in ms. */
const passers = 8;
const stayMs = 3_000;
const endings = new Set(['task.completed', 'task.failed', 'task.cancelled']);

/**
 * Tells of every task that has ended, through cuts too: it asks for what happened since the last that it heard of.
 *
 * @param {string} url
 * @param {(taskId: string) => void} onEnded
 * @param {AbortSignal} signal
 */
export async function followEndings(url, onEnded, signal) {
  let since;
  const hear = (message) => {
    if (message.type === 'batch') for (const event of message.events) hear(event);
    if (message.seq !== undefined) since = message.seq;
    if (message.type === 'task_update' && endings.has(message.details?.event)) onEnded(message.task_id);
  };
  while (!signal.aborted) {
    await session(url, { since, hear, signal });
    await rest(200, signal);
  }
}

/** One connection, until it ends. */
function session(url, { since, hear, signal, ms }) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    const leave = () => socket.terminate();
    signal.addEventListener('abort', leave, { once: true });
    const timer = ms === undefined ? undefined : setTimeout(leave, ms);
    let isAsked = false;
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (!isAsked) {
        isAsked = true;
        const from = since ?? message.seq;
        socket.send(JSON.stringify({ command: 'subscribe', channel: 'task', batch: true, since: from }));
      }
      // Before it is answered, what is told is not of the channel.
      if (message.type === 'batch' || message.type === 'task_update') hear?.(message);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
      resolve();
    });
  });
}

/** Watchers that connect, watch a little, and are gone without a word. @param {string} url @param {AbortSignal} signal */
export async function comeAndGo(url, signal) {
  let sessions = 0;
  const passer = async () => {
    while (!signal.aborted) {
      await session(url, { signal, ms: stayMs * (0.5 + Math.random()) });
      sessions += 1;
      await rest(100, signal);
    }
  };
  await Promise.all(Array.from({ length: passers }, passer));
  return sessions;
}
