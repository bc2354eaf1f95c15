import { type Actor, createActor, fromCallback } from 'xstate';
import { indexTimers } from '../../src/actors/xstate-internals.ts';
import { type AssignmentId, assignmentId } from '../../src/machines/identifiers.ts';
import type {
  LivenessReport,
  SettledReport,
  WorkerReport,
  WorkerSpec,
  workerMachine,
} from '../../src/machines/worker-machine.ts';
import { onDisposal } from './disposal.ts';
import { FakeWorld } from './fake-world.ts';
import { makeSpec, taskIdOf } from './pool-samples.ts';
import { VirtualClock } from './virtual-clock.ts';

/** One worker in a world that a test holds in its hands, and a pool that only listens. */
export interface WorkerBench {
  readonly actor: Actor<typeof workerMachine>;
  readonly clock: VirtualClock;
  readonly world: FakeWorld;
  readonly reports: WorkerReport[];
  readonly faults: unknown[];
  readonly run: (lease: number) => AssignmentId;
  readonly stop: (lease: number) => void;
  readonly beat: () => void;
  readonly miss: (silentMs?: number) => void;
  /** What the pool was told of its life, such as `alive`. */
  readonly life: () => readonly string[];
  readonly settled: () => readonly SettledReport[];
  /** The leases in its slots. */
  readonly slots: () => readonly (number | null)[];
}

export function setupWorker(parts: Partial<Omit<WorkerSpec, 'workerId'>> = {}, blind = 0): WorkerBench {
  const spec = makeSpec('local_001', parts);
  const clock = new VirtualClock();
  const world = new FakeWorld();
  world.blindNext = blind;
  const reports: WorkerReport[] = [];
  const pool = createActor(
    fromCallback<WorkerReport>(({ receive }) => receive((report) => void reports.push(report))),
  ).start();
  const actor = createActor(world.worker(), { clock, input: { spec, pool } });
  const faults: unknown[] = [];
  actor.subscribe({ error: (error) => void faults.push(error) });
  indexTimers(actor, clock);
  actor.start();
  onDisposal(() => {
    actor.stop();
    pool.stop();
    if (faults.length > 0) throw new AggregateError(faults, 'the worker crashed');
  });
  const isLife = (report: WorkerReport): report is LivenessReport => report.type === 'worker.noticed';
  return {
    actor,
    clock,
    world,
    reports,
    faults,
    run: (lease) => {
      const id = assignmentId(lease);
      actor.send({ type: 'worker.run', taskId: taskIdOf(lease), assignmentId: id });
      return id;
    },
    stop: (lease) => actor.send({ type: 'worker.stop', assignmentId: assignmentId(lease) }),
    beat: () => world.beat(spec.workerId),
    miss: (silentMs) => world.miss(spec.workerId, silentMs),
    life: () => reports.filter(isLife).map(({ liveness }) => liveness),
    settled: () => reports.filter((report): report is SettledReport => !isLife(report)),
    slots: () => actor.getSnapshot().context.slots.map((lease) => lease?.assignmentId ?? null),
  };
}
