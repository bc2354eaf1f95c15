import type { AnyActorRef, AnyMachineSnapshot } from 'xstate';
import type { Clock } from '../actors/clock.ts';
import type { Store } from '../db/store.ts';
import type { InspectedMachine } from '../machines/chart-machines.ts';
import { KoubouError } from '../machines/errors.ts';
import type { ActorFact } from '../machines/facts.ts';
import type { TaskId } from '../machines/identifiers.ts';
import { workerId } from '../machines/identifiers.ts';
import {
  endsWait,
  operatorSignals,
  refusalOf,
  type SignalEvent,
  signalOf,
} from '../machines/operator-signals.ts';
import type { CurrentConfig } from './current-config.ts';
import type { Engine } from './engine.ts';
import type { Operations } from './operations.ts';
import { TaskChanges } from './task-changes.ts';

export interface ActorSignalPorts {
  readonly engine: Engine;
  readonly store: Pick<Store, 'task'>;
  readonly config: CurrentConfig;
  readonly clock: Clock;
  readonly operations: Pick<Operations, 'pause' | 'resume' | 'order' | 'orderable'>;
}

/** What an operator wants to send. */
export interface Signal {
  /** By its name towards clients. */
  readonly actor: string;
  readonly event: string;
  /** Checked: those that the list asks for, each within its bounds. */
  readonly fields: Readonly<Record<string, number>>;
  /** The name of the actor once more: whoever asks means this one. */
  readonly confirm: string;
  readonly by: string;
}

/** What was sent, once it is on disk. */
export interface SentSignal {
  readonly actor: string;
  readonly event: string;
  readonly by: string;
  /** Of the fact that tells of it. */
  readonly seq: number;
  /** ISO 8601 in UTC. */
  readonly at: string;
}

/** An actor that a signal is for. */
interface Target {
  readonly name: string;
  readonly actor: AnyActorRef;
  readonly machine: InspectedMachine;
}

/**
 * Events that an operator sends to an actor from its chart. Which ones is a closed list; each takes the way that the same
 * order takes from any other door, so that rows, facts and the books of the pool stay right.
 */
export class ActorSignals {
  readonly #ports: ActorSignalPorts;
  readonly #changes: TaskChanges;

  constructor(ports: ActorSignalPorts) {
    this.#ports = ports;
    this.#changes = new TaskChanges(ports);
  }

  /**
   * Sends an event. Resolves when it is on disk, with all that came of it at once.
   *
   * @throws KoubouError `request.invalid` for what may not be sent or was not confirmed, `actor.conflict` for what it would
   *   not take now, `task.unknown`, `task.ended`, `worker.unknown`, `worker.conflict`, `route.unknown`, `storage.unavailable`
   */
  async send(signal: Signal): Promise<SentSignal> {
    const { engine } = this.#ports;
    const target = { name: signal.actor, ...engine.inspection.find(signal.actor) };
    const event = sendable(target, signal);
    this.#assertMeant(signal);
    assertTaken(target, { ...signal.fields, type: event });
    this.#assertPossible(target, event);
    const fact: ActorFact = {
      type: 'actor.signalled',
      actor: signal.actor,
      machine: target.machine,
      event,
      fields: signal.fields,
      by: signal.by,
      wakes: endsWait(event) ? (signal.actor as TaskId) : null,
    };
    let seq = 0;
    let atMs = 0;
    const unhear = engine.stream.subscribe((committed) => {
      if (committed.fact === fact) ({ seq, atMs } = committed);
    });
    try {
      engine.noteSignal(fact);
      // All in one turn: what the actor does comes behind the fact, and is written with it.
      await Promise.all([this.#deliver(target, event, signal), engine.journal.settled()]);
    } finally {
      unhear();
    }
    return { actor: signal.actor, event, by: signal.by, seq, at: new Date(atMs).toISOString() };
  }

  #assertMeant({ actor, confirm }: Signal): void {
    if (confirm === actor) return;
    throw new KoubouError(
      'request.invalid',
      `confirm: write ${actor}, the name of the actor, to say that you mean it; nothing was sent`,
    );
  }

  /** All that could refuse it further down, asked before anything is written. */
  #assertPossible({ name, machine }: Target, event: SignalEvent): void {
    const { engine, operations } = this.#ports;
    if (engine.journal.isStalled) {
      const message = 'nothing can be written now, so nothing was sent; try again when the disk works';
      throw engine.journal.refusal ?? new KoubouError('storage.unavailable', message);
    }
    if (machine === 'task') this.#changes.living(name as TaskId);
    if (event === 'worker.drain') operations.orderable(idOf(name), 'drain');
    if (event === 'worker.rest') operations.orderable(idOf(name), 'rest');
    if (event === 'worker.resume') operations.orderable(idOf(name), 'resume');
  }

  /** Its synchronous part does all that is to be done; what it waits for is the disk. */
  async #deliver({ name, actor }: Target, event: SignalEvent, { fields, by }: Signal): Promise<void> {
    const { engine, operations } = this.#ports;
    switch (event) {
      case 'pool.pause':
        return operations.pause();
      case 'pool.resume':
        return operations.resume();
      case 'pool.turn':
      case 'pool.rate':
        return engine.command({ type: event });
      case 'worker.drain':
        return operations.order(idOf(name), 'drain', by);
      case 'worker.rest':
        return operations.order(idOf(name), 'rest', by);
      case 'worker.resume':
        return operations.order(idOf(name), 'resume', by);
      case 'worker.probe':
        return engine.command({ type: 'pool.probe', workerId: workerId(idOf(name)) });
      case 'endpoint.reset':
        return engine.command({ type: 'pool.reset', endpoint: idOf(name) });
      case 'task.cancel':
        return this.#changes.cancel(name as TaskId);
      case 'task.reprioritize':
        return this.#changes.reprioritize(name as TaskId, fields['priority'] as number);
      case 'heartbeat.missed':
        return actor.send({ ...fields, type: event, detail: `asked for by ${by}` });
      case 'xstate.after.heartbeatRestartMs.worker.liveness.unwatched':
      case 'xstate.after.waitMs.endpoint.open':
      case 'xstate.after.trialMs.endpoint.halfOpen.trying':
      case 'xstate.after.waitMs.task.scheduled':
      case 'xstate.after.waitMs.task.backingOff':
        return actor.send({ type: event });
    }
  }
}

/** @throws KoubouError `request.invalid`, with why it may not be sent, or what may */
function sendable({ machine }: Target, { event }: Signal): SignalEvent {
  const known = signalOf(machine, event);
  if (known !== undefined) return known.event;
  const why = refusalOf(machine, event);
  const all = operatorSignals.filter((signal) => signal.machine === machine).map((signal) => signal.event);
  const instead =
    all.length === 0 ? 'nothing can be sent to it' : `what may be sent to it is ${all.join(', ')}`;
  throw new KoubouError(
    'request.invalid',
    why === undefined
      ? `event.type: a ${machine} takes no ${event.slice(0, 100)}; ${instead}`
      : `event.type: ${event} may not be sent by hand: ${why}`,
    { details: { sendable: all } },
  );
}

/** @throws KoubouError `actor.conflict` with what it would take */
function assertTaken({ name, actor, machine }: Target, event: { readonly type: string }): void {
  const snapshot = actor.getSnapshot() as AnyMachineSnapshot;
  if (snapshot.can(event)) return;
  const taken = operatorSignals
    .filter((signal) => signal.machine === machine)
    .filter(({ event: type, fields }) => snapshot.can({ ...presetsOf(fields), type }))
    .map((signal) => signal.event);
  const states = JSON.stringify(snapshot.value);
  throw new KoubouError(
    'actor.conflict',
    `${name} is in ${states} and does not take ${event.type} now; it would take ${taken.join(', ') || 'nothing'}`,
    { details: { would_take: taken } },
  );
}

function presetsOf(fields: (typeof operatorSignals)[number]['fields']): Readonly<Record<string, number>> {
  return Object.fromEntries(fields.map(({ name, preset }) => [name, preset]));
}

/** What stands behind the kind: `local_001` of `worker:local_001`. */
function idOf(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
