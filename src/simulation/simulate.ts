import type { Config } from '../config/settings.ts';
import { assignmentId, type TaskId, workerId } from '../machines/identifiers.ts';
import { sizeMax } from './attempt-plan.ts';
import type { FaultMix } from './fault-mix.ts';
import { invariants } from './invariants.ts';
import { Judge, type Violation } from './judge.ts';
import { Ledger } from './ledger.ts';
import { isEnded } from './ledger-entries.ts';
import { type LoadShape, serviceMsOf } from './load-shape.ts';
import { RareStates } from './rare-states.ts';
import { SimulationFigures, type SimulationReport } from './simulation-report.ts';
import { Trace } from './trace.ts';
import { VirtualClients } from './virtual-clients.ts';
import { VirtualOperators } from './virtual-operators.ts';
import type { Sabotage } from './virtual-site.ts';
import { type CrashPoint, World } from './world.ts';
import type { ReadTask, WorldEvent } from './world-events.ts';
import { WorldWeather } from './world-weather.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** Virtual hours with faults; the time in which everything ends comes on top. */
  readonly hours: number;
  readonly config: Config;
  readonly faults: FaultMix;
  readonly load: LoadShape;
  /** Keeps the lines of the trace; without, only their digest. */
  readonly keepsTrace?: boolean;
  readonly crashPoints?: readonly CrashPoint[];
  readonly sabotage?: Sabotage;
}

export interface Simulation {
  readonly trace: { readonly lines: readonly string[]; readonly count: number; readonly digest: string };
  readonly report: SimulationReport;
  readonly verdict: { readonly holds: boolean; readonly violations: readonly Violation[] };
}

const hourMs = 3_600_000;
/** Between two looks at the pool's own books. */
const lookMs = 300_000;
/** Ended tasks that are read again after each start. */
const rereadMax = 20;
/** Any backoff, with what a clock that was set back may add to it: see the jumps. */
const backoffMsMax = 300_000;

/** Runs one world from its beginning to its end, and says what happened in it and whether all that must hold held. */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const { config, load } = options;
  const ledger = new Ledger(config);
  const judge = new Judge(ledger, invariants);
  const trace = new Trace(options.keepsTrace === true);
  const rare = new RareStates(ledger);
  const figures = new SimulationFigures(ledger);
  const world = new World({
    seed: options.seed,
    config,
    mix: options.faults,
    crashPoints: options.crashPoints ?? [],
    sabotage: options.sabotage ?? {},
    ledger,
    hear: (event: WorldEvent) => {
      const nowMs = world.time.elapsedMs;
      trace.hear(event, nowMs);
      rare.hear(event, nowMs);
      figures.hear(event, nowMs);
      judge.hear(event, nowMs);
    },
  });
  try {
    await live(world, options.hours * hourMs, load);
  } finally {
    world.close();
  }
  const { violations } = judge;
  const report = figures.report({
    seed: options.seed,
    elapsedMs: world.time.elapsedMs,
    steps: world.time.steps,
    commits: world.commits,
    rareStates: rare.counts(),
    invariants: invariants.map(({ name }) => name),
    violations,
  });
  const { lines, count } = trace;
  return {
    trace: { lines, count, digest: trace.digest() },
    report,
    verdict: { holds: violations.length === 0, violations },
  };
}

async function live(world: World, forMs: number, load: LoadShape): Promise<void> {
  const clients = new VirtualClients(world, load);
  const operators = new VirtualOperators(world);
  const weather = new WorldWeather(world);
  lookRegularly(world);
  world.listen(({ type }) => {
    if (type === 'process.opened') readAgain(world, rereadMax);
  });
  world.begin();
  clients.begin();
  operators.begin();
  weather.begin();
  await world.time.run(forMs);
  clients.close();
  weather.end();
  world.mix = { ...world.mix, ...calmMix(world.mix) };
  operators.mend();
  await liveOn(world, clients);
  readAgain(world, Number.POSITIVE_INFINITY);
  const ended = world.end();
  let hasEnded = false;
  void ended.finally(() => {
    hasEnded = true;
  });
  await world.time.run(world.time.elapsedMs + hourMs, () => hasEnded);
}

/** Nothing goes wrong any more: everything ends, and then one more task of each priority does. */
async function liveOn(world: World, clients: VirtualClients): Promise<void> {
  const isDone = () => world.ledger.open === 0 && world.process.isOpen;
  const first = boundOf(world);
  world.emit({ type: 'calm', boundMs: first });
  await world.time.run(world.time.elapsedMs + first, isDone);
  if (!isDone()) return;
  clients.probeAll();
  const second = boundOf(world) + world.files.workers.length * 1_000;
  const before = world.ledger.tasks.size;
  const haveEnded = () => world.ledger.tasks.size >= before + 10 && isDone();
  world.emit({ type: 'calm', boundMs: second });
  await world.time.run(world.time.elapsedMs + second, haveEnded);
}

function calmMix(mix: FaultMix): FaultMix {
  const entries = Object.keys(mix).map((name) => [name, 0]);
  return Object.fromEntries(entries) as unknown as FaultMix;
}

/**
 * How long it may take until everything has ended once nothing goes wrong any more: a restart; the sleep of the
 * process; what was begun runs into its deadline, and so long is a worker not known to be lost; the longest rest of a
 * server and of a task; the latest start that was asked for; and then all of it once by the slowest worker alone.
 */
function boundOf(world: World): number {
  const { files, ledger, time, process } = world;
  const { healthCheck, breaker, execution, workers } = files;
  const deadlineMs = Math.max(
    execution.defaultTimeoutMs,
    execution.remoteTimeoutMs,
    ...workers.map(({ networkTimeoutMs }) => networkTimeoutMs ?? 0),
  );
  const waking = Math.max(0, process.owner.asleepUntilMs - time.elapsedMs);
  const starting = Math.max(0, ...[...ledger.waiting].map(({ notBeforeMs }) => notBeforeMs - time.wallMs));
  const detecting = healthCheck.timeoutMs + 3 * healthCheck.intervalMs;
  const slowestMs = Math.max(...workers.map((worker) => sizeMax * serviceMsOf(worker.performanceFactor)));
  const attempts = 1 + files.models.server.retryCount + files.models.fallback.chain.length;
  const serial = (ledger.open + 10) * Math.min(slowestMs, deadlineMs) * attempts;
  return (
    120_000 +
    waking +
    starting +
    detecting +
    deadlineMs +
    breaker.openMsMax +
    attempts * backoffMsMax +
    serial
  );
}

/** Compares the pool's own figures with the rows, when all is written. */
function lookRegularly(world: World): void {
  world.clock.setTimeout(() => {
    const { process, diskFault, ledger, disk } = world;
    const { runtime } = process;
    if (runtime !== undefined && diskFault === null && !ledger.isStalled && !process.owner.isDead) {
      world.emit({
        type: 'looked',
        leases: runtime.poolView().leases.used,
        stored: disk
          .recovery()
          .held.flatMap(({ assignmentId: id }) => (id === null ? [] : [assignmentId(id)])),
        absent: runtime
          .workers()
          .filter(({ admission }) => admission === 'draining' || admission === 'drained')
          .map(({ worker_id: id }) => workerId(id)),
      });
    }
    lookRegularly(world);
  }, lookMs);
}

/** Reads tasks as clients do, those that ended last. */
function readAgain(world: World, max: number): void {
  const ids: TaskId[] = [];
  const all = [...world.ledger.tasks.values()];
  for (let at = all.length - 1; at >= 0 && ids.length < max; at -= 1) {
    const task = all[at];
    if (task !== undefined && (isEnded(task) || max > all.length)) ids.push(task.taskId);
  }
  for (const taskId of ids) world.emit({ type: 'client.read', taskId, task: read(world, taskId) });
}

function read(world: World, taskId: TaskId): ReadTask | null {
  const row = world.disk.task(taskId);
  if (row === undefined) return null;
  const { prompt, taskType, priority, status, result, endedAt } = row;
  const ending = endedAt === null ? null : `${status} ${endedAt} ${result ?? ''}`;
  return { taskId, prompt, taskType, priority, status, ending };
}
