import { type Actor, createActor, fromCallback } from 'xstate';
import { indexTimers } from '../../src/actors/xstate-internals.ts';
import { type AssignmentId, assignmentId } from '../../src/machines/identifiers.ts';
import type { Sighting } from '../../src/machines/sighting.ts';
import type { workerMachine } from '../../src/machines/worker-machine.ts';
import type {
  AdmissionReport,
  LivenessReport,
  SettledReport,
  SightingReport,
  WorkerReport,
} from '../../src/machines/worker-reports.ts';
import type { WorkerSpec } from '../../src/machines/worker-spec.ts';
import type { Admission, AdmissionOrder } from '../../src/machines/worker-state.ts';
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
  readonly beat: (sighting?: Sighting) => void;
  readonly order: (order: AdmissionOrder, detail?: string) => void;
  readonly miss: (silentMs?: number) => void;
  /** What the pool was told of its life, such as `alive`. */
  readonly life: () => readonly string[];
  /** Whether it takes work, as the pool was told, such as `active`. */
  readonly admissions: () => readonly Admission[];
  readonly sightings: () => readonly SightingReport[];
  readonly settled: () => readonly SettledReport[];
  /** The leases in its slots. */
  readonly slots: () => readonly (number | null)[];
}

export function setupWorker(
  parts: Partial<Omit<WorkerSpec, 'workerId'>> = {},
  { blind = 0, admission = 'active' }: { blind?: number; admission?: Admission } = {},
): WorkerBench {
  const spec = makeSpec('local_001', parts);
  const clock = new VirtualClock();
  const world = new FakeWorld();
  world.blindNext = blind;
  const reports: WorkerReport[] = [];
  const pool = createActor(
    fromCallback<WorkerReport>(({ receive }) => receive((report) => void reports.push(report))),
  ).start();
  const actor = createActor(world.worker(), { clock, input: { spec, admission, pool } });
  const faults: unknown[] = [];
  actor.subscribe({ error: (error) => void faults.push(error) });
  indexTimers(actor, clock);
  actor.start();
  onDisposal(() => {
    actor.stop();
    pool.stop();
    if (faults.length > 0) throw new AggregateError(faults, 'the worker crashed');
  });
  const ofType = <T extends WorkerReport>(type: T['type']) =>
    reports.filter((report): report is T => report.type === type);
  return {
    actor,
    clock,
    world,
    reports,
    faults,
    run: (lease) => {
      const id = assignmentId(lease);
      const run = { taskId: taskIdOf(lease), assignmentId: id, model: 'gpt-oss:20b' };
      actor.send({ type: 'worker.run', leases: [run] });
      return id;
    },
    stop: (lease) => actor.send({ type: 'worker.stop', assignmentId: assignmentId(lease) }),
    beat: (sighting) => world.beat(spec.workerId, sighting),
    order: (order, detail = '') => actor.send({ type: `worker.${order}`, detail }),
    miss: (silentMs) => world.miss(spec.workerId, silentMs),
    life: () => ofType<LivenessReport>('worker.noticed').map(({ liveness }) => liveness),
    admissions: () => ofType<AdmissionReport>('worker.admitted').map(({ admission: to }) => to),
    sightings: () => ofType<SightingReport>('worker.sighted'),
    settled: () => ofType<SettledReport>('worker.settled'),
    slots: () => actor.getSnapshot().context.slots.map((lease) => lease?.assignmentId ?? null),
  };
}
