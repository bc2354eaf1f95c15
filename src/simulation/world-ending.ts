import { assignmentId, type TaskId, workerId } from '../machines/identifiers.ts';
import { sizeMax } from './attempt-plan.ts';
import { calmMix } from './fault-mix.ts';
import { isEnded } from './ledger-entries.ts';
import { serviceMsOf } from './load-shape.ts';
import { survey } from './survey.ts';
import type { VirtualOperators } from './virtual-operators.ts';
import type { World } from './world.ts';
import type { ReadTask } from './world-events.ts';

/** How worlds end: nothing goes wrong any more, all that was begun must end, and what was told is read again. */

const hourMs = 3_600_000;
/** Between two looks at the pool's own books. */
const lookMs = 300_000;
/** Ended tasks that are read again after each start. */
const rereadMax = 20;
/** Any backoff, with what a clock that was set back may add to it: see the jumps. */
const backoffMsMax = 300_000;

/** Looks at the pool's own books now and then, and reads what has ended after each start. */
export function examine(world: World): void {
  lookRegularly(world);
  world.listen(({ type }) => {
    if (type === 'process.opened') readAgain(world, rereadMax);
  });
}

/** Who can give one task of each priority, and does so once all others have ended. */
export interface Probing {
  readonly probeAll: () => void;
}

/**
 * Ends a world: from here on there are no faults, everything must end within a bound, and so must the process. Stops
 * where it is as soon as `isDecided` says that nothing more is wanted of it.
 */
export async function conclude(
  world: World,
  operators: VirtualOperators,
  clients: Probing,
  isDecided: () => boolean = () => false,
): Promise<void> {
  world.mix = calmMix(world.mix);
  operators.mend();
  await liveOn(world, clients, isDecided);
  if (isDecided()) return;
  readAgain(world, Number.POSITIVE_INFINITY);
  const ended = world.end();
  let hasEnded = false;
  void ended.finally(() => {
    hasEnded = true;
  });
  await world.time.run(world.time.elapsedMs + hourMs, () => hasEnded);
}

/** Nothing goes wrong any more: everything ends, and then one more task of each priority does. */
async function liveOn(world: World, clients: Probing, isDecided: () => boolean): Promise<void> {
  const isDone = () => world.ledger.open === 0 && world.process.isOpen;
  const first = boundOf(world);
  world.emit({ type: 'calm', boundMs: first, tasks: 0 });
  await liveUntil(world, first, () => isDone() || isDecided());
  if (!isDone() || isDecided()) return;
  clients.probeAll();
  const second = boundOf(world) + world.files.workers.length * 1_000;
  const before = world.ledger.tasks.size;
  const haveEnded = () => world.ledger.tasks.size >= before + 10 && isDone();
  world.emit({ type: 'calm', boundMs: second, tasks: before + 10 });
  await liveUntil(world, second, () => haveEnded() || isDecided());
}

/** … or until nothing has happened to any task for so long that nothing will. */
async function liveUntil(world: World, boundMs: number, isOver: () => boolean): Promise<void> {
  const { time } = world;
  const stillMs = stillnessOf(world);
  let movedMs = time.elapsedMs;
  const stop = world.listen((event) => {
    if (event.type === 'fact' && 'taskId' in event.committed.fact) movedMs = time.elapsedMs;
  });
  await time.run(time.elapsedMs + boundMs, () => isOver() || time.elapsedMs - movedMs > stillMs);
  stop();
}

/**
 * How long nothing may happen to any task while some are open and nothing goes wrong: a restart; the sleep of the
 * process; what was begun runs into its deadline, and so long is a worker not known to be lost; the longest rest of a
 * server and of a task; the latest start that was asked for.
 */
function stillnessOf(world: World): number {
  const { files, ledger, time, process } = world;
  const { healthCheck, breaker } = files;
  const waking = Math.max(0, process.owner.asleepUntilMs - time.elapsedMs);
  const starting = Math.max(0, ...[...ledger.waiting].map(({ notBeforeMs }) => notBeforeMs - time.wallMs));
  const detecting = healthCheck.timeoutMs + 3 * healthCheck.intervalMs;
  return 120_000 + waking + starting + detecting + deadlineOf(world) + breaker.openMsMax + backoffMsMax;
}

/** How long it may take until everything has ended: that, all backoffs, and all of it once by the slowest worker alone. */
function boundOf(world: World): number {
  const { files, ledger } = world;
  const slowestMs = Math.max(
    ...files.workers.map((worker) => sizeMax * serviceMsOf(worker.performanceFactor)),
  );
  const attempts = 1 + files.models.server.retryCount + files.models.fallback.chain.length;
  const serial = (ledger.open + 10) * Math.min(slowestMs, deadlineOf(world)) * attempts;
  return stillnessOf(world) + attempts * backoffMsMax + serial;
}

/** The longest that one attempt may take. */
function deadlineOf({ files: { execution, workers } }: World): number {
  return Math.max(
    execution.defaultTimeoutMs,
    execution.remoteTimeoutMs,
    ...workers.map(({ networkTimeoutMs }) => networkTimeoutMs ?? 0),
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
      survey(world, runtime);
      void runtime.metrics.totals().then((totals) => world.emit({ type: 'measured', ...totals }));
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
