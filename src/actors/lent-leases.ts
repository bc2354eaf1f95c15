import type { AssignmentId, TaskId } from '../machines/identifiers.ts';
import { limits } from '../machines/limits.ts';
import { linkLimits } from '../machines/link-limits.ts';
import type { RequestKind } from '../machines/model-request.ts';
import { type Failure, failed, type Outcome, retry } from '../machines/outcome.ts';
import type { Clock } from './clock.ts';
import type { Job, JobIo } from './execution.ts';
import { announcedKinds } from './wire-requests.ts';
import { outcomeOf, wireJobOf } from './wire-values.ts';
import {
  type FrameToPool,
  type FrameToWorker,
  type Hello,
  type Welcome,
  wireJob,
} from './worker-protocol.ts';

type TextFrame = FrameToPool & { readonly type: 'text' };
type SettledFrame = FrameToPool & { readonly type: 'settled' };

export interface LentPorts {
  readonly clock: Clock;
  /** Sends a frame where the link stands, and says whether it does. */
  readonly send: (frame: FrameToWorker) => boolean;
  /** A result under a lease that nobody waits for any more. */
  readonly late: (taskId: TaskId, assignmentId: AssignmentId, outcome: Outcome) => void;
}

/** A job that was handed over, seen from the pool. */
interface Lent {
  readonly job: Job;
  readonly tell: (text: string) => void;
  readonly settle: (outcome: Outcome) => void;
  /** Characters of its text that were told. */
  received: number;
  /** Beats in a row that did not carry it. */
  misses: number;
  /** A part of its text is missing, and was asked for. */
  isAsked: boolean;
  /** `sent`: the worker may have it. Otherwise the timer that ends its wait for a link. */
  way: 'sent' | { readonly patience: unknown };
}

/** Beats of the worker that must lack a lease before it is given up: one may have crossed the `run` on its way. */
const missesMax = 2;

/**
 * The leases that one joined worker holds, as the pool sees them. It outlives connections: what the worker still holds
 * when it comes back goes on where it was, what it has lost is released.
 */
export class LentLeases {
  readonly #ports: LentPorts;
  readonly #lent = new Map<AssignmentId, Lent>();
  /** Results that were taken in: `counted` once they are on disk. The worker keeps a result until it hears so. */
  readonly #results = new Map<AssignmentId, 'taken' | 'counted'>();

  /** What the worker takes beside plain prompts. */
  #kinds: ReadonlySet<RequestKind> = new Set(announcedKinds);

  constructor(ports: LentPorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#lent.size;
  }

  /** Hands a job over; it waits a little for a link that was cut. */
  run(job: Job, { signal, onText }: JobIo): Promise<Outcome> {
    const { assignmentId } = job;
    if (signal.aborted) return Promise.resolve({ kind: 'cancelled' });
    return new Promise((resolve) => {
      const onAbort = () => this.#stop(assignmentId, { kind: 'cancelled' });
      const settle = (outcome: Outcome) => {
        signal.removeEventListener('abort', onAbort);
        resolve(outcome);
      };
      const patience = this.#ports.clock.setTimeout(
        () =>
          this.#end(assignmentId, retry('backend.unreachable', 'the worker is not connected at this moment')),
        linkLimits.cutGraceMs,
      );
      const lent = { job, tell: onText, settle, received: 0, misses: 0, isAsked: false, way: { patience } };
      this.#lent.set(assignmentId, lent);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#send(lent);
    });
  }

  /** What becomes of the leases when the worker has come, or come back. */
  greet({ held, done, requests = [] }: Hello): Pick<Welcome, 'resume' | 'drop'> {
    this.#kinds = new Set<RequestKind>(requests);
    const isThere = new Set([...held, ...done].map(({ assignment_id }) => assignment_id));
    for (const [assignmentId, lent] of this.#lent) {
      lent.isAsked = false;
      lent.misses = 0;
      if (lent.way === 'sent' && !isThere.has(assignmentId)) {
        this.#end(assignmentId, released('the worker came back without the task'));
      }
    }
    this.#forgetResults(isThere);
    const resume = [...this.#lent]
      .filter(([assignmentId]) => isThere.has(assignmentId))
      .map(([assignment_id, { received }]) => ({ assignment_id, offset: received }));
    const drop = held.map(({ assignment_id }) => assignment_id).filter((id) => !this.#lent.has(id));
    return { resume, drop };
  }

  /** The welcome is on its way: what waited for the link follows it. */
  catchUp(): void {
    for (const [assignmentId, state] of this.#results) {
      if (state === 'counted') this.#ports.send({ type: 'ack', assignment_id: assignmentId });
    }
    for (const lent of [...this.#lent.values()]) this.#send(lent);
  }

  /** A beat says what the worker holds: a lease that it does not hold is over. */
  beat(carried: readonly AssignmentId[]): void {
    const isThere = new Set(carried);
    for (const [assignmentId, lent] of [...this.#lent]) {
      lent.misses = lent.way !== 'sent' || isThere.has(assignmentId) ? 0 : lent.misses + 1;
      if (lent.misses >= missesMax) this.#stop(assignmentId, released('the worker does not hold the task'));
    }
    for (const assignmentId of isThere) {
      if (!this.#lent.has(assignmentId) && !this.#results.has(assignmentId)) this.#tellStop(assignmentId);
    }
    this.#forgetResults(isThere);
  }

  /** Passes on what is new of a text: a part that came twice is told once. */
  text({ assignment_id, offset, text }: TextFrame): void {
    const lent = this.#lent.get(assignment_id);
    if (lent === undefined) return;
    lent.misses = 0;
    if (offset > lent.received) {
      if (!lent.isAsked) this.#ports.send({ type: 'resume', assignment_id, offset: lent.received });
      lent.isAsked = true;
      return;
    }
    const news = text.slice(lent.received - offset);
    if (news === '') return;
    lent.isAsked = false;
    lent.received += news.length;
    if (lent.received > limits.outputBytesMax) {
      const mib = limits.outputBytesMax / (1_024 * 1_024);
      this.#stop(
        assignment_id,
        failed('execution.too_large', `the worker wrote more than ${mib} MiB of text and was stopped`),
      );
      return;
    }
    lent.tell(news);
  }

  /** Takes a result in, once; each further time it comes, and when it comes too late, it has no effect. */
  settled({ assignment_id, task_id, outcome: wire }: SettledFrame): void {
    const outcome = outcomeOf(wire);
    const lent = this.#lent.get(assignment_id);
    if (lent !== undefined && lent.job.taskId === task_id) {
      this.#results.set(assignment_id, 'taken');
      this.#end(assignment_id, outcome);
      return;
    }
    const known = this.#results.get(assignment_id);
    if (known === 'taken') return;
    if (known === undefined && outcome.kind !== 'cancelled') {
      this.#ports.late(task_id, assignment_id, outcome);
    }
    this.#ports.send({ type: 'ack', assignment_id });
  }

  /** What became of a lease is on disk: the worker may forget its result. */
  acknowledge(assignmentId: AssignmentId): void {
    if (this.#results.get(assignmentId) !== 'taken') return;
    this.#results.set(assignmentId, 'counted');
    this.#ports.send({ type: 'ack', assignment_id: assignmentId });
  }

  /** Nobody will run them any more. */
  releaseAll(why: string): void {
    for (const assignmentId of [...this.#lent.keys()]) this.#stop(assignmentId, released(why));
  }

  #send(lent: Lent): void {
    if (lent.way === 'sent') return;
    const { patience } = lent.way;
    const { request, assignmentId } = lent.job;
    if (request !== null && !this.#kinds.has(request.kind)) {
      // The pool has chosen it for what it was before it came back.
      this.#end(assignmentId, released('the worker takes no requests of this kind'));
      return;
    }
    const frame: FrameToWorker = { type: 'run', job: wireJobOf(lent.job) };
    const isTooLarge = Buffer.byteLength(JSON.stringify(frame)) > linkLimits.frameToWorkerBytesMax;
    if (isTooLarge || !wireJob.safeParse(frame.job).success) {
      this.#end(
        assignmentId,
        failed('input.refused', 'the task is larger than what a joined worker can be sent'),
      );
    } else if (this.#ports.send(frame)) {
      this.#ports.clock.clearTimeout(patience);
      lent.way = 'sent';
    }
  }

  #stop(assignmentId: AssignmentId, outcome: Outcome): void {
    const lent = this.#lent.get(assignmentId);
    if (lent?.way === 'sent') this.#tellStop(assignmentId);
    this.#end(assignmentId, outcome);
  }

  #tellStop(assignmentId: AssignmentId): void {
    this.#ports.send({ type: 'stop', assignment_id: assignmentId });
  }

  #end(assignmentId: AssignmentId, outcome: Outcome): void {
    const lent = this.#lent.get(assignmentId);
    if (lent === undefined) return;
    this.#lent.delete(assignmentId);
    if (lent.way !== 'sent') this.#ports.clock.clearTimeout(lent.way.patience);
    lent.settle(outcome);
  }

  /** A result that the worker does not speak of any more was acknowledged: it has heard so. */
  #forgetResults(isThere: ReadonlySet<AssignmentId>): void {
    for (const [assignmentId, state] of this.#results) {
      if (state === 'counted' && !isThere.has(assignmentId)) this.#results.delete(assignmentId);
    }
  }
}

function released(message: string): Outcome {
  const failure: Failure = { code: 'worker.lost', message };
  return { kind: 'released', failure };
}
