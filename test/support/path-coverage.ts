import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, InspectionEvent } from 'xstate';
import { nodesOf } from '../../src/actors/xstate-internals.ts';

type Transition = NonNullable<AnyStateNode['always']>[number];
type Guard = (args: unknown, params: unknown) => boolean;

/** One branch of one event of one state: `endpoint.closed on endpoint.settled, 1st way`. */
interface Way {
  readonly name: string;
  readonly eventType: string;
  readonly guard: string | null;
  /** The delay that it waits for; `null` for one that an event brings. */
  readonly delay: string | null;
}

export interface CoverageOptions {
  /** Delays of events that an action raises, each with the event that comes when it has passed: no chart shows these. */
  readonly raised?: Readonly<Record<string, string>>;
  /** What need not be covered, by its line in `missing()`, with the reason. One that is covered after all is a fault. */
  readonly exceptions?: Readonly<Record<string, string>>;
}

/**
 * What of a chart was seen at work: states that were entered, ways that were taken, guards that let pass and that did
 * not, each where it stands, and delays that passed. All of it is read from the chart itself, so that nothing that is
 * added to one can be forgotten here.
 */
export class ChartCoverage {
  readonly #machine: AnyStateMachine;
  readonly #raised: Readonly<Record<string, string>>;
  readonly #exceptions: Readonly<Record<string, string>>;
  readonly #ways: ReadonlyMap<string, Way>;
  readonly #entered = new Set<string>();
  readonly #taken = new Set<string>();
  readonly #passed = new Set<string>();
  readonly #refused = new Set<string>();
  /** The ways of all machines that are watched. Their copies have transitions of their own. */
  readonly #wayOf = new WeakMap<object, string>();
  /** Guards that let pass since the last step: what an action that throws leaves of the way it stood on. */
  #underWay: string[] = [];

  constructor(machine: AnyStateMachine, { raised = {}, exceptions = {} }: CoverageOptions = {}) {
    this.#machine = machine;
    this.#raised = raised;
    this.#exceptions = exceptions;
    this.#ways = new Map([...waysOf(machine)].map(([, way]) => [way.name, way]));
  }

  /** Notes each answer of each guard of a machine. It is changed in place: give it a copy, as `provide` makes. */
  watch<M extends AnyStateMachine>(machine: M): M {
    const guards = machine.implementations.guards as Record<string, Guard>;
    for (const [transition, { name, guard }] of [...waysOf(machine)]) {
      this.#wayOf.set(transition, name);
      if (guard === null) continue;
      const asked = guards[guard];
      if (typeof asked !== 'function') throw new TypeError(`guard ${guard} is no function`);
      guards[name] = (args, params) => {
        const passes = asked(args, params);
        (passes ? this.#passed : this.#refused).add(name);
        if (passes) this.#underWay.push(name);
        return passes;
      };
      const { guard: reference } = transition;
      Object.assign(transition, {
        guard: typeof reference === 'string' ? name : { ...reference, type: name },
      });
    }
    return machine;
  }

  /** Notes each step of an actor whose machine is watched; its option of this name, so that its first one is seen. */
  readonly inspect = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep') return;
    const snapshot = event.snapshot as AnyMachineSnapshot;
    if (snapshot.machine.id !== this.#machine.id) return;
    this.#underWay = [];
    for (const transition of event._transitions) {
      const name = this.#wayOf.get(transition);
      if (name === undefined) continue;
      this.#taken.add(name);
      // A state that is left in the same breath shows by the way out of it alone.
      this.#enter(transition.source);
    }
    for (const node of nodesOf(snapshot)) this.#enter(node);
  };

  /** An action has thrown, and ended the actor: XState tells nothing of such a step, but the guard before it has told. */
  noteCrash(): void {
    for (const name of this.#underWay) this.#taken.add(name);
    this.#underWay = [];
  }

  /** What was never seen, one line each; empty when all of the chart was at work. */
  missing(): readonly string[] {
    const lines = [...this.#gaps()];
    const known = new Set(Object.keys(this.#exceptions));
    const idle = [...known].filter((line) => !lines.includes(line));
    return [
      ...lines.filter((line) => !known.has(line)),
      ...idle.map((line) => `no exception any more: ${line}`),
    ];
  }

  /** How much of it was seen: `7/7 states, 9/9 transitions, 3/3 guards at 5/5 places, 2/2 delays`. */
  summary(): string {
    const ways = [...this.#ways.values()];
    const guarded = ways.filter(({ guard }) => guard !== null);
    const isBoth = ({ name }: Way) => this.#passed.has(name) && this.#refused.has(name);
    const named = Object.keys(this.#machine.implementations.guards);
    const sure = named.filter((guard) => {
      const places = guarded.filter((way) => way.guard === guard);
      return places.length > 0 && places.every(isBoth);
    });
    const delays = this.#delays();
    const parts = [
      [this.#entered.size, nodesIn(this.#machine.root).length, 'states'],
      [this.#taken.size, ways.length, 'transitions'],
      [sure.length, named.length, 'guards'],
      [guarded.filter(isBoth).length, guarded.length, 'places of guards'],
      [delays.filter((delay) => this.#hasPassed(delay)).length, delays.length, 'delays'],
    ] as const;
    return parts.map(([seen, all, what]) => `${seen}/${all} ${what}`).join(', ');
  }

  *#gaps(): Generator<string> {
    for (const { id } of nodesIn(this.#machine.root)) {
      if (!this.#entered.has(id)) yield `state ${id} was never entered`;
    }
    for (const { name, guard } of this.#ways.values()) {
      if (!this.#taken.has(name)) yield `${name} was never taken`;
      if (guard === null) continue;
      if (!this.#passed.has(name)) yield `guard ${guard} of ${name} was never true`;
      if (!this.#refused.has(name)) yield `guard ${guard} of ${name} was never false`;
    }
    const asked = new Set([...this.#ways.values()].map(({ guard }) => guard));
    for (const guard of Object.keys(this.#machine.implementations.guards)) {
      if (!asked.has(guard)) yield `guard ${guard} is asked nowhere`;
    }
    for (const delay of this.#delays()) if (!this.#hasPassed(delay)) yield `delay ${delay} never passed`;
  }

  /** Those that `setup` names, and those that stand in the chart without a name. */
  #delays(): readonly string[] {
    const inChart = [...this.#ways.values()].flatMap(({ delay }) => (delay === null ? [] : [delay]));
    return [...new Set([...Object.keys(this.#machine.implementations.delays), ...inChart])];
  }

  #hasPassed(delay: string): boolean {
    const raised = this.#raised[delay];
    return [...this.#ways.values()].some(
      (way) => (way.delay === delay || way.eventType === raised) && this.#taken.has(way.name),
    );
  }

  #enter(node: AnyStateNode): void {
    for (let at: AnyStateNode | undefined = node; at !== undefined; at = at.parent) this.#entered.add(at.id);
  }
}

function* waysOf(machine: AnyStateMachine): Generator<readonly [Transition, Way]> {
  for (const node of nodesIn(machine.root)) {
    const always = node.always === undefined ? [] : [['always', node.always] as const];
    for (const [eventType, transitions] of [...node.transitions, ...always]) {
      for (const [index, transition] of transitions.entries()) {
        const which = transitions.length === 1 ? '' : `, way ${index + 1}`;
        const delay = node.after.find((after) => after === transition)?.delay;
        yield [
          transition,
          {
            name: `${node.id} on ${eventType}${which}`,
            eventType,
            guard: guardOf(transition),
            delay: delay === undefined ? null : String(delay),
          },
        ];
      }
    }
  }
}

function guardOf({ guard }: Transition): string | null {
  if (guard === undefined) return null;
  const name = typeof guard === 'object' ? guard.type : guard;
  if (typeof name !== 'string') throw new TypeError('a guard without a name cannot be told from others');
  return name;
}

function nodesIn(node: AnyStateNode): readonly AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesIn)];
}
