import {
  type Actor,
  type ActorRef,
  type AnyEventObject,
  type AnyStateMachine,
  createActor,
  type EventObject,
  fromCallback,
  type Snapshot,
} from 'xstate';
import { type ArmedTimer, indexTimers } from '../../src/actors/xstate-internals.ts';
import type { ChartCoverage } from './path-coverage.ts';
import { keyIn, type Path, type PathStep, type Walk } from './path-walk.ts';
import { VirtualClock } from './virtual-clock.ts';

/** An actor that lives, on a path that was foreseen for it. */
export interface Stage {
  readonly actor: Actor<AnyStateMachine>;
  readonly clock: VirtualClock;
  /** Its timers, the next one first. */
  readonly armed: () => readonly ArmedTimer[];
}

export interface ReplayOptions {
  readonly coverage: ChartCoverage;
  /** A copy of the machine of the walk that `coverage` watches, with what touches the world provided. */
  readonly machine: AnyStateMachine;
  /** Stands in for the input of the walk. */
  readonly input?: unknown;
  /** Called when the actor is there, and has not started. */
  readonly onStage?: (stage: Stage) => void;
  /** Brings about what a step tells of; by default the actor is sent the event. */
  readonly perform?: (stage: Stage, event: AnyEventObject) => Promise<void> | void;
  /** Called after each step, when the actor is where it was foreseen. */
  readonly onStep?: (stage: Stage, step: PathStep) => Promise<void> | void;
  /** Called at the end of the path, while the actor is still there. */
  readonly onEnd?: (stage: Stage) => Promise<void> | void;
}

/** Time between two steps while a timer runs: no two timers are due at once, and none becomes due by it. */
const stepMs = 1;

/** Replays each path on an actor of its own, and compares its state with the one foreseen after each step. */
export async function replayAll(
  walk: Walk,
  paths: readonly Path[],
  optionsOf: (path: Path) => ReplayOptions,
): Promise<void> {
  for (const path of paths) await replay(walk, path, optionsOf(path));
}

async function replay(walk: Walk, path: Path, options: ReplayOptions): Promise<void> {
  const { coverage, machine, perform = ({ actor }, event) => actor.send(event), onStep, onEnd } = options;
  const clock = new VirtualClock();
  const actor = createActor(machine, {
    clock,
    input: options.input ?? walk.input,
    inspect: coverage.inspect,
  });
  const timers = indexTimers(actor, clock);
  const armed = () => timers.of(actor).toSorted((a, b) => a.dueMs - b.dueMs);
  const stage: Stage = { actor, clock, armed };
  actor.subscribe({ error: () => coverage.noteCrash() });
  options.onStage?.(stage);
  actor.start();
  try {
    for (const [index, step] of path.entries()) {
      const [next] = armed();
      if (next !== undefined) await clock.advance(Math.min(stepMs, (next.dueMs - clock.monotonic()) / 2));
      if (step.isTimer) await passTimer(stage);
      else await perform(stage, step.event);
      const found = keyIn(walk, actor.getSnapshot(), typesOf(stage));
      if (found !== step.key) throw new Error(deviation(path.slice(0, index + 1), found));
      await onStep?.(stage, step);
    }
    await onEnd?.(stage);
  } finally {
    actor.stop();
  }
  if (clock.pending > 0) throw new Error(`timers outlive their actor: ${deviation(path, 'stopped')}`);
}

function typesOf({ armed }: Stage): readonly string[] {
  return armed().map(({ event }) => event.type);
}

/** Lets time pass until the next timer is due; that it is the one that was foreseen, the key before has shown. */
async function passTimer({ clock, armed }: Stage): Promise<void> {
  const dueMs = armed()[0]?.dueMs ?? clock.monotonic();
  await clock.advance(dueMs - clock.monotonic());
}

function deviation(path: Path, found: string): string {
  const lines = path.map(({ event, key }) => `  ${JSON.stringify(event)} → ${key}`);
  return ['the actor left the path that was foreseen for it:', ...lines, `  found ${found}`].join('\n');
}

/** Stands in for the pool of actors that are on stage one after the other. */
export function poolThatHears<E extends EventObject>(
  hear: (report: E) => void,
): ActorRef<Snapshot<unknown>, E> {
  return createActor(fromCallback<E>(({ receive }) => receive(hear))).start();
}
