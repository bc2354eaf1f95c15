import { expect, test } from 'vitest';
import { type AnyEventObject, type AnyMachineSnapshot, fromCallback } from 'xstate';
import { assignmentId, type WorkerId } from '../../../src/machines/identifiers.ts';
import { type Outcome, retry } from '../../../src/machines/outcome.ts';
import { unseen } from '../../../src/machines/sighting.ts';
import type {
  ExecutionCommand,
  ExecutionInput,
  HeartbeatCommand,
  WorkerContext,
  WorkerInput,
} from '../../../src/machines/worker-events.ts';
import { workerMachine } from '../../../src/machines/worker-machine.ts';
import type { ExecutionReport, WorkerReport } from '../../../src/machines/worker-reports.ts';
import type { Admission } from '../../../src/machines/worker-state.ts';
import { ChartCoverage } from '../../support/path-coverage.ts';
import { PromisedWorker } from '../../support/path-promises.ts';
import { poolThatHears, type ReplayOptions, replayAll, type Stage } from '../../support/path-replay.ts';
import { edgePaths, type Path, simplePaths, type Walk } from '../../support/path-walk.ts';
import { makeSpec, success, taskIdOf } from '../../support/pool-samples.ts';

const oneSlot = makeSpec('local_001', { missesMax: 2 });
const twoSlots = makeSpec('local_001', { missesMax: 2, slots: 2 });
const unreachable = retry('backend.unreachable', 'nobody listens there');

/** Children that do nothing, and throw when they are told to. */
function obey({
  receive,
}: {
  readonly receive: (listener: (event: { type: string }) => void) => void;
}): void {
  receive(({ type }) => {
    if (type === 'crash') throw new Error('it was told to crash');
  });
}
const actors = {
  heartbeat: fromCallback<HeartbeatCommand, { workerId: WorkerId }>(obey),
  execution: fromCallback<ExecutionCommand, ExecutionInput>(obey),
};

/** What the pool was told on the path that is replayed now. */
const told: WorkerReport[] = [];
const pool = poolThatHears((report: WorkerReport) => void told.push(report));

function inputAs(admission: Admission, spec = oneSlot): WorkerInput {
  return { spec, admission, pool };
}

function slotsIn({ context }: AnyMachineSnapshot): WorkerContext['slots'] {
  return (context as WorkerContext).slots;
}

/** The lease with the smallest number that does not run. */
function run(snapshot: AnyMachineSnapshot): AnyEventObject {
  const running = slotsIn(snapshot).map((lease) => lease?.assignmentId);
  const next = [1, 2, 3].find((lease) => !running.includes(assignmentId(lease))) ?? 4;
  const lease = { taskId: taskIdOf(next), assignmentId: assignmentId(next), model: null };
  return { type: 'worker.run', leases: [lease] };
}

function settled(slot: number, lease: number, outcome: Outcome): AnyEventObject {
  const named = { slot, taskId: taskIdOf(lease), assignmentId: assignmentId(lease) };
  return { type: 'execution.settled', reports: [{ ...named, outcome, draw: 0, elapsedMs: 1 }] };
}

function endings(snapshot: AnyMachineSnapshot, outcomes: readonly Outcome[]): readonly AnyEventObject[] {
  return slotsIn(snapshot).flatMap((lease, slot) =>
    lease === null ? [] : outcomes.map((outcome) => settled(slot, lease.assignmentId, outcome)),
  );
}

function crashOf(actorId: string): AnyEventObject {
  return { type: `xstate.error.actor.${actorId}`, error: new Error('crashed'), actorId };
}

/** Crashes of what runs, at most so many. */
function crashes(snapshot: AnyMachineSnapshot, most: number): readonly AnyEventObject[] {
  if ((snapshot.context as WorkerContext).crashes >= most) return [];
  return Object.keys(snapshot.children).map(crashOf);
}

const beat = { type: 'heartbeat.received', sighting: unseen };
const missed = [0, oneSlot.silenceMsMax].map((silentMs) => ({
  type: 'heartbeat.missed',
  silentMs,
  detail: '',
}));
const orders = ['rest', 'drain', 'resume', 'activate'].map((order) => ({
  type: `worker.${order}`,
  detail: '',
}));

function walkOf(events: Walk['events'], input = inputAs('active')): Walk {
  return { machine: workerMachine.provide({ actors }), input, events, keyOf, throwing: ['escalate'] };
}

function keyOf(snapshot: AnyMachineSnapshot): unknown {
  const { misses, crashes: crashed, spec } = snapshot.context as WorkerContext;
  const slots = slotsIn(snapshot).map((lease) => lease?.assignmentId);
  return [slots, Math.min(misses, spec.missesMax - 1), crashed, spec.slots, Object.keys(snapshot.children)];
}

/** Its life and whether it takes work, with one task at a time, and one crash. */
const lives = walkOf((snapshot) => [
  beat,
  ...missed,
  ...orders,
  run(snapshot),
  ...endings(snapshot, [success, unreachable]),
  settled(0, 9, unreachable),
  { type: 'worker.stop', assignmentId: assignmentId(1) },
  { type: 'worker.probe' },
  ...crashes(snapshot, 1),
]);
/** Slots that come and go, with tasks in them. */
const slots = walkOf((snapshot) => [
  run(snapshot),
  ...endings(snapshot, [success]),
  { type: 'worker.stop', assignmentId: assignmentId(2) },
  { type: 'worker.configure', spec: oneSlot },
  { type: 'worker.configure', spec: twoSlots },
  ...crashes(snapshot, 1),
]);
/** Crashes until it crashes itself. */
const faults = walkOf((snapshot) => [run(snapshot), beat, ...crashes(snapshot, 99)]);

/** Brings about what a step tells of: a crash is no event that anybody sends. */
function perform({ actor }: Stage, event: AnyEventObject): void {
  if (!event.type.startsWith('xstate.error.actor.')) {
    actor.send(event);
    return;
  }
  const { children } = actor.getSnapshot();
  children[String(event['actorId'])]?.send({ type: 'crash' });
}

const allOf = (path: Path): Path => path;
/** Of paths each beginning of which is a path as well. */
const lastOf = (path: Path): Path => path.slice(-1);

/** Follows an actor by the tables of the docs; after some steps, what it is, and what the pool knows of it, is checked. */
function promised({ spec, admission }: WorkerInput, checked: Path): Partial<ReplayOptions> {
  const worker = new PromisedWorker(spec, admission);
  told.length = 0;
  let held: WorkerContext['slots'] = [];
  return {
    onStep: ({ actor }, step) => {
      const { event } = step;
      const snapshot = actor.getSnapshot();
      if (snapshot.status === 'error') return;
      const [report] = (event['reports'] ?? []) as readonly ExecutionReport[];
      const wasHeld = held.some((lease) => lease?.assignmentId === report?.assignmentId);
      held = slotsIn(snapshot);
      worker.step(
        event,
        wasHeld,
        held.every((lease) => lease === null),
      );
      if (!checked.includes(step)) return;
      const { liveness, admission: current } = worker;
      const watched = liveness === 'unwatched' ? liveness : { watched: liveness };
      expect(snapshot.value).toEqual({ liveness: watched, admission: current });
      const lastTold = (type: WorkerReport['type']) => told.findLast((report) => report.type === type);
      expect(lastTold('worker.admitted')).toMatchObject({ admission: current });
      const isKnown = liveness !== 'unwatched' && liveness !== 'probing';
      // Of one that is watched anew the pool knows that it is suspect, and no more.
      const known = isKnown ? liveness : lastTold('worker.noticed') && 'suspect';
      expect(lastTold('worker.noticed')).toEqual(known && expect.objectContaining({ liveness: known }));
    },
  };
}

test('a worker is where each path was foreseen to lead, and nothing of its chart is left out', async () => {
  const coverage = new ChartCoverage(workerMachine, { raised: { crashWindowMs: 'crash.forgotten' } });
  const machine = coverage.watch(workerMachine.provide({ actors }));
  const replays = async (walk: Walk, paths: readonly Path[], atLeast: number, checked = lastOf) => {
    expect(paths.length).toBeGreaterThan(atLeast);
    const input = walk.input as WorkerInput;
    await replayAll(walk, paths, (path) => ({
      coverage,
      machine,
      perform,
      ...promised(input, checked(path)),
    }));
  };
  const patient = { ...oneSlot, missesMax: 3 };
  const alone = walkOf(() => [beat, ...missed], inputAs('active', patient));
  const ordered = walkOf((snapshot) => [...orders, run(snapshot), ...endings(snapshot, [success])]);
  await replays(lives, edgePaths(lives), 1_700);
  await replays(slots, edgePaths(slots), 300);
  await replays(faults, edgePaths(faults), 150);
  await replays(alone, simplePaths(alone), 5, allOf);
  await replays(ordered, simplePaths(ordered), 20, allOf);
  for (const admission of ['standby', 'draining', 'drained'] as const) {
    const began = walkOf(() => orders, inputAs(admission));
    await replays(began, edgePaths(began), 10);
  }
  expect(coverage.missing()).toEqual([]);
  expect(coverage.summary()).toBe(
    '14/14 states, 34/34 transitions, 7/7 guards, 10/10 places of guards, 2/2 delays',
  );
});
