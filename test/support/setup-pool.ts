import { type Actor, createActor } from 'xstate';
import { indexTimers, spawnBeside } from '../../src/actors/xstate-internals.ts';
import type { RecordedFact, RecordedTaskFact } from '../../src/machines/facts.ts';
import type { AssignmentId, TaskId, WorkerId } from '../../src/machines/identifiers.ts';
import type { PoolInput, PoolPorts } from '../../src/machines/pool-context.ts';
import type { CommittedLease, RowPlace } from '../../src/machines/pool-events.ts';
import { poolMachine } from '../../src/machines/pool-machine.ts';
import { actorOfSeat, type Shortage, type TaskTicket } from '../../src/machines/task-board.ts';
import { taskMachine } from '../../src/machines/task-machine.ts';
import type { WorkerSpec } from '../../src/machines/worker-machine.ts';
import { onDisposal } from './disposal.ts';
import { FakeWorld } from './fake-world.ts';
import { makeSpec, taskIdOf } from './pool-samples.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface PoolOptions extends Partial<Omit<PoolInput, 'workers' | 'ports'>> {
  /** Their number, with one slot each, or what they are. */
  readonly workers?: number | readonly WorkerSpec[];
  /** Left out: they all answer before the test begins. */
  readonly isSilent?: boolean;
  readonly task?: typeof taskMachine;
  /** Workers that throw when they miss a beat. */
  readonly isFragile?: boolean;
}

/** A pool whose rows, turns, workers and time are in the hands of a test. Nothing happens by itself. */
export function setupPool(options: PoolOptions = {}): PoolBench {
  const bench = new PoolBench(options);
  bench.pool.send({ type: 'pool.open', recovered: 0, waiting: [] });
  if (options.isSilent !== true) for (const { workerId } of bench.specs) bench.world.beat(workerId);
  bench.facts.length = 0;
  return bench;
}

export class PoolBench {
  readonly clock = new VirtualClock();
  readonly world = new FakeWorld();
  readonly specs: readonly WorkerSpec[];
  readonly pool: Actor<typeof poolMachine>;
  /** What the actors said, in order. */
  readonly facts: RecordedFact[] = [];
  /** Faults of the pool itself: it has ended by one. */
  readonly faults: unknown[] = [];
  readonly pendingTimers: () => number;
  /** Accepted, and not known to have ended: what the rows would say. */
  readonly rows = new Map<TaskId, TaskTicket>();
  isTurnWanted = false;
  #shortages: readonly Shortage[] = [];
  #committed = 0;

  constructor({ workers = 1, isSilent: _, isFragile = false, task = taskMachine, ...input }: PoolOptions) {
    this.specs =
      typeof workers === 'number'
        ? Array.from({ length: workers }, (_each, index) => makeSpec(`local_00${index + 1}`))
        : workers;
    const ports: PoolPorts = {
      spawnTask: (parent, seat, taskInput) => {
        const ref = spawnBeside(parent, task, { id: actorOfSeat(seat), src: 'task', input: taskInput });
        ref.on('*', (fact) => this.#record(fact));
        return ref;
      },
      wantTurn: () => {
        this.isTurnWanted = true;
      },
      wantRows: (shortages) => {
        this.#shortages = shortages;
      },
    };
    const worker = isFragile ? fragile(this.world.worker()) : this.world.worker();
    this.pool = createActor(poolMachine.provide({ actors: { worker } }), {
      id: 'pool',
      clock: this.clock,
      input: {
        workers: this.specs,
        routing: { strategy: 'priority_based', rules: [] },
        admissionWindow: 10_000,
        leasesMax: 1_000,
        nextAssignment: 1,
        drainGraceMs: 30_000,
        backoff: { delayMsBase: 1_000, delayMsMax: 8_000 },
        ports,
        ...input,
      },
    });
    this.pool.on('*', (fact) => this.#record(fact));
    this.pool.subscribe({ error: (error) => this.faults.push(error) });
    this.pendingTimers = indexTimers(this.pool, this.clock).pending;
    this.pool.start();
    onDisposal(() => {
      this.pool.stop();
      if (this.faults.length > 0) throw new AggregateError(this.faults, 'the pool crashed');
    });
  }

  get board() {
    return this.pool.getSnapshot().context.board;
  }

  get roster() {
    return this.pool.getSnapshot().context.roster;
  }

  get state() {
    return this.pool.getSnapshot().value;
  }

  /** Accepts tasks: their rows are there, and the pool knows. */
  admit(...tickets: readonly TaskTicket[]): void {
    for (const ticket of tickets) this.rows.set(ticket.taskId, ticket);
    this.pool.send({ type: 'pool.admit', tickets });
  }

  /** Hands out once, and writes nothing down. */
  handOut(): void {
    this.isTurnWanted = false;
    this.pool.send({ type: 'pool.turn' });
  }

  /** What was said since the last commit is on disk now; the pool learns what follows from it. */
  commit(): void {
    const fresh = this.facts.slice(this.#committed) as RecordedTaskFact[];
    this.#committed = this.facts.length;
    const leased: CommittedLease[] = [];
    const cancelled: CommittedLease[] = [];
    for (const fact of fresh) {
      if (fact.type === 'task.assigned') leased.push(fact);
      const isHeld = fact.type === 'task.cancelled' && fact.assignmentId !== null && fact.workerId !== null;
      if (isHeld) cancelled.push(fact as CommittedLease);
    }
    if (leased.length + cancelled.length > 0) this.pool.send({ type: 'pool.committed', leased, cancelled });
  }

  /** Turns, each with its commit, until nothing more is asked for. */
  turn(): void {
    while (this.isTurnWanted) {
      this.handOut();
      this.commit();
      this.#readRows();
    }
  }

  /** Lets time pass, with turns in between. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    this.turn();
  }

  cancel(ticket: TaskTicket, place: RowPlace = ticket.delayMs > 0 ? 'scheduled' : 'waiting'): void {
    this.pool.send({ type: 'pool.cancel', ticket, place });
  }

  /** The lease that a task is under. */
  leaseOf(seq: number): AssignmentId {
    const lease = this.board.get(taskIdOf(seq))?.lease;
    if (lease === undefined || lease === null) throw new Error(`task ${seq} is under no lease`);
    return lease.assignmentId;
  }

  holderOf(seq: number): WorkerId | undefined {
    return this.board.get(taskIdOf(seq))?.lease?.workerId;
  }

  factsOf(seq: number): readonly RecordedTaskFact[] {
    const taskId = taskIdOf(seq);
    return this.facts.filter(
      (fact): fact is RecordedTaskFact =>
        'taskId' in fact && fact.taskId === taskId && fact.type !== 'worker.reported_late',
    );
  }

  /** The types of the facts of a task, such as `assigned`. */
  storyOf(seq: number): readonly string[] {
    return this.factsOf(seq).map(({ type }) => type.slice('task.'.length));
  }

  factsOfType<T extends RecordedFact['type']>(type: T): readonly Extract<RecordedFact, { type: T }>[] {
    return this.facts.filter((fact): fact is Extract<RecordedFact, { type: T }> => fact.type === type);
  }

  #record(fact: RecordedFact): void {
    this.facts.push(fact);
    const hasEnded =
      fact.type === 'task.completed' || fact.type === 'task.failed' || fact.type === 'task.cancelled';
    if (hasEnded) this.rows.delete(fact.taskId);
  }

  #readRows(): void {
    for (const tier of this.#shortages) {
      const { priority, taskType, afterSeq, limit } = tier;
      const behind = [...this.rows.values()]
        .filter(
          (row) =>
            row.priority === priority && row.taskType === taskType && row.seq > afterSeq && row.delayMs === 0,
        )
        .sort((a, b) => a.seq - b.seq);
      const tickets = behind.slice(0, limit);
      this.pool.send({ type: 'pool.activate', tier, tickets, exhausted: tickets.length < limit });
    }
    this.#shortages = [];
  }
}

function fragile(worker: ReturnType<FakeWorld['worker']>): ReturnType<FakeWorld['worker']> {
  return worker.provide({
    actions: {
      countMiss: () => {
        throw new Error('the worker was told to crash');
      },
    },
  });
}
