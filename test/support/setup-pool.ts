import { type Actor, type AnyStateMachine, createActor } from 'xstate';
import { indexTimers, spawnBeside } from '../../src/actors/xstate-internals.ts';
import { DurationBook } from '../../src/machines/duration-book.ts';
import { endpointMachine } from '../../src/machines/endpoint-machine.ts';
import type { RecordedFact, RecordedTaskFact } from '../../src/machines/facts.ts';
import { type AssignmentId, type TaskId, type WorkerId, workerId } from '../../src/machines/identifiers.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import type { PoolInput, PoolPolicy, PoolPorts } from '../../src/machines/pool-context.ts';
import type { CommittedLease, LeaseName, RowPlace } from '../../src/machines/pool-events.ts';
import { poolMachine } from '../../src/machines/pool-machine.ts';
import { actorOfSeat } from '../../src/machines/seat.ts';
import type { Sighting } from '../../src/machines/sighting.ts';
import type { Shortage } from '../../src/machines/task-board.ts';
import { taskMachine } from '../../src/machines/task-machine.ts';
import type { TaskTicket } from '../../src/machines/task-ticket.ts';
import type { RosterEntry } from '../../src/machines/worker-roster.ts';
import type { WorkerSpec } from '../../src/machines/worker-spec.ts';
import type { Admission, AdmissionOrder } from '../../src/machines/worker-state.ts';
import { onDisposal } from './disposal.ts';
import { FakeWorld, fragile } from './fake-world.ts';
import { makePolicy, makeSpec, taskIdOf } from './pool-samples.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface PoolOptions extends Partial<Omit<PoolInput, 'workers' | 'policy' | 'ports'>> {
  /** Their number, with one slot each, or what they are. */
  readonly workers?: number | readonly WorkerSpec[];
  /** What a former process left them in; else they are active, or in reserve. */
  readonly admissions?: Readonly<Record<string, Admission>>;
  readonly policy?: Partial<PoolPolicy>;
  /** Left out: they all answer before the test begins. */
  readonly isSilent?: boolean;
  readonly task?: typeof taskMachine;
  readonly endpoint?: typeof endpointMachine;
  /** Workers that throw when they miss a beat. */
  readonly isFragile?: boolean;
  /** Stands before each machine, and runs it. */
  readonly runBy?: <M extends AnyStateMachine>(machine: M) => M;
}

/** Whoever wants turn after turn without an end has a bug, and must say so. */
const turnsMax = 10_000;

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

  constructor({
    workers = 1,
    admissions = {},
    policy = {},
    isSilent: _,
    isFragile = false,
    task = taskMachine,
    endpoint = endpointMachine,
    runBy = (machine) => machine,
    ...input
  }: PoolOptions) {
    this.specs =
      typeof workers === 'number'
        ? Array.from({ length: workers }, (_each, index) => makeSpec(`local_00${index + 1}`))
        : workers;
    const tasks = runBy(task);
    const ports: PoolPorts = {
      spawnTask: (parent, seat, taskInput, onDone) => {
        const options = { id: actorOfSeat(seat), src: 'task', input: taskInput, onDone };
        const ref = spawnBeside(parent, tasks, options);
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
    const actors = { worker: runBy(worker), endpoint: runBy(endpoint) };
    this.pool = createActor(runBy(poolMachine.provide({ actors })), {
      id: 'pool',
      clock: this.clock,
      input: {
        workers: this.specs.map((spec) => ({
          spec,
          admission: admissions[spec.workerId] ?? (spec.standby ? 'standby' : 'active'),
        })),
        policy: makePolicy(policy),
        book: new DurationBook(),
        admissionWindow: 10_000,
        nextAssignment: 1,
        drainGraceMs: 30_000,
        isPaused: false,
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
    const cancelled: LeaseName[] = [];
    for (const fact of fresh) {
      if (fact.type === 'task.assigned') leased.push(fact);
      const isHeld = fact.type === 'task.cancelled' && fact.assignmentId !== null && fact.workerId !== null;
      if (isHeld) cancelled.push(fact as LeaseName);
    }
    if (leased.length + cancelled.length > 0) this.pool.send({ type: 'pool.committed', leased, cancelled });
  }

  /** Turns, each with its commit, until nothing more is asked for. */
  turn(): void {
    for (let turns = 0; this.isTurnWanted; turns += 1) {
      if (turns === turnsMax) throw new Error(`the pool still wants a turn after ${turnsMax} of them`);
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

  reprioritize(
    ticket: TaskTicket,
    priority: number,
    place: RowPlace = ticket.delayMs > 0 ? 'scheduled' : 'waiting',
  ): void {
    this.pool.send({ type: 'pool.reprioritize', ticket, place, priority });
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

  /** The attempt at a task ends so. */
  settle(seq: number, outcome: Outcome, elapsedMs = 0): void {
    this.world.settle(this.leaseOf(seq), outcome, 0, elapsedMs);
    this.turn();
  }

  beat(name: string, sighting?: Sighting): void {
    this.world.beat(workerId(name), sighting);
    this.turn();
  }

  /** So many beats in a row do not come, after a silence that is long enough. */
  miss(name: string, beats = 1): void {
    for (let missed = 0; missed < beats; missed += 1) this.world.miss(workerId(name));
    this.turn();
  }

  order(name: string, order: AdmissionOrder, detail = 'an operator'): void {
    this.pool.send({ type: 'pool.order', workerId: workerId(name), order, detail });
    this.turn();
  }

  /** Another configuration, of the next version. */
  reconfigure(specs: readonly WorkerSpec[], parts: Partial<PoolPolicy> = {}): void {
    const { policy: former } = this.pool.getSnapshot().context;
    const policy = { ...former, version: former.version + 1, ...parts };
    this.pool.send({ type: 'pool.reconfigure', policy, workers: specs, changes: [] });
  }

  entryOf(name: string): RosterEntry {
    const entry = this.roster.get(workerId(name));
    if (entry === undefined) throw new Error(`no worker is called ${name}`);
    return entry;
  }

  /** What is told of the breaker of an endpoint, such as `open`. */
  breakersOf(endpoint: string): readonly string[] {
    const changes = this.factsOfType('endpoint.changed').filter((fact) => fact.endpoint === endpoint);
    return changes.map(({ to }) => to);
  }

  /** What is told of whether a worker takes work, such as `standby`. */
  admissionsOf(name: string): readonly string[] {
    const changes = this.factsOfType('worker.readmitted').filter((fact) => fact.workerId === name);
    return changes.map(({ to }) => to);
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
    const row = fact.type === 'task.reprioritized' ? this.rows.get(fact.taskId) : undefined;
    if (row !== undefined && fact.type === 'task.reprioritized') {
      this.rows.set(fact.taskId, { ...row, priority: fact.priority });
    }
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
