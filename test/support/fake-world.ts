import { fromCallback } from 'xstate';
import type { AssignmentId, WorkerId } from '../../src/machines/identifiers.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import { type Sighting, unseen } from '../../src/machines/sighting.ts';
import type {
  ExecutionCommand,
  ExecutionInput,
  HeartbeatCommand,
  Run,
} from '../../src/machines/worker-events.ts';
import { workerMachine } from '../../src/machines/worker-machine.ts';
import type { HeartbeatReport } from '../../src/machines/worker-reports.ts';

/** An execution that ends when the test says so; told to stop, it stops at once. */
export interface FakeExecution {
  readonly workerId: WorkerId;
  readonly slot: number;
  readonly run: Run;
  readonly settle: (outcome: Outcome, draw?: number, elapsedMs?: number) => void;
}

/** What workers reach for: executions and heartbeats in the hands of a test. */
export class FakeWorld {
  /** Those that run, by their lease. */
  readonly executions = new Map<AssignmentId, FakeExecution>();
  /** Every lease that was ever begun, in order. */
  readonly begun: AssignmentId[] = [];
  /** Leases that were told to stop. */
  readonly stopped: AssignmentId[] = [];
  /** How often each worker began to be watched. */
  readonly watches = new Map<WorkerId, number>();
  /** Workers that were to be probed at once. */
  readonly probed: WorkerId[] = [];
  /** Heartbeats that run now. */
  watching = 0;
  readonly #tell = new Map<WorkerId, (report: HeartbeatReport) => void>();
  /** Executions that throw when they begin. */
  crashNext = 0;
  /** Heartbeats that throw when they begin. */
  blindNext = 0;
  /** Heartbeats that throw when they are told to probe at once. */
  blindProbes = 0;

  /** The worker with both of its actors provided. */
  worker() {
    return workerMachine.provide({ actors: { execution: this.#execution(), heartbeat: this.#heartbeat() } });
  }

  beat(worker: WorkerId, sighting: Sighting = unseen): void {
    this.#tell.get(worker)?.({ type: 'heartbeat.received', sighting });
  }

  /** A beat that does not come; by default after a silence that is long enough. */
  miss(worker: WorkerId, silentMs = 90_000): void {
    this.#tell.get(worker)?.({ type: 'heartbeat.missed', silentMs, detail: 'no answer' });
  }

  settle(assignment: AssignmentId, outcome: Outcome, draw = 0, elapsedMs = 0): void {
    const execution = this.executions.get(assignment);
    if (execution === undefined) throw new Error(`lease ${assignment} is not being executed`);
    execution.settle(outcome, draw, elapsedMs);
  }

  #execution() {
    return fromCallback<ExecutionCommand, ExecutionInput>(({ input, receive }) => {
      let running: AssignmentId | undefined;
      receive((command) => {
        if (command.type === 'execution.run') {
          running = command.run.assignmentId;
          this.#begin(input, command.run);
          return;
        }
        if (running === undefined) return;
        this.stopped.push(running);
        this.executions.get(running)?.settle({ kind: 'cancelled' });
      });
      return () => void (running !== undefined && this.executions.delete(running));
    });
  }

  #begin({ worker, workerId, slot }: ExecutionInput, run: Run): void {
    if (this.crashNext > 0) {
      this.crashNext -= 1;
      throw new Error('the execution was told to crash');
    }
    const { taskId, assignmentId } = run;
    const settle = (outcome: Outcome, draw = 0, elapsedMs = 0) => {
      this.executions.delete(assignmentId);
      const report = { slot, taskId, assignmentId, outcome, draw, elapsedMs };
      worker.send({ type: 'execution.settled', reports: [report] });
    };
    this.executions.set(assignmentId, { workerId, slot, run, settle });
    this.begun.push(assignmentId);
  }

  #heartbeat() {
    return fromCallback<HeartbeatCommand, { workerId: WorkerId }>(({ input, sendBack, receive }) => {
      this.watches.set(input.workerId, (this.watches.get(input.workerId) ?? 0) + 1);
      if (this.blindNext > 0) {
        this.blindNext -= 1;
        throw new Error('the heartbeat was told to crash');
      }
      this.watching += 1;
      this.#tell.set(input.workerId, sendBack);
      const end = () => {
        this.watching -= 1;
        if (this.#tell.get(input.workerId) === sendBack) this.#tell.delete(input.workerId);
      };
      receive(() => {
        if (this.blindProbes > 0) {
          this.blindProbes -= 1;
          end(); // XState cleans up after a callback that is stopped, not after one that throws.
          throw new Error('the heartbeat was told to crash');
        }
        this.probed.push(input.workerId);
      });
      return end;
    });
  }
}

/** A worker that crashes when it misses a beat. */
export function fragile(worker: ReturnType<FakeWorld['worker']>): ReturnType<FakeWorld['worker']> {
  return worker.provide({
    actions: {
      countMiss: () => {
        throw new Error('the worker was told to crash');
      },
    },
  });
}
