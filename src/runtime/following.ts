import type { Clock } from '../actors/clock.ts';
import type { FactStream } from '../actors/fact-stream.ts';
import type { TextPiece, TextRelay } from '../actors/text-relay.ts';
import type { Store } from '../db/store.ts';
import { KoubouError } from '../machines/errors.ts';
import { isEnding } from '../machines/facts.ts';
import type { TaskId } from '../machines/identifiers.ts';
import { limits } from '../machines/limits.ts';
import { eventOfFact, eventOfRow, type StreamEvent } from './history.ts';
import { type TaskView, taskView } from './task-view.ts';

/** Where a follower left off: after this fact, and after so many characters of the attempt that ran then. */
export interface Position {
  readonly seq: number;
  readonly offset: number;
}

export interface Follower {
  readonly onEvent: (event: StreamEvent) => void;
  /** Text of the running attempt; `after` is the last fact before it. */
  readonly onText: (piece: TextPiece, after: number) => void;
  /** Nothing more will come: the task has ended. */
  readonly onEnd: (task: TaskView) => void;
}

/** What following needs of the runtime. */
export interface FollowingPorts {
  readonly store: Pick<Store, 'task' | 'hasEnded' | 'eventsOf'>;
  readonly stream: FactStream;
  readonly texts: TextRelay;
  readonly clock: Clock;
}

/** Facts read at a time; a task has a handful, one that is tried for ever has at most a few hundred. */
const eventsPerRead = 500;

/** Those who wait for the ending of a task, and those who watch it happen. */
export class Following {
  readonly #ports: FollowingPorts;
  /** Ends each wait that is under way. */
  readonly #waits = new Set<() => void>();

  constructor(ports: FollowingPorts) {
    this.#ports = ports;
  }

  /** Answers all who wait, with what the rows say now: nothing more will happen. */
  release(): void {
    for (const stop of [...this.#waits]) stop();
  }

  /**
   * Waits for the ending of a task, for at most `waitMs`. Answers what the row says then, ended or not.
   *
   * @throws KoubouError `task.unknown`, `rate.limited` when too many wait
   */
  async wait(taskId: TaskId, waitMs: number, signal?: AbortSignal): Promise<TaskView> {
    const { stream, clock, store } = this.#ports;
    this.#assertRoom();
    await new Promise<void>((resolve) => {
      const stop = () => {
        this.#waits.delete(stop);
        unsubscribe();
        clock.clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const unsubscribe = stream.subscribeTask(taskId, ({ fact }) => {
        if (isEnding(fact)) stop();
      });
      const timer = clock.setTimeout(stop, Math.min(waitMs, limits.timerMsMax));
      signal?.addEventListener('abort', stop, { once: true });
      this.#waits.add(stop);
      if (signal?.aborted === true || store.hasEnded(taskId)) stop();
    });
    const ended = store.task(taskId);
    if (ended === undefined) throw unknownTask(taskId);
    return taskView(ended, this.#ports.clock.now());
  }

  /**
   * Tells a follower what has happened to a task since `since`, and then what happens, facts and text, without gaps and
   * without repeats.
   *
   * @returns ends it
   * @throws KoubouError `task.unknown`, `rate.limited` when too many follow
   */
  follow(taskId: TaskId, since: Position, follower: Follower): () => void {
    const { store, stream } = this.#ports;
    const row = store.task(taskId);
    if (row === undefined) throw unknownTask(taskId);
    this.#assertRoom();
    let last = since.seq;
    for (const event of this.#recorded(taskId, since.seq)) {
      last = event.seq;
      follower.onEvent(event);
    }
    if (row.endedAt !== null) {
      follower.onEnd(taskView(row, this.#ports.clock.now()));
      return () => undefined;
    }
    let endText = this.#followText(taskId, last === since.seq ? since.offset : 0, follower, () => last);
    const endFacts = stream.subscribeTask(taskId, (committed) => {
      if (committed.seq > last) {
        last = committed.seq;
        follower.onEvent(eventOfFact(committed));
      }
      if (committed.fact.type === 'task.assigned') {
        endText();
        endText = this.#followText(taskId, 0, follower, () => last);
      }
      if (isEnding(committed.fact)) {
        stop();
        const ended = store.task(taskId);
        if (ended !== undefined) follower.onEnd(taskView(ended, this.#ports.clock.now()));
      }
    });
    const stop = () => {
      endText();
      endFacts();
    };
    return stop;
  }

  #followText(taskId: TaskId, offset: number, follower: Follower, after: () => number): () => void {
    return this.#ports.texts.follow(taskId, offset, (piece) => follower.onText(piece, after()));
  }

  *#recorded(taskId: TaskId, afterSeq: number): Generator<StreamEvent> {
    let last = afterSeq;
    for (;;) {
      const rows = this.#ports.store.eventsOf(taskId, last, eventsPerRead);
      for (const row of rows) {
        last = row.seq;
        yield eventOfRow(row);
      }
      if (rows.length < eventsPerRead) return;
    }
  }

  #assertRoom(): void {
    if (this.#ports.stream.followers < limits.watchersMax) return;
    throw new KoubouError('rate.limited', 'too many requests wait for tasks; ask for the status instead', {
      retryAfterMs: 5_000,
    });
  }
}

export function unknownTask(taskId: string): KoubouError {
  const message = `there is no task ${taskId}; one that ended long ago may have been deleted (retention in koubou.yaml)`;
  return new KoubouError('task.unknown', message, { details: { task_id: taskId } });
}
