import type { InspectedMachine } from './chart-machines.ts';

/**
 * What an operator may send to an actor, as a closed list, and why the rest may not be sent. What carries a result, a lease
 * or a token is not among it: rows are the arbiter, and such an event would go past them.
 */

/** What the sender says beside the type of the event: whole numbers, and no text that others would have to trust. */
export interface SignalField {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Proposed to whoever is asked for it. */
  readonly preset: number;
}

export interface OperatorSignal {
  readonly machine: InspectedMachine;
  /** As the chart calls it. */
  readonly event: string;
  readonly fields: readonly SignalField[];
}

const dayMs = 86_400_000;

export const operatorSignals = [
  /** Hands out nothing more, also after a restart. */
  { machine: 'pool', event: 'pool.pause', fields: [] },
  { machine: 'pool', event: 'pool.resume', fields: [] },
  /** Hands out now what can be handed out. */
  { machine: 'pool', event: 'pool.turn', fields: [] },
  /** Corrects the performance factors now, and not at the next time for it. */
  { machine: 'pool', event: 'pool.rate', fields: [] },
  { machine: 'worker', event: 'worker.drain', fields: [] },
  { machine: 'worker', event: 'worker.rest', fields: [] },
  { machine: 'worker', event: 'worker.resume', fields: [] },
  /** Looks now whether it lives. */
  { machine: 'worker', event: 'worker.probe', fields: [] },
  /** A beat counts as missed, after so many ms of silence: enough of both, and the worker is lost. */
  {
    machine: 'worker',
    event: 'heartbeat.missed',
    fields: [{ name: 'silentMs', min: 0, max: dayMs, preset: 0 }],
  },
  /** It is watched again at once. */
  { machine: 'worker', event: 'xstate.after.heartbeatRestartMs.worker.liveness.unwatched', fields: [] },
  /** Closes the breaker. */
  { machine: 'endpoint', event: 'endpoint.reset', fields: [] },
  /** The rest of the server is over: the next task is its trial. */
  { machine: 'endpoint', event: 'xstate.after.waitMs.endpoint.open', fields: [] },
  /** The trial took too long: another task may be one. */
  { machine: 'endpoint', event: 'xstate.after.trialMs.endpoint.halfOpen.trying', fields: [] },
  { machine: 'task', event: 'task.cancel', fields: [] },
  { machine: 'task', event: 'task.reprioritize', fields: [{ name: 'priority', min: 1, max: 10, preset: 5 }] },
  /** Its start time, or the end of its backoff, is now. */
  { machine: 'task', event: 'xstate.after.waitMs.task.scheduled', fields: [] },
  { machine: 'task', event: 'xstate.after.waitMs.task.backingOff', fields: [] },
] as const satisfies readonly OperatorSignal[];

export type SignalEvent = (typeof operatorSignals)[number]['event'];

/** The entry of the list; `undefined` for what may not be sent. */
export function signalOf(
  machine: string,
  event: string,
): (OperatorSignal & { event: SignalEvent }) | undefined {
  return operatorSignals.find((signal) => signal.machine === machine && signal.event === event);
}

/** Whether this event ends the wait of a task. Its row waits for that time, too, and must not any more. */
export function endsWait(event: string): boolean {
  return event.startsWith('xstate.after.waitMs.task.');
}

const rows = 'where tasks stand is decided by the rows, and this would go past them';
const lease = 'it stands for a lease, and those are given by the pool alone, under a number that is on disk';
const result = 'it carries a result, and only who holds the lease can bring one';
const report = 'it is what another actor reports of itself';
const config = 'the configuration decides this; change the files, and reload';
const staff = 'workers come and go by the configuration, or join by themselves';
const timer = 'a timer of its own sends it for each crash; once more would forget another one';
const end = 'it would end the pool for good; stop the server instead: koubou stop';

const refusals: Readonly<Record<InspectedMachine, Readonly<Record<string, string>>>> = {
  pool: {
    'pool.open': rows,
    'pool.admit': rows,
    'pool.activate': rows,
    'pool.due': rows,
    'pool.forget': rows,
    'pool.committed': lease,
    'pool.cancel': 'send task.cancel to the task',
    'pool.reprioritize': 'send task.reprioritize to the task',
    'pool.order': 'send worker.drain, worker.rest or worker.resume to the worker',
    'pool.probe': 'send worker.probe to the worker',
    'pool.reset': 'send endpoint.reset to the server',
    'pool.reconfigure': config,
    'pool.enrol': staff,
    'pool.retire': staff,
    'pool.drain': end,
    'xstate.after.drainGraceMs.pool.draining': 'the server is stopping, and this is the grace of what runs',
    'worker.missing': staff,
    'endpoint.missing': staff,
    'crash.forgotten': timer,
    'task.ready': report,
    'worker.settled': result,
    'worker.noticed': report,
    'worker.admitted': report,
    'worker.sighted': report,
    'endpoint.noticed': report,
  },
  worker: {
    'worker.run': lease,
    'worker.stop': lease,
    'worker.configure': config,
    'worker.activate': 'that is what the load asks for, and the load would take it back; send worker.resume',
    'execution.settled': result,
    'heartbeat.received': 'it carries what a probe has seen; send worker.probe',
    'crash.forgotten': timer,
  },
  endpoint: {
    'endpoint.settled': result,
    'endpoint.trial': lease,
    'endpoint.configure': config,
  },
  task: {
    'task.postpone': rows,
    'task.assign': lease,
    'task.refuse': 'it carries a verdict of the pool; send task.cancel',
    'task.start': lease,
    'task.settle': result,
  },
  execution: { 'execution.stop': 'cancel its task: the row ends first, and then what runs' },
};

/** Why an operator may not send this event; `undefined` for what such an actor knows nothing of. */
export function refusalOf(machine: InspectedMachine, event: string): string | undefined {
  if (/^xstate\.(?:done|error)\./.test(event)) return 'it tells that a child has ended, and none has';
  return Object.hasOwn(refusals[machine], event) ? refusals[machine][event] : undefined;
}
