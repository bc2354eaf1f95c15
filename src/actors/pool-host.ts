import { type Actor, createActor } from 'xstate';
import { endpointMachine } from '../machines/endpoint-machine.ts';
import type { RecordedFact } from '../machines/facts.ts';
import type { PoolInput, PoolPorts } from '../machines/pool-context.ts';
import { poolMachine } from '../machines/pool-machine.ts';
import { actorOfSeat } from '../machines/seat.ts';
import type { Shortage, WaitingCount } from '../machines/task-board.ts';
import { taskMachine } from '../machines/task-machine.ts';
import type { TaskTicket } from '../machines/task-ticket.ts';
import type { ExecutionInput } from '../machines/worker-events.ts';
import { workerMachine } from '../machines/worker-machine.ts';
import type { ExecutionReport } from '../machines/worker-reports.ts';
import type { Clock } from './clock.ts';
import { type ExecutionPorts, executionActor } from './execution-actor.ts';
import { type HeartbeatPorts, heartbeatActor } from './heartbeat.ts';
import { InspectionHook } from './inspection-hook.ts';
import { withPlannedSteps } from './planned-steps.ts';
import { type IndexedTimers, indexTimers, spawnBeside } from './xstate-internals.ts';

/** What the actors need of the world around them. */
export interface PoolHostPorts {
  readonly clock: Clock;
  readonly executions: Omit<ExecutionPorts, 'report'>;
  readonly heartbeats: HeartbeatPorts;
  /** Takes in what an actor says has happened. */
  readonly record: (fact: RecordedFact) => void;
  /** Writes what was recorded; resolves when that was tried. */
  readonly flush: () => Promise<void>;
  /**
   * Rows behind a window; `undefined` while the disk fails: what waits may not be there yet, and a turn is wanted as soon as
   * it works again. `exhausted`: nothing more waits there, also not on its way to the disk.
   */
  readonly readRows: (
    shortage: Shortage,
  ) => { tickets: readonly TaskTicket[]; exhausted: boolean } | undefined;
  /** An actor failed in a way that nobody handles. */
  readonly onFault: (error: unknown) => void;
}

type WorkerHandle = ExecutionInput['worker'];

/** Nothing of one pool is in them: one plan serves all pools of a process. */
const plannedTask = withPlannedSteps(taskMachine);
const plannedEndpoint = withPlannedSteps(endpointMachine);

export type PoolActor = Actor<typeof poolMachine>;

/** The pool as a running actor, and its turns: what arrives in one turn of the event loop is handed out and written together. */
export interface PoolHost {
  readonly pool: PoolActor;
  readonly wantTurn: () => void;
  readonly timers: IndexedTimers;
  /** Sees the pool and all below it from within. */
  readonly hook: InspectionHook;
}

export function startPool(input: Omit<PoolInput, 'ports'>, ports: PoolHostPorts): PoolHost {
  let turnWanted = false;
  let shortages: readonly Shortage[] = [];

  const wantTurn = () => {
    if (turnWanted) return;
    turnWanted = true;
    ports.clock.defer(() => void turn());
  };
  const settled = new Map<WorkerHandle, ExecutionReport[]>();
  const report: ExecutionPorts['report'] = (worker, ending) => {
    const others = settled.get(worker);
    if (others === undefined) settled.set(worker, [ending]);
    else others.push(ending);
    wantTurn();
  };
  const turn = async () => {
    turnWanted = false;
    for (const [worker, reports] of settled) worker.send({ type: 'execution.settled', reports });
    settled.clear();
    if (pool.getSnapshot().status === 'active') pool.send({ type: 'pool.turn' });
    await ports.flush();
    const wanted = shortages;
    shortages = [];
    for (const shortage of wanted) {
      const rows = ports.readRows(shortage);
      if (rows !== undefined) pool.send({ type: 'pool.activate', tier: shortage, ...rows });
    }
  };
  const hook = new InspectionHook(ports.clock);
  const inspectedTask = hook.machine('task', plannedTask);
  const poolPorts: PoolPorts = {
    spawnTask: (parent, seat, taskInput, onDone) => {
      const task = spawnBeside(parent, inspectedTask, {
        id: actorOfSeat(seat),
        src: 'task',
        input: taskInput,
        onDone,
      });
      task.on('*', ports.record);
      return task;
    },
    wantTurn,
    wantRows: (found) => {
      shortages = found;
    },
  };

  const pool = createActor(providedPool(ports, report, hook), {
    id: 'pool',
    input: { ...input, ports: poolPorts },
    clock: ports.clock,
  });
  pool.on('*', ports.record);
  pool.subscribe({ error: ports.onFault });
  const timers = indexTimers(pool, ports.clock, hook.ended);
  pool.start();
  return { pool, wantTurn, timers, hook };
}

function providedPool(ports: PoolHostPorts, report: ExecutionPorts['report'], hook: InspectionHook) {
  const execution = hook.execution(executionActor({ ...ports.executions, report }));
  const worker = workerMachine.provide({
    actors: { execution, heartbeat: heartbeatActor(ports.heartbeats) },
  });
  const actors = {
    worker: hook.machine('worker', worker),
    endpoint: hook.machine('endpoint', plannedEndpoint),
  };
  return hook.machine('pool', withPlannedSteps(poolMachine.provide({ actors })));
}

/**
 * Watches for rows whose start time comes. It looks again each minute at the latest, since the wall clock by which
 * start times are given may jump.
 */
export function watchSchedule(ports: {
  readonly clock: Clock;
  readonly nextRunAtMs: () => number | null;
  readonly takeDue: (nowMs: number) => readonly WaitingCount[];
  readonly onDue: (waiting: readonly WaitingCount[]) => void;
  readonly onFault: (error: unknown) => void;
}): { readonly lookAgain: () => void; readonly stop: () => void } {
  const lookAgainMs = 60_000;
  let timer: unknown;
  const look = () => {
    ports.clock.clearTimeout(timer);
    let waitMs = lookAgainMs;
    try {
      const nowMs = ports.clock.now();
      const next = ports.nextRunAtMs();
      if (next !== null && next <= nowMs) {
        const due = ports.takeDue(nowMs);
        if (due.length > 0) ports.onDue(due);
      }
      waitMs = Math.min(
        lookAgainMs,
        Math.max(0, (ports.nextRunAtMs() ?? Number.POSITIVE_INFINITY) - ports.clock.now()),
      );
    } catch (error) {
      // The disk fails: the journal says so; the rows wait until it works again.
      ports.onFault(error);
      waitMs = 1_000;
    }
    timer = ports.clock.setTimeout(look, waitMs);
  };
  return { lookAgain: look, stop: () => ports.clock.clearTimeout(timer) };
}
