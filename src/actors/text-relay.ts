import type { AssignmentId, TaskId } from '../machines/identifiers.ts';
import { limits } from '../machines/limits.ts';

/** A piece of text as it is generated. `offset` counts characters since the start of the attempt. */
export interface TextPiece {
  readonly assignmentId: AssignmentId;
  readonly offset: number;
  readonly text: string;
}

/** Measures how long an attempt takes to its first text. */
export interface FirstTexts {
  /** Milliseconds that only grow. */
  readonly monotonic: () => number;
  /** Told once for an attempt, so many ms after its lease was opened. */
  readonly onFirst: (elapsedMs: number) => void;
}

interface Attempt {
  readonly assignmentId: AssignmentId;
  readonly openedMs: number;
  readonly listeners: Set<(piece: TextPiece) => void>;
  /** The text so far, from `keptFrom` on: older text of a long answer is dropped. */
  kept: string;
  keptFrom: number;
}

/**
 * Text on its way from executions to those who follow a task. It is no fact: it is told as it comes, and what counts is
 * the output that is committed at the end. Text under a lease that has ended is dropped.
 */
export class TextRelay {
  readonly #attempts = new Map<TaskId, Attempt>();
  readonly #first: FirstTexts;

  /** @param first by default nobody wants to know */
  constructor(first: FirstTexts = { monotonic: () => 0, onFirst: () => undefined }) {
    this.#first = first;
  }

  /** A lease has begun; followers of the former attempt go on with this one. */
  open(taskId: TaskId, assignmentId: AssignmentId): void {
    const listeners = this.#attempts.get(taskId)?.listeners ?? new Set();
    const openedMs = this.#first.monotonic();
    this.#attempts.set(taskId, { assignmentId, openedMs, listeners, kept: '', keptFrom: 0 });
  }

  append(taskId: TaskId, assignmentId: AssignmentId, text: string): void {
    const attempt = this.#attempts.get(taskId);
    if (attempt?.assignmentId !== assignmentId) return;
    const piece = { assignmentId, offset: attempt.keptFrom + attempt.kept.length, text };
    if (piece.offset === 0 && text !== '') this.#first.onFirst(this.#first.monotonic() - attempt.openedMs);
    attempt.kept += text;
    // Dropped in halves, so that a long answer is not copied for each token.
    if (attempt.kept.length > 2 * limits.tokensKeptCharsMax) {
      const dropped = attempt.kept.length - limits.tokensKeptCharsMax;
      attempt.kept = attempt.kept.slice(dropped);
      attempt.keptFrom += dropped;
    }
    for (const listener of attempt.listeners) listener(piece);
  }

  /** The lease has ended. */
  close(taskId: TaskId): void {
    this.#attempts.delete(taskId);
  }

  /**
   * Hears the text of the running attempt, from `offset` on where it is kept; nothing while none runs.
   *
   * @returns ends the subscription
   */
  follow(taskId: TaskId, offset: number, listener: (piece: TextPiece) => void): () => void {
    const attempt = this.#attempts.get(taskId);
    if (attempt === undefined) return () => undefined;
    const from = Math.max(offset, attempt.keptFrom);
    const missed = attempt.kept.slice(from - attempt.keptFrom);
    if (missed !== '') listener({ assignmentId: attempt.assignmentId, offset: from, text: missed });
    attempt.listeners.add(listener);
    return () => attempt.listeners.delete(listener);
  }
}
