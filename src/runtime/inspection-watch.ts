import type { AnyActorRef } from 'xstate';
import type { Clock } from '../actors/clock.ts';
import type { ActorObserver, SeenTransition } from '../actors/inspection-hook.ts';
import type { InspectedMachine } from '../machines/chart-machines.ts';
import { inspectionLimits as limits } from '../machines/inspection-limits.ts';
import { type EndedView, endedView, type TransitionView, transitionView } from './inspection-view.ts';

/** Hears of one actor, at the end of the turn in which it happened. */
export interface ActorListener {
  readonly onTransition: (view: TransitionView) => void;
  /** So many transitions came too fast to be told: look at it anew. */
  readonly onSkipped: (count: number) => void;
  /** It lives no more, and nothing more comes of it. */
  readonly onEnded: (view: EndedView) => void;
}

export interface ActorWatchPorts {
  readonly clock: Clock;
  readonly lastSeq: () => number;
  /** A bug of ours; the actor must not hear of it. */
  readonly onFault: (error: unknown) => void;
}

/** Collects what one actor does. Of an actor that is too fast to be watched it tells samples, and how many it left out. */
export class ActorWatch implements ActorObserver {
  readonly #actor: AnyActorRef;
  readonly #machine: InspectedMachine;
  readonly #ports: ActorWatchPorts;
  readonly #listener: ActorListener;
  #pending: (() => void)[] = [];
  #inWindow = 0;
  #skipped = 0;
  #window: unknown;

  constructor(
    actor: AnyActorRef,
    machine: InspectedMachine,
    ports: ActorWatchPorts,
    listener: ActorListener,
  ) {
    this.#actor = actor;
    this.#machine = machine;
    this.#ports = ports;
    this.#listener = listener;
  }

  readonly onTransition = (seen: SeenTransition): void => {
    if (this.#inWindow >= limits.transitionsPerWindowMax) {
      this.#skipped += 1;
      return;
    }
    const { clock, lastSeq } = this.#ports;
    this.#inWindow += 1;
    this.#window ??= clock.setTimeout(this.#endWindow, limits.transitionWindowMs);
    const [atMs, seq] = [clock.now(), lastSeq()];
    this.#later(() => {
      this.#listener.onTransition(transitionView(this.#actor, this.#machine, seen, atMs, seq));
    });
  };

  readonly onEnded = (): void => {
    const view = endedView(this.#actor, this.#machine, this.#ports.clock.now());
    this.stop();
    this.#later(() => this.#listener.onEnded(view));
  };

  /** Tells at once what it has, so that who comes now hears of nothing that it has seen already. */
  readonly flush = (): void => {
    const pending = this.#pending;
    this.#pending = [];
    try {
      for (const tell of pending) tell();
    } catch (error) {
      this.#ports.onFault(error);
    }
  };

  /** Nobody listens any more. */
  stop(): void {
    this.#ports.clock.clearTimeout(this.#window);
    this.#window = undefined;
  }

  #later(tell: () => void): void {
    this.#pending.push(tell);
    if (this.#pending.length === 1) this.#ports.clock.defer(this.flush);
  }

  readonly #endWindow = (): void => {
    this.#window = undefined;
    this.#inWindow = 0;
    const skipped = this.#skipped;
    this.#skipped = 0;
    if (skipped > 0) this.#listener.onSkipped(skipped);
  };
}
