import type { Clock } from '../actors/clock.ts';
import type { Job, JobIo } from '../actors/execution.ts';
import { type Outcome, retry } from '../machines/outcome.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import type { Sighting } from '../machines/sighting.ts';
import { type AttemptPlan, outcomeOf, planAttempt, shareOf } from './attempt-plan.ts';
import { type Directions, undirected } from './directions.ts';
import type { FaultMix } from './fault-mix.ts';
import { serviceMsOf } from './load-shape.ts';
import type { ModelMemory } from './model-memory.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { FaultName, WorldEvent } from './world-events.ts';

export interface VirtualServerPorts {
  readonly random: SeededRandom;
  readonly mix: () => FaultMix;
  readonly memory: ModelMemory;
  readonly emit: (event: WorldEvent) => void;
  /** Time as the process that called sees it: what it is told arrives when it is awake, and never after its death. */
  readonly clock: () => Clock;
  /** Time as it passes for the server itself. */
  readonly worldClock: () => Clock;
  readonly process: () => number;
  readonly directions?: Directions;
}

/** A request that is told to stop has stopped after this, in ms. */
const stopMs = 400;
const loadMs = 12_000;

/** A server as the world has it: it generates at its speed, keeps models in memory, and fails as planned. */
export class VirtualServer {
  readonly name: string;
  readonly #ports: VirtualServerPorts;
  readonly #directions: Directions;
  /** Attempts here so far, by what names the task. */
  readonly #attempts = new Map<string, number>();
  /** Ends each attempt that runs, with this outcome, or without a word. */
  readonly #running = new Set<(outcome: Outcome | undefined) => void>();
  #health: 'up' | 'down' | 'partitioned' | 'overloaded' | 'sick' = 'up';
  #probes = 0;

  constructor(name: string, ports: VirtualServerPorts) {
    this.name = name;
    this.#ports = ports;
    this.#directions = ports.directions ?? undirected;
  }

  get running(): number {
    return this.#running.size;
  }

  /** It dies: what runs is cut, what comes is refused. */
  crash(): void {
    this.#health = 'down';
    this.#ports.memory.clear();
    for (const end of [...this.#running]) end(retry('backend.cut', 'the server died'));
  }

  /** Nothing reaches it and nothing comes from it, without a word. */
  partition(): void {
    this.#health = 'partitioned';
  }

  /** It lives, and sends away whoever comes; what runs goes on. */
  overload(): void {
    this.#health = 'overloaded';
  }

  /** It lives, and fails whatever it is asked. */
  sicken(): void {
    this.#health = 'sick';
  }

  recover(): void {
    this.#health = 'up';
  }

  /** The process that asked is dead, and its connections with it. */
  hangUp(): void {
    for (const end of [...this.#running]) end(undefined);
  }

  /** As a backend does it: resolves with what became of it. */
  async run(worker: WorkerConfig, job: Job, io: JobIo): Promise<Outcome> {
    const { random, mix, memory, emit, process } = this.#ports;
    const name = this.#nameAttempt(job.prompt);
    const drawn = planAttempt(random, mix(), name, job.prompt);
    const model = job.model ?? worker.model ?? 'default';
    const fault = memory.has(model)
      ? (this.#directions.faultOf(job.prompt) ?? (this.#health === 'sick' ? 'attempt.error' : drawn.fault))
      : 'attempt.model_missing';
    if (fault !== undefined) this.#fault(fault, job);
    if (fault === 'attempt.throws') throw new Error('the backend was told to throw');
    if (this.#health === 'down') return retry('backend.unreachable', 'connection refused');
    if (this.#health === 'overloaded') return this.#outcome('attempt.busy', model, job, name) as Outcome;
    const early = shareOf(fault) === 0 ? this.#outcome(fault, model, job, name) : undefined;
    if (early !== undefined) return early;
    const load = memory.use(model, this.#ports.clock().monotonic());
    const { workerId } = worker;
    const { taskId, assignmentId, prompt } = job;
    emit({ type: 'run.began', process: process(), workerId, taskId, assignmentId, prompt, load });
    const plan = { ...drawn, fault };
    const usualMs =
      this.#directions.serviceMsOf(prompt, worker) ?? serviceMsOf(worker.performanceFactor) * plan.size;
    const serviceMs = usualMs * plan.stretch;
    const spanMs = (load === 'warm' ? 0 : loadMs) + serviceMs * shareOf(fault);
    return this.#generate({ worker, job, io, plan, model, spanMs, name });
  }

  #generate(attempt: Attempt): Promise<Outcome> {
    const { worker, job, io, plan, model, spanMs, name } = attempt;
    const { emit, memory } = this.#ports;
    const clock = this.#ports.clock();
    return new Promise((resolve) => {
      const timers: unknown[] = [];
      const end = (outcome: Outcome | undefined, how: string = outcome?.kind ?? 'gone') => {
        if (!this.#running.delete(end)) return;
        for (const timer of timers) clock.clearTimeout(timer);
        memory.release(model);
        const output = outcome?.kind === 'succeeded' ? outcome.output : null;
        const { taskId, assignmentId } = job;
        emit({ type: 'run.ended', workerId: worker.workerId, taskId, assignmentId, how, output });
        if (outcome !== undefined && !io.signal.aborted) resolve(outcome);
      };
      this.#running.add(end);
      const output = answerTo(job.prompt, job.assignmentId);
      const say = (from: number, to: number) => {
        if (this.#health !== 'partitioned') io.onText(output.slice(from, to));
      };
      timers.push(clock.setTimeout(() => say(0, 6), spanMs * 0.1));
      const finish = () => {
        // Nothing comes through; the deadline of the attempt, or the silence of the worker, ends it.
        if (this.#health === 'partitioned') return;
        if (plan.fault === undefined || plan.fault === 'attempt.slow') say(6, output.length);
        const outcome = this.#outcome(plan.fault, model, job, name);
        if (outcome !== undefined) end(outcome);
      };
      timers.push(clock.setTimeout(finish, spanMs));
      io.signal.addEventListener('abort', () => this.#stop(attempt, resolve, end), { once: true });
    });
  }

  /** The connection is closed; the server sees that soon. One that is deaf tells its result all the same. */
  #stop(
    { job, plan }: Attempt,
    resolve: (outcome: Outcome) => void,
    end: (outcome: Outcome | undefined, how?: string) => void,
  ): void {
    const clock = this.#ports.worldClock();
    clock.setTimeout(() => end(undefined, 'stopped'), stopMs);
    if (plan.deafMs === 0) {
      resolve({ kind: 'cancelled' });
      return;
    }
    this.#fault('attempt.late', job);
    clock.setTimeout(() => {
      const { taskId, assignmentId } = job;
      const output = answerTo(job.prompt, assignmentId);
      this.#ports.emit({ type: 'run.reported_late', taskId, assignmentId, output });
      const late = outcomeOf(undefined, 'late', output, 0);
      if (late !== undefined) resolve(late);
    }, plan.deafMs);
  }

  /** A sign of life, and what there is to see. */
  probe(worker: WorkerConfig, signal: AbortSignal): Promise<Sighting> {
    const { random, mix, memory, emit } = this.#ports;
    const clock = this.#ports.clock();
    const key = `${this.name} ${this.#probes++}`;
    const { workerId } = worker;
    const answer = (resolve: (seen: Sighting) => void) => {
      if (signal.aborted) return;
      emit({ type: 'beat', workerId });
      resolve(memory.sighting());
    };
    return new Promise((resolve, reject) => {
      if (this.#health === 'partitioned') return stopAt(signal, reject, () => undefined);
      let act = () => answer(resolve);
      let delayMs = 20;
      if (this.#health === 'down') {
        act = () => reject(new Error('connection refused'));
      } else if (random.chance(mix().beatLost, 'beat.lost', key) || this.#directions.losesBeat(workerId)) {
        emit({ type: 'fault', name: 'beat.lost', detail: workerId, forMs: 0 });
        act = () => reject(new Error('the answer to the probe was lost'));
      } else if (random.chance(mix().beatDelayed, 'beat.delayed', key)) {
        emit({ type: 'fault', name: 'beat.delayed', detail: workerId, forMs: 0 });
        delayMs = random.between(1_000, 20_000, 'beat delay', key);
      }
      const timer = clock.setTimeout(act, delayMs);
      stopAt(signal, reject, () => clock.clearTimeout(timer));
    });
  }

  #nameAttempt(prompt: string): string {
    const head = headOf(prompt);
    const count = (this.#attempts.get(head) ?? 0) + 1;
    this.#attempts.set(head, count);
    return `${this.name} ${head} ${count}`;
  }

  #outcome(fault: FaultName | undefined, model: string, job: Job, attempt: string): Outcome | undefined {
    const retryAfterMs = this.#ports.random.between(5_000, 120_000, 'retry after', attempt);
    return outcomeOf(fault, model, answerTo(job.prompt, job.assignmentId), Math.round(retryAfterMs));
  }

  #fault(name: FaultName, { taskId, assignmentId }: Job): void {
    this.#ports.emit({ type: 'fault', name, detail: `${taskId} ${assignmentId}`, forMs: 0 });
  }
}

interface Attempt {
  readonly worker: WorkerConfig;
  readonly job: Job;
  readonly io: JobIo;
  readonly plan: AttemptPlan;
  readonly model: string;
  readonly spanMs: number;
  readonly name: string;
}

/** A probe that nobody waits for any more leaves nothing behind. */
function stopAt(signal: AbortSignal, reject: (error: Error) => void, clean: () => void): void {
  const stop = () => {
    clean();
    reject(new Error('nobody waits for this answer any more'));
  };
  signal.addEventListener('abort', stop, { once: true });
}

/** Tells whom it answers and which attempt it is, so that a result cannot be taken for another one's. */
function answerTo(prompt: string, assignment: number): string {
  return `answer ${assignment} to ${headOf(prompt)}`;
}

/** What names a prompt. */
export function headOf(prompt: string): string {
  return prompt.slice(0, prompt.indexOf(':'));
}
