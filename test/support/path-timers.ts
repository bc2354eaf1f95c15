import type { AnyActorScope, AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { derivedLogic } from '../../src/actors/xstate-internals.ts';

/** A timer of an actor that does not live: foreseen, on a walk over its chart. */
export interface ForeseenTimer {
  readonly id: string;
  readonly event: AnyEventObject;
  readonly remainingMs: number;
}

const armed = new WeakMap<AnyMachineSnapshot, readonly ForeseenTimer[]>();

const timerEvents = new WeakSet<AnyEventObject>();

/** Whether it is the clock that brings an event of a walk. */
export function isOfTimer(event: AnyEventObject): boolean {
  return timerEvents.has(event);
}

/** The timers that are armed in a state of a walk, the next one first. */
export function armedIn(snapshot: AnyMachineSnapshot): readonly ForeseenTimer[] {
  return armed.get(snapshot) ?? [];
}

/**
 * A machine whose snapshots know which timers are armed, so that a walk over it foresees no timer that has run out, and
 * none before another one that is due earlier. Between two timers no time passes.
 *
 * @param throwing actions that throw, and so end the actor: all others are left undone on a walk
 */
export function withTimers(machine: AnyStateMachine, throwing: readonly string[]): AnyStateMachine {
  const noting = (scope: AnyActorScope, timers: ForeseenTimer[]): AnyActorScope => ({
    ...scope,
    actionExecutor: ({ type, params, info, exec }) => {
      if (throwing.includes(type)) exec?.(info, params);
      if (type === 'xstate.cancel') drop(timers, (params as { sendId: string }).sendId);
      if (type === 'xstate.raise') arm(timers, params as Raise);
    },
  });
  return derivedLogic(machine, {
    getInitialSnapshot: (scope: AnyActorScope, input: unknown) => {
      const timers: ForeseenTimer[] = [];
      const start = machine.getInitialSnapshot(noting(scope, timers), input);
      return remembering(start, timers);
    },
    transition: (snapshot: AnyMachineSnapshot, event: AnyEventObject, scope: AnyActorScope) => {
      const [first, ...rest] = armedIn(snapshot);
      const hasPassed = first?.event === event;
      const passedMs = hasPassed ? first.remainingMs : 0;
      const timers = (hasPassed ? rest : armedIn(snapshot)).map((timer) => ({
        ...timer,
        remainingMs: timer.remainingMs - passedMs,
      }));
      try {
        return remembering(machine.transition(snapshot, event, noting(scope, timers)), timers);
      } catch (error) {
        return remembering({ ...snapshot, status: 'error', error }, []);
      }
    },
  });
}

function remembering(snapshot: AnyMachineSnapshot, timers: readonly ForeseenTimer[]): AnyMachineSnapshot {
  const copy = { ...snapshot };
  armed.set(
    copy,
    timers.toSorted((a, b) => a.remainingMs - b.remainingMs),
  );
  return copy;
}

/** An event of the actor to itself, now or, with a delay in ms, later. */
interface Raise {
  readonly event: AnyEventObject;
  readonly id?: string;
  readonly delay?: number;
}

function arm(timers: ForeseenTimer[], { event, id = event.type, delay }: Raise): void {
  if (delay === undefined) return;
  drop(timers, id);
  const brought = { ...event };
  timerEvents.add(brought);
  timers.push({ id, event: brought, remainingMs: delay });
}

function drop(timers: ForeseenTimer[], id: string): void {
  const at = timers.findIndex((timer) => timer.id === id);
  if (at >= 0) timers.splice(at, 1);
}
