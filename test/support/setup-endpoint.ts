import { type Actor, createActor, fromCallback } from 'xstate';
import { indexTimers } from '../../src/actors/xstate-internals.ts';
import {
  type EndpointCommand,
  type EndpointReport,
  endpointMachine,
} from '../../src/machines/endpoint-machine.ts';
import { assignmentId } from '../../src/machines/identifiers.ts';
import { failed, type Outcome, retry } from '../../src/machines/outcome.ts';
import type { BreakerPolicy } from '../../src/machines/routing-policy.ts';
import { onDisposal } from './disposal.ts';
import { VirtualClock } from './virtual-clock.ts';

export const breakerPolicy: BreakerPolicy = { failuresMax: 3, openMs: 30_000, openMsMax: 240_000 };

/** The breaker of one endpoint, a pool that only listens, and a clock. */
export interface EndpointBench {
  readonly actor: Actor<typeof endpointMachine>;
  readonly clock: VirtualClock;
  readonly reports: EndpointReport[];
  readonly send: (...commands: readonly EndpointCommand[]) => void;
  /** Lease `lease` ends; 99 is one that was handed out before anything else. */
  readonly settle: (outcome: Outcome, lease?: number, draw?: number) => void;
  readonly trial: (lease: number) => void;
  /** Where it is, such as `open.resting`. */
  readonly state: () => string;
  /** What the pool was told, such as `open`. */
  readonly told: () => readonly string[];
}

export function setupEndpoint(parts: Partial<BreakerPolicy> = {}): EndpointBench {
  const clock = new VirtualClock();
  const reports: EndpointReport[] = [];
  const pool = createActor(
    fromCallback<EndpointReport>(({ receive }) => receive((report) => void reports.push(report))),
  ).start();
  const actor = createActor(endpointMachine, {
    clock,
    input: { endpoint: 'http://localhost:11434', policy: { ...breakerPolicy, ...parts }, pool },
  });
  const faults: unknown[] = [];
  actor.subscribe({ error: (error) => void faults.push(error) });
  indexTimers(actor, clock);
  actor.start();
  onDisposal(() => {
    actor.stop();
    pool.stop();
    if (faults.length > 0) throw new AggregateError(faults, 'the endpoint crashed');
  });
  const send = (...commands: readonly EndpointCommand[]) => {
    for (const command of commands) actor.send(command);
  };
  return {
    actor,
    clock,
    reports,
    send,
    settle: (outcome, lease = 99, draw = 0) =>
      send({ type: 'endpoint.settled', assignmentId: assignmentId(lease), outcome, draw }),
    trial: (lease) => send({ type: 'endpoint.trial', assignmentId: assignmentId(lease) }),
    state: () => stateName(actor.getSnapshot().value),
    told: () => reports.map(({ breaker }) => breaker),
  };
}

function stateName(value: string | object): string {
  return typeof value === 'string' ? value : Object.entries(value).flat().join('.');
}

export const failure = retry('backend.error', 'The server answered 500.');
/** The server works, although the task fails. */
export const unknown = failed('model.unknown', 'no such model');
export const sendAway = (delayMs: number) => retry('backend.busy', 'Its queue is full.', delayMs);

/** Without a draw, the first wait is half of its ceiling. */
export const firstWaitMs = breakerPolicy.openMs / 2;

/** How to get to each state. Where there is a trial it is lease 1; where there is a wait it is `firstWaitMs`. */
export const ways: Record<string, (bench: EndpointBench) => Promise<void> | void> = {
  closed: () => {},
  'open.resting': fail,
  'open.sentAway': ({ settle }) => settle(sendAway(firstWaitMs)),
  'halfOpen.ready': async (bench) => {
    fail(bench);
    await bench.clock.advance(firstWaitMs);
  },
  'halfOpen.trying': async (bench) => {
    await ways['halfOpen.ready']?.(bench);
    bench.trial(1);
  },
};

export function fail({ settle }: EndpointBench): void {
  for (let failures = 0; failures < breakerPolicy.failuresMax; failures += 1) settle(failure);
}

export async function setupAt(state: string): Promise<EndpointBench> {
  const bench = setupEndpoint();
  await ways[state]?.(bench);
  if (bench.state() !== state) throw new Error(`on the way to ${state} it got to ${bench.state()}`);
  return bench;
}

/** What the pool is told of a state. */
export function shownIn(state: string): string {
  if (state.startsWith('open')) return 'open';
  return { 'halfOpen.ready': 'halfOpen', 'halfOpen.trying': 'trying' }[state] ?? state;
}
