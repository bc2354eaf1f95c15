import { fromCallback } from 'xstate';
import type { AssignmentId, TaskId, WorkerId } from '../machines/identifiers.ts';
import { failed, type Outcome, retry } from '../machines/outcome.ts';
import type { ExecutionCommand, ExecutionInput } from '../machines/worker-events.ts';
import type { ExecutionReport } from '../machines/worker-reports.ts';
import type { Clock } from './clock.ts';
import type { Backend, Job } from './execution.ts';
import type { Random } from './random.ts';

/** What executions need of their host. */
export interface ExecutionPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly backendOf: (worker: WorkerId) => Backend;
  /** The job of a lease, from its row; `undefined` when the row does not hold it any more. */
  readonly jobOf: (input: ExecutionInput) => Job | undefined;
  /** Text as it is generated, for those who follow the task. */
  readonly onText: (taskId: TaskId, assignmentId: AssignmentId, text: string) => void;
  /** A bug of a backend, for the log. */
  readonly onFault: (error: unknown, taskId: TaskId) => void;
}

/**
 * One attempt of one task on one backend. It reports exactly once, and in time: at the deadline and on `execution.stop`
 * it reports without waiting for the backend, whose signal is aborted in the same moment.
 */
export function executionActor(ports: ExecutionPorts) {
  return fromCallback<ExecutionCommand, ExecutionInput>(({ input, sendBack, receive }) => {
    const attempt = new Attempt(ports, input, (report) => sendBack(report));
    receive(() => attempt.end({ kind: 'cancelled' }));
    attempt.begin();
    return () => attempt.end({ kind: 'cancelled' });
  });
}

class Attempt {
  readonly #ports: ExecutionPorts;
  readonly #input: ExecutionInput;
  readonly #abort = new AbortController();
  #report: ((report: ExecutionReport) => void) | undefined;
  #deadline: unknown;
  #hasText = false;
  readonly #beganMs: number;

  constructor(ports: ExecutionPorts, input: ExecutionInput, report: (report: ExecutionReport) => void) {
    this.#ports = ports;
    this.#input = input;
    this.#report = report;
    this.#beganMs = ports.clock.monotonic();
  }

  begin(): void {
    const { taskId } = this.#input;
    const job = this.#ports.jobOf(this.#input);
    if (job === undefined) {
      this.end({ kind: 'cancelled' });
      return;
    }
    this.#deadline = this.#ports.clock.setTimeout(() => this.end(this.#overdue(job)), job.deadlineMs);
    const onText = (text: string) => this.#tell(text);
    this.#run(job, onText).then(
      (outcome) => this.#settle(outcome),
      (error: unknown) => {
        this.#ports.onFault(error, taskId);
        this.end(retry('execution.crashed', 'the backend crashed; the server log has the stack'));
      },
    );
  }

  /** Async, so that a backend that throws at once is one that rejects. */
  async #run(job: Job, onText: (text: string) => void): Promise<Outcome> {
    return this.#ports.backendOf(this.#input.workerId)(job, { signal: this.#abort.signal, onText });
  }

  /** Ends it from outside: the backend, still at work, is told to stop. */
  end(outcome: Outcome): void {
    if (this.#settle(outcome)) this.#abort.abort();
  }

  /** The first ending counts; whatever comes after it is of a lease that has ended. */
  #settle(outcome: Outcome): boolean {
    const report = this.#report;
    if (report === undefined) return false;
    this.#report = undefined;
    this.#ports.clock.clearTimeout(this.#deadline);
    const { taskId, assignmentId, slot } = this.#input;
    const draw = this.#ports.random.draw('backoff', assignmentId);
    const elapsedMs = this.#ports.clock.monotonic() - this.#beganMs;
    report({ type: 'execution.settled', slot, taskId, assignmentId, outcome, draw, elapsedMs });
    return true;
  }

  #tell(text: string): void {
    if (this.#report === undefined) return;
    this.#hasText = true;
    this.#ports.onText(this.#input.taskId, this.#input.assignmentId, text);
  }

  /** A backend that said nothing may answer next time; one that was still talking would talk as long again. */
  #overdue(job: Job): Outcome {
    const seconds = job.deadlineMs / 1_000;
    return this.#hasText
      ? failed(
          'execution.timeout',
          `still generating after ${seconds} s; ask for less or raise options.timeout`,
        )
      : retry('backend.no_answer', `no answer within ${seconds} s`);
  }
}
