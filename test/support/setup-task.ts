import { type Actor, createActor, fromCallback } from 'xstate';
import { indexTimers } from '../../src/actors/xstate-internals.ts';
import type { RecordedTaskFact } from '../../src/machines/facts.ts';
import { assignmentId } from '../../src/machines/identifiers.ts';
import type { TaskCommand, TaskInput, TaskReport } from '../../src/machines/task-events.ts';
import { taskMachine } from '../../src/machines/task-machine.ts';
import { onDisposal } from './disposal.ts';
import { makeSpec, reasonFor, taskIdOf } from './pool-samples.ts';
import { VirtualClock } from './virtual-clock.ts';

export const worker = makeSpec('local_001').workerId;

/** One task, a pool that only listens, and a clock. */
export interface TaskBench {
  readonly actor: Actor<typeof taskMachine>;
  readonly clock: VirtualClock;
  readonly facts: RecordedTaskFact[];
  /** What the pool was told. */
  readonly reports: TaskReport[];
  readonly faults: unknown[];
  readonly send: (...commands: readonly TaskCommand[]) => void;
  /** Where it is, such as `running`. */
  readonly state: () => string;
  readonly pendingTimers: () => number;
}

export function setupTask(parts: Partial<Omit<TaskInput, 'taskId' | 'pool'>> = {}): TaskBench {
  const clock = new VirtualClock();
  const reports: TaskReport[] = [];
  const pool = createActor(
    fromCallback<TaskReport>(({ receive }) => receive((report) => void reports.push(report))),
  ).start();
  const actor = createActor(taskMachine, {
    clock,
    input: {
      taskId: taskIdOf(1),
      pool,
      leases: 0,
      failures: 0,
      fallbackChain: [],
      fallbacks: 0,
      retryPolicy: { retriesMax: 2, delayMsBase: 1_000, delayMsMax: 8_000 },
      ...parts,
    },
  });
  const facts: RecordedTaskFact[] = [];
  const faults: unknown[] = [];
  actor.on('*', (fact) => void facts.push(fact));
  actor.subscribe({ error: (error) => void faults.push(error) });
  const timers = indexTimers(actor, clock);
  actor.start();
  onDisposal(() => {
    actor.stop();
    pool.stop();
    if (faults.length > 0) throw new AggregateError(faults, 'the task crashed');
  });
  return {
    actor,
    clock,
    facts,
    reports,
    faults,
    send: (...commands) => {
      for (const command of commands) actor.send(command);
    },
    state: () => stateName(actor.getSnapshot().value),
    pendingTimers: timers.pending,
  };
}

function stateName(value: string | { leased?: string }): string {
  return typeof value === 'string' ? value : (value.leased ?? '');
}

/** Hands the task out, under lease `id`. */
export function assign(id = 1): TaskCommand {
  return {
    type: 'task.assign',
    assignmentId: assignmentId(id),
    workerId: worker,
    reason: reasonFor(worker),
  };
}
