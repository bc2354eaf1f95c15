import type {
  AnyActorLogic,
  AnyActorRef,
  AnyEventObject,
  AnyMachineSnapshot,
  AnyStateMachine,
  AnyStateNode,
} from 'xstate';
import type { InspectedMachine } from '../machines/chart-machines.ts';
import type { Outcome } from '../machines/outcome.ts';
import { actorOfSlot, isHeld } from '../machines/worker-actions.ts';
import type { ExecutionInput, Run } from '../machines/worker-events.ts';
import type { ExecutionReports } from '../machines/worker-reports.ts';
import type { Clock } from './clock.ts';
import { ChartTally, StateTally, type Stay } from './inspection-census.ts';
import { derivedLogic, nodesOf } from './xstate-internals.ts';

/** What happened to an actor that somebody watches. */
export interface SeenTransition {
  readonly event: AnyEventObject;
  readonly before: AnyMachineSnapshot;
  readonly after: AnyMachineSnapshot;
}

/** Must not throw, and must be quick: it is called within the transition. */
export interface ActorObserver {
  readonly onTransition: (seen: SeenTransition) => void;
  readonly onEnded: () => void;
}

/** An actor that lives, and where it stands: in one state of each region. */
export interface Life {
  readonly chart: ChartTally;
  readonly stays: readonly Stay[];
}

/** Kept on the actor itself: looking it up in a map took longer than all the rest of counting. */
const lifeKey = Symbol('life');
type Carrier = AnyActorRef & { [lifeKey]?: Life | undefined };
type Tallies = ReadonlyMap<AnyStateNode, StateTally>;
type Scope = Parameters<AnyStateMachine['transition']>[2];

/** An execution as a snapshot: its slot, and the attempt in it. */
export interface ExecutionSnapshot {
  readonly input: ExecutionInput;
  /** The attempt that it makes, or made last. */
  readonly run?: Run;
}

const running = 'running';
const endings = ['succeeded', 'retry', 'failed', 'released', 'cancelled'] as const;

/**
 * Sees all actors of a pool from within: counts where they are, always, and tells what they do, of those that somebody
 * watches. It stands in the way of each event, so it does next to nothing; XState's own `inspect` costs half as much
 * again as the event.
 */
export class InspectionHook {
  readonly #clock: Pick<Clock, 'monotonic' | 'defer'>;
  readonly #charts = new Map<InspectedMachine, ChartTally>();
  readonly #observers = new Map<AnyActorRef, Set<ActorObserver>>();
  readonly #runs = new Map([running, ...endings].map((name) => [name as string, new StateTally(name, 0)]));
  #turnMs: number | undefined;

  constructor(clock: Pick<Clock, 'monotonic' | 'defer'>) {
    this.#clock = clock;
  }

  get charts(): ReadonlyMap<InspectedMachine, ChartTally> {
    return this.#charts;
  }

  /** `undefined` for one that has ended, or is of no kind that is counted. */
  lifeOf(actor: AnyActorRef): Life | undefined {
    return (actor as Carrier)[lifeKey];
  }

  /** The same machine, whose actors are counted. Its root may be parallel, but nothing within. */
  machine<M extends AnyStateMachine>(name: InspectedMachine, machine: M): M {
    const tallies = talliesOf(machine.root);
    const chart = this.#chart(name, [...tallies.values()]);
    return derivedLogic(machine, {
      start: (snapshot: AnyMachineSnapshot, scope: Scope) => {
        const places = nodesOf(snapshot).flatMap((node) => tallies.get(node) ?? []);
        this.#begin(chart, scope.self, places);
        machine.start(snapshot);
      },
      transition: (before: AnyMachineSnapshot, event: AnyEventObject, scope: Scope) => {
        if (event.type === 'execution.settled') this.#endRuns(before, event as unknown as ExecutionReports);
        const after = machine.transition(before, event, scope);
        if (nodesOf(after) === nodesOf(before)) chart.keep(event.type);
        else this.#move(scope.self, nodesOf(after), tallies, event);
        if (this.#observers.size > 0) this.#tell(scope.self, event, before, after);
        return after;
      },
    });
  }

  /** The same logic of executions, whose attempts are counted. They have no chart: they run, and end by one of the outcomes. */
  execution<L extends AnyActorLogic>(logic: L): L {
    const chart = this.#chart('execution', [...this.#runs.values()]);
    const places = [this.#runs.get(running) as StateTally];
    return derivedLogic(logic, {
      transition: (before: unknown, event: AnyEventObject, scope: Scope) => {
        if (event.type !== 'execution.run') return logic.transition(before as never, event, scope);
        this.#begin(chart, scope.self, places);
        return { ...logic.transition(before as never, event, scope), run: event['run'] };
      },
    });
  }

  /** To be called when an actor has ended, however that was. */
  readonly ended = (actor: AnyActorRef): void => {
    const life = this.lifeOf(actor);
    if (life !== undefined) this.#end(actor, life, actor.getSnapshot().status === 'error');
  };

  #end(actor: AnyActorRef, life: Life, hasCrashed: boolean): void {
    (actor as Carrier)[lifeKey] = undefined;
    life.chart.end(life.stays, hasCrashed, this.#now());
    if (this.#observers.size === 0) return;
    const observers = this.#observers.get(actor);
    this.#observers.delete(actor);
    for (const { onEnded } of observers ?? []) onEnded();
  }

  /** Watches a live actor until it ends. @returns ends it before that */
  observe(actor: AnyActorRef, observer: ActorObserver): () => void {
    const observers = this.#observers.get(actor) ?? new Set();
    this.#observers.set(actor, observers.add(observer));
    return () => {
      observers.delete(observer);
      if (observers.size === 0 && this.#observers.get(actor) === observers) this.#observers.delete(actor);
    };
  }

  /** Actors that somebody watches. */
  get observed(): number {
    return this.#observers.size;
  }

  #chart(name: InspectedMachine, states: readonly StateTally[]): ChartTally {
    const chart = new ChartTally(name, states);
    this.#charts.set(name, chart);
    return chart;
  }

  #begin(chart: ChartTally, actor: AnyActorRef, places: readonly StateTally[]): void {
    (actor as Carrier)[lifeKey] = { chart, stays: chart.begin(actor, places, this.#now()) };
  }

  #move(actor: AnyActorRef, nodes: readonly AnyStateNode[], tallies: Tallies, event: AnyEventObject): void {
    const life = (actor as Carrier)[lifeKey];
    if (life === undefined) return;
    for (const node of nodes) {
      const to = tallies.get(node);
      if (to === undefined) continue;
      const stay = life.stays[to.region];
      if (stay !== undefined && stay.place !== to) {
        life.chart.move(stay, to, event.type, failureCodeOf(event), this.#now());
      }
    }
  }

  #endRuns({ children, context }: AnyMachineSnapshot, { type, reports }: ExecutionReports): void {
    for (const report of reports) {
      const execution = children[actorOfSlot(report.slot)];
      const life = execution === undefined ? undefined : this.lifeOf(execution);
      const stay = life?.stays[0];
      const to = this.#runs.get(report.outcome.kind);
      // What comes late is of a lease that has ended; another may run in its slot.
      if (!isHeld(context.slots, report)) continue;
      if (execution === undefined || life === undefined || stay === undefined || to === undefined) continue;
      life.chart.move(stay, to, type, failureCodeOf({ type, outcome: report.outcome }), this.#now());
      this.#end(execution, life, false);
    }
  }

  #tell(
    actor: AnyActorRef,
    event: AnyEventObject,
    before: AnyMachineSnapshot,
    after: AnyMachineSnapshot,
  ): void {
    const observers = this.#observers.get(actor);
    if (observers === undefined) return;
    for (const { onTransition } of observers) onTransition({ event, before, after });
  }

  /** One look at the clock serves a turn of the event loop: it costs more than all the rest here. */
  #now(): number {
    if (this.#turnMs === undefined) {
      this.#turnMs = this.#clock.monotonic();
      this.#clock.defer(this.#endTurn);
    }
    return this.#turnMs;
  }

  readonly #endTurn = (): void => {
    this.#turnMs = undefined;
  };
}

/** One for each state that has no states of its own. */
function talliesOf(root: AnyStateNode): Tallies {
  const tallies = new Map<AnyStateNode, StateTally>();
  const enter = (node: AnyStateNode, region: number) => {
    const inner = Object.values(node.states);
    if (inner.length === 0) tallies.set(node, new StateTally(node.path.join('.'), region));
    for (const [at, each] of inner.entries()) {
      enter(each, node === root && root.type === 'parallel' ? at : region);
    }
  };
  enter(root, 0);
  return tallies;
}

function failureCodeOf(event: AnyEventObject): string | undefined {
  const { outcome, failure } = event as { outcome?: Outcome; failure?: { code: string } };
  if (outcome !== undefined) return 'failure' in outcome ? outcome.failure.code : undefined;
  return failure?.code;
}
