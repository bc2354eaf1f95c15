import {
  type ActorRefFrom,
  type AnyActor,
  type AnyActorLogic,
  type AnyActorRef,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateNode,
  createActor,
  type InputFrom,
} from 'xstate';
import type { Clock } from './clock.ts';

/**
 * The two places where stock XState 5 is quadratic, and the way round each, and what a crash leaves behind. Nothing here
 * is covered by its semantic versioning: xstate is pinned exactly, and `test/actors/xstate-internals.test.ts` holds the
 * contract.
 */

/**
 * Starts an actor as a child of `parent` without a place in the parent's snapshot: `spawnChild` copies all children at
 * each spawn. The child reports a crash to its parent (`xstate.error.actor.<id>`); its end it tells by a call of `onDone`
 * within its last transition, since XState keeps something for each type of event and each state of the parent for ever,
 * and `xstate.done.actor.<id>` is a type for each child. `parent.stop()` does not stop it, so the parent must, by `stop()`
 * of the child.
 */
export function spawnBeside<L extends AnyActorLogic>(
  parent: AnyActorRef,
  logic: L,
  options: { id: string; src: string; input: InputFrom<L>; onDone: () => void },
): ActorRefFrom<L> {
  const { onDone, ...rest } = options;
  // The types ask for the options one by one, depending on what the logic needs; all logics take these.
  const actor = createActor(logic as AnyActorLogic, { ...rest, parent } as Parameters<typeof createActor>[1]);
  // XState refuses `stop()` to an actor that has a parent, since the parent would go on listing it; this one does not.
  const { _stop: stop, _parent: superior } = actor as unknown as Stoppable & Subordinate;
  const _parent: Superior = {
    _send: (event) => {
      if (event.type.startsWith('xstate.done.actor.')) onDone();
      else superior._send(event);
    },
  };
  Object.assign(actor, { stop, _parent });
  actor.start();
  return actor as unknown as ActorRefFrom<L>;
}

/** Every actor, from within. */
interface Stoppable {
  _stop(): void;
}

/** Whom an actor tells of its end. */
interface Superior {
  _send(event: AnyEventObject): void;
}

interface Subordinate {
  readonly _parent: Superior;
}

/** A logic that differs from another one in these methods. Those of a machine are bound to it, so the rest is its own. */
export function derivedLogic<L extends AnyActorLogic>(logic: L, methods: Partial<AnyActorLogic>): L {
  return Object.assign(Object.create(logic) as L, methods);
}

/** The states of a snapshot: another array when, and only when, these are others than before. In no order. */
export function nodesOf(snapshot: AnyMachineSnapshot): readonly AnyStateNode[] {
  return (snapshot as unknown as { readonly _nodes: readonly AnyStateNode[] })._nodes;
}

/** XState leaves the children of an actor that crashes running, with nobody to report to and nobody to stop them. */
function stopOrphans(crashed: AnyActorRef): void {
  const { status, children = {} } = crashed.getSnapshot() as AnyMachineSnapshot;
  if (status !== 'error') return;
  for (const child of Object.values(children)) (child as unknown as Stoppable)._stop();
}

interface SystemScheduler {
  schedule(source: AnyActorRef, target: AnyActorRef, event: AnyEventObject, delay: number, id?: string): void;
  cancel(source: AnyActorRef, id: string): void;
  cancelAll(actor: AnyActorRef): void;
}

/** An event that is on its way. */
export interface ArmedTimer {
  readonly handle: unknown;
  readonly event: AnyEventObject;
  /** By the clock that only grows. */
  readonly dueMs: number;
}

/** The timers of an actor system, by the actor that has armed them. */
export interface IndexedTimers {
  readonly pending: () => number;
  readonly of: (actor: AnyActorRef) => readonly ArmedTimer[];
}

/**
 * Replaces the timers of an actor system by ones that are indexed by actor: the stock scheduler looks through the
 * timers of the whole system whenever an actor stops. An actor that crashes takes its children along. Call it between
 * `createActor(root)` and `start()`.
 *
 * @param onEnded told of each actor that has been started and has ended, however that was
 */
export function indexTimers(
  root: AnyActor,
  clock: Clock,
  onEnded: (actor: AnyActorRef) => void = () => undefined,
): IndexedTimers {
  const byActor = new Map<AnyActorRef, Map<string, ArmedTimer>>();
  let unnamed = 0;

  const drop = (source: AnyActorRef, id: string): ArmedTimer | undefined => {
    const timers = byActor.get(source);
    const timer = timers?.get(id);
    timers?.delete(id);
    if (timers?.size === 0) byActor.delete(source);
    return timer;
  };

  const scheduler: SystemScheduler = {
    schedule(source, target, event, delay, id = `unnamed-${unnamed++}`) {
      scheduler.cancel(source, id);
      const timers = byActor.get(source) ?? new Map<string, ArmedTimer>();
      byActor.set(source, timers);
      const fire = () => {
        drop(source, id);
        target.send(event);
      };
      timers.set(id, { handle: clock.setTimeout(fire, delay), event, dueMs: clock.monotonic() + delay });
    },
    cancel(source, id) {
      const timer = drop(source, id);
      if (timer !== undefined) clock.clearTimeout(timer.handle);
    },
    cancelAll(actor) {
      for (const { handle } of byActor.get(actor)?.values() ?? []) clock.clearTimeout(handle);
      byActor.delete(actor);
      stopOrphans(actor);
      onEnded(actor);
    },
  };
  Object.assign(root.system, { scheduler });
  return {
    pending: () => [...byActor.values()].reduce((sum, timers) => sum + timers.size, 0),
    of: (actor) => [...(byActor.get(actor)?.values() ?? [])],
  };
}
