import { KoubouError } from '../../machines/errors.ts';
import { parseTaskId } from '../../machines/identifiers.ts';
import { limits } from '../../machines/limits.ts';
import type { Position } from '../../runtime/following.ts';
import type { Runtime } from '../../runtime.ts';
import { taskUpdate } from './event-frames.ts';
import type { Outbox } from './outbox.ts';

export interface TaskFeedOptions {
  /** Where the watcher left off. */
  readonly since: Position;
  /** Whether the text is told as it is generated, too. */
  readonly withText: boolean;
}

/** The single tasks that one watcher follows, until they end. */
export class TaskFeed {
  readonly #runtime: Pick<Runtime, 'follow' | 'task'>;
  readonly #outbox: Outbox;
  readonly #stops = new Map<string, () => void>();

  constructor(runtime: Pick<Runtime, 'follow' | 'task'>, outbox: Outbox) {
    this.#runtime = runtime;
    this.#outbox = outbox;
  }

  /**
   * Begins, or begins anew. The text of the attempt that runs is told from where the watcher left off, and of any other
   * from its beginning on.
   *
   * @param onBegin called before anything is told, when nothing can refuse it any more but the crowd
   * @throws KoubouError `task.unknown`, `rate.limited` when too many are followed
   */
  follow(id: string, { since, withText }: TaskFeedOptions, onBegin: () => void): void {
    const taskId = parseTaskId(id);
    if (taskId === undefined) throw new KoubouError('task.unknown', 'there is no such task');
    this.unfollow(id);
    if (this.#stops.size >= limits.taskWatchesMax) {
      const message = `one connection follows ${limits.taskWatchesMax} tasks at most; subscribe to all of them`;
      throw new KoubouError('rate.limited', message);
    }
    this.#runtime.task(taskId);
    onBegin();
    const outbox = this.#outbox;
    const life = { hasEnded: false };
    const stop = this.#runtime.follow(taskId, since, {
      onEvent: (event) => outbox.say(taskUpdate(event)),
      onText: ({ offset, text, assignmentId }, seq) => {
        if (!withText) return;
        outbox.say({ type: 'task_text', task_id: id, text, offset, assignment_id: assignmentId, seq });
      },
      onEnd: (task) => {
        life.hasEnded = true;
        this.#stops.delete(id);
        outbox.say({ type: 'task_ended', task_id: id, status: task.status, details: task });
      },
    });
    if (!life.hasEnded) this.#stops.set(id, stop);
  }

  unfollow(id: string): void {
    this.#stops.get(id)?.();
    this.#stops.delete(id);
  }

  end(): void {
    for (const id of [...this.#stops.keys()]) this.unfollow(id);
  }
}
