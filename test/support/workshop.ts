import type { Backend, Job } from '../../src/actors/execution.ts';
import type { TaskId } from '../../src/machines/identifiers.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import type { TaskSpec } from '../../src/runtime/delegation.ts';
import type { PredictionView } from '../../src/runtime/prediction-view.ts';
import type { Runtime } from '../../src/runtime.ts';
import { onDisposal } from './disposal.ts';
import { type SetUp, setupRuntime, spec, succeeded } from './running-server.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A runtime under a clock of its own, whose workers take as long as the test says. */
export class Workshop {
  readonly clock = new VirtualClock();
  /** How long the n-th run takes, in ms; from 1 on. */
  durationMs: (run: number, job: Job) => number = () => 10_000;
  outcome: (job: Job) => Outcome = () => succeeded('done');
  /** When tasks were completed, by the clock that only grows. */
  readonly endedMs = new Map<TaskId, number>();
  #runtime: Runtime | undefined;

  #runs = 0;

  readonly #backend: Backend = (job) => {
    this.#runs += 1;
    const durationMs = this.durationMs(this.#runs, job);
    return new Promise((settle) => {
      this.clock.setTimeout(() => settle(this.outcome(job)), durationMs);
    });
  };

  get runtime(): Runtime {
    if (this.#runtime === undefined) throw new Error('the runtime is not open');
    return this.#runtime;
  }

  /** One worker with one slot, if not told otherwise. */
  async open(setUp: SetUp = {}): Promise<this> {
    const { runtime } = await this.drive(
      setupRuntime({
        workers: [{ maxConcurrentTasks: 1 }],
        clock: this.clock,
        backend: this.#backend,
        ...setUp,
      }),
    );
    this.#runtime = runtime;
    onDisposal(() => this.drive(runtime.close()));
    runtime.stream.subscribe(({ fact }) => {
      if (fact.type === 'task.completed') this.endedMs.set(fact.taskId, this.clock.monotonic());
    });
    await this.clock.advance(1);
    return this;
  }

  /** Waits for something that needs turns, and no time to speak of. */
  async drive<T>(promise: Promise<T>): Promise<T> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    promise.then(end, end);
    while (!isOver) await this.clock.advance(0.01);
    return promise;
  }

  async delegate(count: number, changes: Partial<TaskSpec> = {}): Promise<readonly TaskId[]> {
    const specs = Array.from({ length: count }, () => spec(changes));
    return (await this.drive(this.runtime.delegate(specs))).taskIds;
  }

  async delegateOne(changes: Partial<TaskSpec> = {}): Promise<TaskId> {
    return (await this.delegate(1, changes))[0] as TaskId;
  }

  /** Has so many tasks done, so that something is known of their kind. */
  async learn(count: number, changes: Partial<TaskSpec> = {}): Promise<void> {
    const ids = await this.delegate(count, changes);
    for (let waits = 0; !ids.every((id) => this.endedMs.has(id)); waits += 1) {
      if (waits === 10_000) throw new Error('the tasks to learn from never end');
      await this.clock.advance(1_000);
    }
    await this.clock.advance(2_000);
  }

  /** What is expected of a task of which something is. */
  prediction(id: TaskId): PredictionView {
    const { prediction } = this.runtime.task(id);
    if (prediction === null) throw new Error(`nothing is expected of ${id}`);
    return prediction;
  }
}
