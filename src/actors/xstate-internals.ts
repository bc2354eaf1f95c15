import {
  type ActorRefFrom,
  type AnyActor,
  type AnyActorLogic,
  type AnyActorRef,
  type AnyEventObject,
  type AnyMachineSnapshot,
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
 * each spawn. The child reports to its parent (`xstate.done.actor.<id>`, `xstate.error.actor.<id>`); `parent.stop()`
 * does not stop it, so the parent must, by `stop()` of the child.
 */
export function spawnBeside<L extends AnyActorLogic>(
  parent: AnyActorRef,
  logic: L,
  options: { id: string; src: string; input: InputFrom<L> },
): ActorRefFrom<L> {
  // The types ask for the options one by one, depending on what the logic needs; all logics take these.
  const actor = createActor(
    logic as AnyActorLogic,
    { ...options, parent } as Parameters<typeof createActor>[1],
  );
  // XState refuses `stop()` to an actor that has a parent, since the parent would go on listing it; this one does not.
  Object.assign(actor, { stop: (actor as unknown as Stoppable)._stop });
  actor.start();
  return actor as unknown as ActorRefFrom<L>;
}

/** Every actor, from within. */
interface Stoppable {
  _stop(): void;
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

/**
 * Replaces the timers of an actor system by ones that are indexed by actor: the stock scheduler looks through the
 * timers of the whole system whenever an actor stops. An actor that crashes takes its children along. Call it between
 * `createActor(root)` and `start()`.
 */
export function indexTimers(root: AnyActor, clock: Clock): { readonly pending: () => number } {
  const byActor = new Map<AnyActorRef, Map<string, unknown>>();
  let unnamed = 0;

  const drop = (source: AnyActorRef, id: string): unknown => {
    const timers = byActor.get(source);
    const timer = timers?.get(id);
    timers?.delete(id);
    if (timers?.size === 0) byActor.delete(source);
    return timer;
  };

  const scheduler: SystemScheduler = {
    schedule(source, target, event, delay, id = `unnamed-${unnamed++}`) {
      scheduler.cancel(source, id);
      const timers = byActor.get(source) ?? new Map<string, unknown>();
      byActor.set(source, timers);
      const fire = () => {
        drop(source, id);
        target.send(event);
      };
      timers.set(id, clock.setTimeout(fire, delay));
    },
    cancel(source, id) {
      const timer = drop(source, id);
      if (timer !== undefined) clock.clearTimeout(timer);
    },
    cancelAll(actor) {
      for (const timer of byActor.get(actor)?.values() ?? []) clock.clearTimeout(timer);
      byActor.delete(actor);
      stopOrphans(actor);
    },
  };
  Object.assign(root.system, { scheduler });
  return {
    pending: () => [...byActor.values()].reduce((sum, timers) => sum + timers.size, 0),
  };
}
