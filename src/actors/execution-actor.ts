import { fromCallback } from 'xstate';
import type { AssignmentId, TaskId, WorkerId } from '../machines/identifiers.ts';
import { failed, type Outcome, retry } from '../machines/outcome.ts';
import type { ExecutionCommand, ExecutionInput, Run } from '../machines/worker-events.ts';
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
  readonly jobOf: (worker: WorkerId, run: Run) => Job | undefined;
  /** Text as it is generated, for those who follow the task. */
  readonly onText: (taskId: TaskId, assignmentId: AssignmentId, text: string) => void;
  /** Tells its worker how an attempt ended. */
  readonly report: (worker: ExecutionInput['worker'], report: ExecutionReport) => void;
  /** A bug of a backend, for the log. */
  readonly onFault: (error: unknown, taskId: TaskId) => void;
}

/**
 * One slot of a worker, and one attempt of one task in it after the other. Each is reported exactly once, and in time: at
 * the deadline and on `execution.stop` without waiting for the backend, whose signal is aborted in the same moment.
 */
export function executionActor(ports: ExecutionPorts) {
  return fromCallback<ExecutionCommand, ExecutionInput>(({ input, receive }) => {
    let attempt: Attempt | undefined;
    receive((command) => {
      attempt?.end({ kind: 'cancelled' });
      if (command.type === 'execution.stop') return;
      attempt = new Attempt(ports, input, command.run);
      attempt.begin();
    });
    return () => attempt?.end({ kind: 'cancelled' });
  });
}

class Attempt {
  readonly #ports: ExecutionPorts;
  readonly #input: ExecutionInput;
  readonly #run: Run;
  readonly #abort = new AbortController();
  #hasEnded = false;
  #deadline: unknown;
  #hasText = false;
  readonly #beganMs: number;

  constructor(ports: ExecutionPorts, input: ExecutionInput, run: Run) {
    this.#ports = ports;
    this.#input = input;
    this.#run = run;
    this.#beganMs = ports.clock.monotonic();
  }

  begin(): void {
    const { taskId } = this.#run;
    const job = this.#ports.jobOf(this.#input.workerId, this.#run);
    if (job === undefined) {
      this.end({ kind: 'cancelled' });
      return;
    }
    this.#deadline = this.#ports.clock.setTimeout(() => this.end(this.#overdue(job)), job.deadlineMs);
    const onText = (text: string) => this.#tell(text);
    this.#ask(job, onText).then(
      (outcome) => this.#settle(outcome),
      (error: unknown) => {
        this.#ports.onFault(error, taskId);
        this.end(retry('execution.crashed', 'the backend crashed; the server log has the stack'));
      },
    );
  }

  /** Async, so that a backend that throws at once is one that rejects. */
  async #ask(job: Job, onText: (text: string) => void): Promise<Outcome> {
    return this.#ports.backendOf(this.#input.workerId)(job, { signal: this.#abort.signal, onText });
  }

  /** Ends it from outside: the backend, still at work, is told to stop. */
  end(outcome: Outcome): void {
    if (this.#settle(outcome)) this.#abort.abort();
  }

  /** The first ending counts; whatever comes after it is of a lease that has ended. */
  #settle(outcome: Outcome): boolean {
    if (this.#hasEnded) return false;
    this.#hasEnded = true;
    this.#ports.clock.clearTimeout(this.#deadline);
    const { taskId, assignmentId } = this.#run;
    const { worker, slot } = this.#input;
    const draw = this.#ports.random.draw('backoff', assignmentId);
    const elapsedMs = this.#ports.clock.monotonic() - this.#beganMs;
    this.#ports.report(worker, { slot, taskId, assignmentId, outcome, draw, elapsedMs });
    return true;
  }

  #tell(text: string): void {
    if (this.#hasEnded) return;
    this.#hasText = true;
    this.#ports.onText(this.#run.taskId, this.#run.assignmentId, text);
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
