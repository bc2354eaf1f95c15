import type { AssignmentId, TaskId } from '../machines/identifiers.ts';
import { limits } from '../machines/limits.ts';
import { linkLimits } from '../machines/link-limits.ts';
import { failed, type Outcome, retry } from '../machines/outcome.ts';
import type { Clock } from './clock.ts';
import type { Backend, Job } from './execution.ts';
import { wireOutcomeOf } from './wire-values.ts';
import type { FrameToPool, Hello, Welcome, WireOutcome } from './worker-protocol.ts';

export interface HeldPorts {
  readonly clock: Clock;
  readonly backend: Backend;
  readonly slots: number;
  /** Something is to be sent, or was forgotten. */
  readonly onNews: () => void;
  /** A bug of the backend. */
  readonly onFault: (error: unknown) => void;
}

interface Held {
  readonly taskId: TaskId;
  readonly assignmentId: AssignmentId;
  readonly abort: AbortController;
  /** Ends a job whose pool has not come back to end it. */
  deadline: unknown;
  /** All text of the attempt, until its result is acknowledged: any part of it may be asked for again. */
  text: string;
  textBytes: number;
  /** Characters of it that this connection has carried, or needs not to. */
  sent: number;
  result: { readonly outcome: WireOutcome; isSent: boolean } | undefined;
}

/** The pool ends an attempt at its deadline; a worker that is cut off from it does so a little later by itself. */
const deadlineGraceMs = 10_000;

/**
 * The tasks in the hands of a worker, whatever becomes of the connection to its pool: what was generated, how much of it
 * the pool has, and results until the pool has them on disk.
 */
export class HeldLeases {
  readonly #ports: HeldPorts;
  readonly #held = new Map<AssignmentId, Held>();
  #state: 'taking' | 'leaving' = 'taking';

  constructor(ports: HeldPorts) {
    this.#ports = ports;
  }

  /** Leases that run, and those whose results are not acknowledged. */
  get size(): number {
    return this.#held.size;
  }

  /** All of them, for a beat. */
  get ids(): AssignmentId[] {
    return [...this.#held.keys()];
  }

  /** For a hello. */
  get summary(): Pick<Hello, 'held' | 'done'> {
    const named = ({ assignmentId, taskId }: Held) => ({ assignment_id: assignmentId, task_id: taskId });
    const all = [...this.#held.values()];
    return {
      held: all.filter(({ result }) => result === undefined).map(named),
      done: all.filter(({ result }) => result !== undefined).map(named),
    };
  }

  /** Begins a job. The same one twice is the same one. */
  take(job: Job): void {
    if (this.#held.has(job.assignmentId)) return;
    const running = [...this.#held.values()].filter(
      ({ result, abort }) => result === undefined && !abort.signal.aborted,
    ).length;
    const { taskId, assignmentId } = job;
    const held: Held = {
      taskId,
      assignmentId,
      abort: new AbortController(),
      deadline: undefined,
      text: '',
      textBytes: 0,
      sent: 0,
      result: undefined,
    };
    this.#held.set(assignmentId, held);
    if (this.#state === 'leaving') this.#settle(held, released('the worker is stopping'));
    else if (running >= this.#ports.slots) {
      this.#settle(held, retry('backend.busy', 'the worker was handed more than it has slots for'));
    } else this.#begin(held, job);
  }

  /** The lease has ended otherwise: what it still brings has no effect, but the pool hears of it. */
  stop(assignmentId: AssignmentId): void {
    const held = this.#held.get(assignmentId);
    if (held?.result === undefined) held?.abort.abort();
  }

  /** The pool has the result, and knows it on disk. */
  acknowledge(assignmentId: AssignmentId): void {
    if (this.#held.get(assignmentId)?.result === undefined) return;
    this.#held.delete(assignmentId);
    this.#ports.onNews();
  }

  /** A new connection: what the pool has of each text, and what it does not know. All results are sent again. */
  reconcile({ resume, drop }: Pick<Welcome, 'resume' | 'drop'>): void {
    for (const held of this.#held.values()) {
      held.sent = held.text.length;
      if (held.result !== undefined) held.result.isSent = false;
    }
    for (const { assignment_id, offset } of resume) this.resume(assignment_id, offset);
    for (const assignmentId of drop) {
      const held = this.#held.get(assignmentId);
      // A result that has come meanwhile is sent like any other.
      if (held === undefined || held.result !== undefined) continue;
      this.#forget(held);
    }
  }

  /** The pool has so many characters; it gets the others. */
  resume(assignmentId: AssignmentId, offset: number): void {
    const held = this.#held.get(assignmentId);
    if (held === undefined) return;
    held.sent = Math.min(offset, held.text.length);
    if (held.result !== undefined) held.result.isSent = false;
  }

  /** What is to be said next of the leases; it counts as sent. The text of a lease comes before its result. */
  nextFrame(): FrameToPool | undefined {
    for (const held of this.#held.values()) {
      const frame = nextTextOf(held) ?? nextResultOf(held);
      if (frame !== undefined) return frame;
    }
    return undefined;
  }

  /** Takes nothing more. */
  leave(): void {
    this.#state = 'leaving';
  }

  /** Ends all that runs without a verdict: the pool gives it to others. */
  releaseAll(): void {
    this.leave();
    for (const held of this.#held.values()) {
      if (held.result === undefined) this.#settle(held, released('the worker was stopped'));
      held.abort.abort();
    }
  }

  #begin(held: Held, job: Job): void {
    const { clock, backend } = this.#ports;
    const onText = (text: string) => this.#append(held, text);
    const run = async () => backend(job, { signal: held.abort.signal, onText });
    held.deadline = clock.setTimeout(
      () => held.abort.abort(),
      Math.min(job.deadlineMs + deadlineGraceMs, limits.timerMsMax),
    );
    run().then(
      (outcome) => this.#settle(held, outcome),
      (error: unknown) => {
        this.#ports.onFault(error);
        this.#settle(held, retry('execution.crashed', 'the backend crashed; the worker has said why'));
      },
    );
  }

  #append(held: Held, text: string): void {
    if (held.result !== undefined) return;
    held.textBytes += Buffer.byteLength(text);
    if (held.textBytes > limits.outputBytesMax) {
      const mib = limits.outputBytesMax / (1_024 * 1_024);
      this.#settle(held, failed('execution.too_large', `more than ${mib} MiB of text were written`));
      held.abort.abort();
      return;
    }
    held.text += text;
    this.#ports.onNews();
  }

  /** The first ending counts; of a lease that was forgotten none does. */
  #settle(held: Held, outcome: Outcome): void {
    this.#ports.clock.clearTimeout(held.deadline);
    if (held.result !== undefined || this.#held.get(held.assignmentId) !== held) return;
    held.result = { outcome: wireOutcomeOf(outcome), isSent: false };
    this.#ports.onNews();
  }

  #forget(held: Held): void {
    this.#held.delete(held.assignmentId);
    this.#ports.clock.clearTimeout(held.deadline);
    held.abort.abort();
    this.#ports.onNews();
  }
}

function nextTextOf(held: Held): FrameToPool | undefined {
  const { assignmentId, text, sent } = held;
  if (sent >= text.length) return undefined;
  let end = Math.min(sent + linkLimits.textFrameCharsMax, text.length);
  if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end -= 1;
  held.sent = end;
  return { type: 'text', assignment_id: assignmentId, offset: sent, text: text.slice(sent, end) };
}

function nextResultOf({ assignmentId, taskId, result }: Held): FrameToPool | undefined {
  if (result === undefined || result.isSent) return undefined;
  result.isSent = true;
  return { type: 'settled', assignment_id: assignmentId, task_id: taskId, outcome: result.outcome };
}

/** The first half of a character that takes two, such as an emoji: other languages could not read it alone. */
function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function released(message: string): Outcome {
  return { kind: 'released', failure: { code: 'worker.lost', message } };
}
