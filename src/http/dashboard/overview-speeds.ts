import { signal } from '@preact/signals';
import { estimateTokens } from '../../machines/token-estimate.ts';
import { keepSaying, type LiveMessage, onMessage } from './live-connection.ts';

/** Tasks whose text is followed at once: more lanes than fit a screen would only cost. */
const followedMax = 24;
/** Over which a speed is measured, in ms. */
const windowMs = 5_000;
const showMs = 500;

interface Followed {
  readonly stop: () => void;
  /** Tokens, by when they came. */
  readonly pieces: { readonly atMs: number; readonly tokens: number }[];
  /** The first piece holds what was written before anybody looked. */
  hasBegun: boolean;
}

const followed = new Map<string, Followed>();

/** Tokens a second by task, as they are estimated from the text. */
export const speeds = signal<ReadonlyMap<string, number>>(new Map());

onMessage('task_text', ({ task_id, text }: LiveMessage) => {
  const task = followed.get(task_id);
  if (task === undefined) return;
  if (task.hasBegun) task.pieces.push({ atMs: performance.now(), tokens: estimateTokens(String(text)) });
  task.hasBegun = true;
});
onMessage('task_ended', ({ task_id }: LiveMessage) => unfollow(task_id));

/** Follows the text of these tasks, and of no others. */
export function followText(taskIds: readonly string[]): void {
  const wanted = new Set(taskIds.slice(0, followedMax));
  for (const id of followed.keys()) if (!wanted.has(id)) unfollow(id);
  for (const id of wanted) if (!followed.has(id)) follow(id);
}

/** Shows the speeds from now on. @returns ends it, and follows nothing any more */
export function showSpeeds(): () => void {
  const timer = setInterval(() => {
    const sinceMs = performance.now() - windowMs;
    const next = new Map<string, number>();
    for (const [id, { pieces }] of followed) {
      while (pieces[0] !== undefined && pieces[0].atMs < sinceMs) pieces.shift();
      const first = pieces[0];
      if (first === undefined) continue;
      const overMs = Math.max(1_000, performance.now() - first.atMs);
      next.set(id, (pieces.reduce((sum, { tokens }) => sum + tokens, 0) * 1_000) / overMs);
    }
    if (next.size > 0 || speeds.peek().size > 0) speeds.value = next;
  }, showMs);
  return () => {
    clearInterval(timer);
    followText([]);
  };
}

function follow(id: string): void {
  const ofTask = { channel: 'task', task_id: id };
  const stop = keepSaying(`speed ${id}`, () => ({ command: 'subscribe', ...ofTask, tokens: true }), {
    command: 'unsubscribe',
    ...ofTask,
  });
  followed.set(id, { stop, pieces: [], hasBegun: false });
}

function unfollow(id: string): void {
  followed.get(id)?.stop();
  followed.delete(id);
}
