import type { AnyActorRef, AnyMachineSnapshot } from 'xstate';
import type { Clock } from '../actors/clock.ts';
import type { ExecutionSnapshot, Life, SeenTransition } from '../actors/inspection-hook.ts';
import { type ArmedTimer, nodesOf } from '../actors/xstate-internals.ts';
import { chartHash } from '../chart-hash.ts';
import type { InspectedMachine } from '../machines/chart-machines.ts';
import type { PoolContext } from '../machines/pool-context.ts';
import { type Excerpt, excerptOf } from './inspection-excerpt.ts';
import { type ActorOption, actorOptions } from './inspection-guards.ts';
import { nameOfActor } from './inspection-names.ts';

/** What an actor is at this moment. Times are ISO 8601 in UTC. */
export interface ActorView {
  readonly actor: string;
  readonly machine: InspectedMachine;
  /** Of the definition of its machine, by which drawings of it are kept; `null` for an execution, which has none. */
  readonly machine_hash: string | null;
  /** The state, as XState writes it. */
  readonly value: Excerpt;
  /** The innermost states that it is in, one for each region, and since when. */
  readonly states: readonly { readonly state: string; readonly since: string }[];
  readonly context: Excerpt;
  /** Events that come by themselves. */
  readonly timers: readonly { readonly event: string; readonly due_at: string }[];
  readonly parent: string | null;
  readonly children: number;
  /** What it would do next; see {@link actorOptions}. */
  readonly next: readonly ActorOption[];
}

/** An event that an actor took, or that left it as it was. */
export interface TransitionView {
  readonly actor: string;
  readonly event: Excerpt;
  readonly from: Excerpt;
  readonly to: Excerpt;
  /** After it; left out where the event did not change it. */
  readonly context?: Excerpt;
  readonly at: string;
  /** The last fact on disk at that moment: what the actor said by it has a greater `seq`. */
  readonly after_seq: number;
}

export interface EndedView {
  readonly actor: string;
  /** It came to its end, was stopped from outside, or threw. */
  readonly status: 'done' | 'stopped' | 'error';
  readonly value: Excerpt;
  /** Of what it threw; never a stack. */
  readonly error: string | null;
  readonly at: string;
}

type Times = Pick<Clock, 'now' | 'monotonic'>;

export function actorView(
  actor: AnyActorRef,
  { chart: { machine }, stays }: Life,
  timers: readonly ArmedTimer[],
  clock: Times,
): ActorView {
  const snapshot = actor.getSnapshot() as AnyMachineSnapshot;
  const hasChart = machine !== 'execution';
  const wallMs = clock.now() - clock.monotonic();
  return {
    actor: nameOfActor(actor, machine),
    machine,
    machine_hash: hasChart ? chartHash(snapshot.machine) : null,
    value: stateValueOf(snapshot),
    states: stays.map(({ place, sinceMs }) => ({ state: place.name, since: isoOf(wallMs + sinceMs) })),
    context: contextOf(machine, snapshot),
    timers: timers.map(({ event, dueMs }) => ({ event: event.type, due_at: isoOf(wallMs + dueMs) })),
    parent: parentOf(actor, machine),
    children: childrenOf(machine, snapshot),
    next: hasChart ? actorOptions(snapshot, nodesOf(snapshot)) : [],
  };
}

export function transitionView(
  actor: AnyActorRef,
  machine: InspectedMachine,
  { event, before, after }: SeenTransition,
  atMs: number,
  afterSeq: number,
): TransitionView {
  return {
    actor: nameOfActor(actor, machine),
    event: excerptOf(event),
    from: stateValueOf(before),
    to: stateValueOf(after),
    ...(after.context === before.context ? {} : { context: contextOf(machine, after) }),
    at: isoOf(atMs),
    after_seq: afterSeq,
  };
}

export function endedView(actor: AnyActorRef, machine: InspectedMachine, atMs: number): EndedView {
  const snapshot = actor.getSnapshot() as AnyMachineSnapshot;
  const { status, error } = snapshot;
  return {
    actor: nameOfActor(actor, machine),
    status: status === 'active' ? 'stopped' : status,
    value: stateValueOf(snapshot),
    error: status === 'error' ? String(excerptOf(error)) : null,
    at: isoOf(atMs),
  };
}

/** Executions are callbacks: they run, and that is all there is to see. */
function stateValueOf({ value, status }: Pick<AnyMachineSnapshot, 'value' | 'status'>): Excerpt {
  if (value === undefined) return status === 'active' ? 'running' : 'ended';
  return excerptOf(value);
}

/** The pool keeps registries of ten thousand entries in its context: of these, the sums. */
function contextOf(machine: InspectedMachine, snapshot: AnyMachineSnapshot): Excerpt {
  if (machine === 'execution') {
    const { input, run } = snapshot as unknown as ExecutionSnapshot;
    return excerptOf({ ...run, workerId: input.workerId, slot: input.slot });
  }
  if (machine !== 'pool') return excerptOf(snapshot.context);
  const { board, roster, policy, drainGraceMs, isPaused } = snapshot.context as PoolContext;
  return excerptOf({
    board: { live: board.liveCount, ready: board.ready.size, dormant: board.dormantCount },
    roster: {
      workers: [...roster.all()].length,
      open: roster.openCount,
      leases: roster.leaseCount,
      leasesMax: roster.leasesMax,
    },
    policy: { version: policy.version, workersMin: policy.workersMin, workersMax: policy.workersMax },
    drainGraceMs,
    isPaused,
  });
}

function parentOf(actor: AnyActorRef, machine: InspectedMachine): string | null {
  if (machine === 'pool') return null;
  const { workerId } = (actor.getSnapshot() as { input?: { workerId?: string } }).input ?? {};
  return workerId === undefined ? 'pool' : `worker:${workerId}`;
}

/** Tasks stand beside the snapshot of the pool. */
function childrenOf(machine: InspectedMachine, { children, context }: AnyMachineSnapshot): number {
  const within = Object.keys(children ?? {}).length;
  return machine === 'pool' ? within + (context as PoolContext).board.liveCount : within;
}

function isoOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
