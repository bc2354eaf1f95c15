import { KoubouError } from '../machines/errors.ts';
import type { TaskId } from '../machines/identifiers.ts';
import type { TaskSpec } from '../runtime/delegation.ts';
import type { Runtime } from '../runtime.ts';
import { type LoadShape, serviceMsOf } from './load-shape.ts';
import { promptOfRecorded, type RecordedTask } from './recorded-load.ts';
import { ProcessGone } from './virtual-process.ts';
import { VirtualWatchers } from './virtual-watchers.ts';
import type { World } from './world.ts';
import type { Wanted } from './world-events.ts';

/** A client that gets no answer gives up after so many tries. */
const triesMax = 30;
const retryMs = 5_000;

type CancelMode =
  | 'at once'
  | 'later'
  | 'at assignment'
  | 'before its ending'
  | 'after its ending'
  | 'while it backs off'
  | 'while the disk fails';

/** Who is about to ask for something. */
type Coming = Wanted & { readonly n: number; readonly recorded?: RecordedTask };

const cancelModes: readonly CancelMode[] = [
  'at once',
  'later',
  'at assignment',
  'before its ending',
  'after its ending',
  'while it backs off',
  'while the disk fails',
];

/** Everybody who asks for something: they come by chance and in herds, change their minds, and ask again. */
export class VirtualClients {
  readonly #world: World;
  readonly #load: LoadShape;
  readonly #watchers: VirtualWatchers;
  /** Cancels that wait for a moment in the life of their task. */
  readonly #ambushes = new Map<TaskId, CancelMode>();
  #isOpen = true;
  #tasks = 0;

  constructor(world: World, load: LoadShape) {
    this.#world = world;
    this.#load = load;
    this.#watchers = new VirtualWatchers(world);
    world.listen((event) => {
      if (event.type === 'commit.failed') this.#springAll('while the disk fails');
      if (event.type === 'run.ended')
        this.#spring(event.taskId, 'before its ending', event.how === 'succeeded');
      if (event.type !== 'fact.told' || !('taskId' in event.committed.fact)) return;
      const { fact } = event.committed;
      if (fact.type === 'task.assigned') this.#spring(fact.taskId, 'at assignment', true);
      if (fact.type === 'task.completed') this.#spring(fact.taskId, 'after its ending', true);
      if (fact.type === 'task.retried') this.#spring(fact.taskId, 'while it backs off', fact.delayMs > 0);
      if (fact.type === 'task.failed') this.#tryAgain(fact.taskId);
    });
  }

  begin(): void {
    const { recorded } = this.#load;
    if (recorded !== undefined) {
      this.#tasks = recorded.length;
      this.#comeAgain(recorded);
      return;
    }
    const meanMs = 3_600_000 / this.#perHour();
    this.#come(meanMs, 1, 'arrival');
    if (this.#load.burstsPerHour > 0)
      this.#come(3_600_000 / this.#load.burstsPerHour, this.#load.burstTasks, 'burst');
  }

  /** Nobody comes any more. */
  close(): void {
    this.#isOpen = false;
  }

  /** One fresh task of every priority. */
  probeAll(): void {
    for (let priority = 1; priority <= 10; priority += 1) this.#submit({ ...this.#draw(), priority }, true);
  }

  #perHour(): number {
    const { perHour, utilisation } = this.#load;
    if (perHour !== null) return perHour;
    const { workers } = this.#world.files;
    const possible = workers
      .filter(({ standby }) => !standby)
      .reduce(
        (sum, worker) =>
          sum + (3_600_000 / serviceMsOf(worker.performanceFactor)) * worker.maxConcurrentTasks,
        0,
      );
    return Math.max(1, possible * utilisation);
  }

  /** One after the other, as they once came. */
  #comeAgain(recorded: readonly RecordedTask[], n = 1): void {
    const task = recorded[n - 1];
    if (task === undefined) return;
    const { clock, time } = this.#world;
    clock.setTimeout(() => {
      if (!this.#isOpen) return;
      const { taskType, priority } = task;
      this.#submit({ n, prompt: promptOfRecorded(n, task), taskType, priority, recorded: task });
      this.#comeAgain(recorded, n + 1);
    }, task.atMs - time.elapsedMs);
  }

  #come(meanMs: number, count: number, purpose: string, n = 0): void {
    this.#world.clock.setTimeout(
      () => {
        if (!this.#isOpen) return;
        for (let each = 0; each < count; each += 1) {
          const wanted = this.#draw();
          if (this.#world.random.comes('task', wanted.n)) this.#submit(wanted);
        }
        this.#come(meanMs, count, purpose, n + 1);
      },
      this.#world.random.exponential(meanMs, purpose, n),
    );
  }

  #draw(): Wanted & { readonly n: number } {
    const { random, files } = this.#world;
    const { taskTypes, repeated } = this.#load;
    this.#tasks += 1;
    const n = this.#tasks;
    const of =
      n > 1 && random.chance(repeated, 'repeated', n) ? Math.ceil(random.between(0, n - 1, 'of', n)) : n;
    const chars = Math.round(random.between(20, 900, 'chars', of));
    const types = taskTypes.length > 0 ? taskTypes : files.taskTypes;
    const [from, to] = this.#range(n);
    const priority = from + Math.floor(random.between(0, to - from + 1, 'priority', n));
    return {
      n,
      prompt: `t${of}:${'x'.repeat(chars)}`,
      taskType: random.pick(types, 'type', of),
      priority,
    };
  }

  /** Most tasks are everyday ones; few are patient. */
  #range(n: number): readonly [number, number] {
    const { priorities } = this.#load;
    if (priorities === 'equal') return [5, 5];
    if (priorities === 'patient') return [1, 4];
    const draw = this.#world.random.draw('urgency', n);
    if (draw < 0.07) return [1, 4];
    return draw < 0.65 ? [5, 7] : [8, 10];
  }

  #submit(wanted: Coming, isPlain = false, tries = 0): void {
    const { random, time, process, emit } = this.#world;
    const { n, prompt, taskType, priority } = wanted;
    const laterMs = isPlain ? null : this.#laterMs(wanted);
    const key = isPlain || random.chance(this.#load.keyed, 'keyed', n) ? `key ${n}` : null;
    const spec: TaskSpec = {
      prompt,
      taskType,
      priority,
      files: [],
      outputFile: null,
      options: {},
      runAtMs: laterMs === null ? null : time.wallMs + laterMs,
      createdBy: 'simulation',
    };
    const again = (delayMs: number) => {
      if (tries >= triesMax) return;
      this.#world.clock.setTimeout(() => this.#submit(wanted, isPlain, tries + 1), delayMs);
    };
    const idempotency = key === null ? null : { key, fingerprint: `${n}` };
    process
      .call((runtime) => runtime.delegate([spec], idempotency))
      .then(
        ({ taskIds, replayed }) => {
          emit({ type: 'client.acknowledged', taskIds, wanted: [wanted], key, replayed });
          for (const taskId of taskIds) if (!isPlain && !replayed) this.#accompany(taskId, wanted);
          if (key !== null && !replayed && random.chance(this.#load.doubled, 'doubled', n)) {
            // Some do not wait for the answer, some come back after their own restart.
            const isLate = random.chance(0.3, 'doubled late', n);
            again(isLate ? random.exponential(600_000, 'doubled after', n) : 0);
          }
        },
        (error: unknown) => {
          if (error instanceof ProcessGone) emit({ type: 'client.unanswered', call: 'delegate' });
          else emit({ type: 'client.refused', code: codeOf(error) });
          // Without a key nobody knows whether it was accepted, and asking again might do it twice.
          if (key !== null || !(error instanceof ProcessGone)) again(retryMs);
        },
      );
  }

  #laterMs({ n, recorded }: Coming): number | null {
    const { random } = this.#world;
    if (recorded !== undefined) return recorded.laterMs;
    if (!random.chance(this.#load.scheduled, 'scheduled', n)) return null;
    return Math.round(random.between(1_000, 1_800_000, 'later', n));
  }

  #accompany(taskId: TaskId, { n, recorded }: Coming): void {
    const { random, clock } = this.#world;
    const afterMs = recorded?.cancelledAfterMs ?? null;
    if (afterMs !== null) clock.setTimeout(() => this.#cancel(taskId), afterMs);
    const { cancelled, moved, watched } = this.#load;
    if (random.chance(watched, 'watched', n)) this.#watchers.follow(taskId);
    if (random.chance(moved, 'moved', n)) {
      const priority = Math.ceil(random.between(0, 10, 'moved to', n));
      clock.setTimeout(
        () => this.#move(taskId, Math.max(1, priority)),
        random.exponential(60_000, 'move', n),
      );
    }
    if (!random.chance(cancelled, 'cancelled', n)) return;
    const mode = random.pick(cancelModes, 'cancel', n);
    if (mode === 'at once') this.#cancel(taskId);
    else if (mode === 'later')
      clock.setTimeout(() => this.#cancel(taskId), random.exponential(120_000, 'cancel after', n));
    else this.#ambushes.set(taskId, mode);
  }

  #spring(taskId: TaskId, mode: CancelMode, isNow: boolean): void {
    if (!isNow || this.#ambushes.get(taskId) !== mode) return;
    this.#ambushes.delete(taskId);
    this.#cancel(taskId);
  }

  #springAll(mode: CancelMode): void {
    for (const [taskId, each] of this.#ambushes) {
      // Behind what this moment still brings: the process is about to learn of it.
      if (each === mode) this.#world.clock.setTimeout(() => this.#spring(taskId, mode, true), 1);
    }
  }

  #cancel(taskId: TaskId): void {
    const { emit } = this.#world;
    this.#ask('cancel', (runtime) => runtime.cancel(taskId)).then(
      () => emit({ type: 'client.cancelled', taskId }),
      (error: unknown) => {
        if (!(error instanceof ProcessGone))
          emit({ type: 'client.cancel_refused', taskId, code: codeOf(error) });
      },
    );
  }

  #move(taskId: TaskId, priority: number): void {
    const { emit } = this.#world;
    this.#ask('reprioritize', (runtime) => runtime.reprioritize(taskId, priority)).then(
      () => emit({ type: 'client.moved', taskId, priority }),
      () => undefined, // It has ended, or nobody answered: then it stays where it is.
    );
  }

  #tryAgain(taskId: TaskId): void {
    const { random, clock, ledger } = this.#world;
    if (!this.#isOpen || !random.chance(this.#load.retried, 'retried', taskId)) return;
    clock.setTimeout(
      () => {
        const wanted = ledger.tasks.get(taskId)?.wanted;
        if (wanted === undefined || !this.#isOpen) return;
        this.#ask('retry', (runtime) => runtime.retry(taskId, 'simulation')).then(
          ({ task_id: id }) =>
            this.#world.emit({
              type: 'client.acknowledged',
              taskIds: [id as TaskId],
              wanted: [wanted],
              key: null,
              replayed: false,
            }),
          () => undefined, // Refused now; nobody insists.
        );
      },
      random.exponential(60_000, 'retry after', taskId),
    );
  }

  #ask<T>(call: string, ask: (runtime: Runtime) => Promise<T>): Promise<T> {
    const answer = this.#world.process.call(ask);
    answer.catch((error: unknown) => {
      if (error instanceof ProcessGone) this.#world.emit({ type: 'client.unanswered', call });
    });
    return answer;
  }
}

/** By what a client knows why it was refused. */
export function codeOf(error: unknown): string {
  return error instanceof KoubouError ? error.code : `unexpected: ${String(error)}`;
}
