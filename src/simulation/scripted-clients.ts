import type { TaskId } from '../machines/identifiers.ts';
import type { TaskSpec } from '../runtime/delegation.ts';
import { codeOf } from './virtual-clients.ts';
import { ProcessGone } from './virtual-process.ts';
import { VirtualWatchers } from './virtual-watchers.ts';
import type { World } from './world.ts';
import type { Wanted } from './world-events.ts';

/** Clients that do what a script says: each task has a key, a name, and somebody who follows it. */
export class ScriptedClients {
  readonly #world: World;
  readonly #watchers: VirtualWatchers;
  readonly #wanted = new Map<string, Wanted>();
  readonly #ids = new Map<string, TaskId>();

  constructor(world: World) {
    this.#world = world;
    this.#watchers = new VirtualWatchers(world);
  }

  /** One that was delegated before is asked for again, as it was. */
  delegate(task: string, fresh: Pick<Wanted, 'taskType' | 'priority'> | undefined): void {
    const known = this.#wanted.get(task);
    const wanted = known ?? (fresh && { ...fresh, prompt: promptOf(task) });
    if (wanted === undefined) return;
    this.#wanted.set(task, wanted);
    const { process, emit } = this.#world;
    const key = `key ${task}`;
    const spec: TaskSpec = {
      ...wanted,
      files: [],
      outputFile: null,
      options: {},
      runAtMs: null,
      createdBy: 'simulation',
    };
    process
      .call((runtime) => runtime.delegate([spec], { key, fingerprint: task }))
      .then(
        ({ taskIds, replayed }) => {
          emit({ type: 'client.acknowledged', taskIds, wanted: [wanted], key, replayed });
          for (const taskId of taskIds) this.#note(task, taskId);
        },
        (error: unknown) => {
          if (error instanceof ProcessGone) emit({ type: 'client.unanswered', call: 'delegate' });
          else emit({ type: 'client.refused', code: codeOf(error) });
        },
      );
  }

  cancel(task: string): void {
    const taskId = this.#ids.get(task);
    if (taskId === undefined) return;
    const { process, emit } = this.#world;
    process
      .call((runtime) => runtime.cancel(taskId))
      .then(
        () => emit({ type: 'client.cancelled', taskId }),
        (error: unknown) => {
          if (error instanceof ProcessGone) emit({ type: 'client.unanswered', call: 'cancel' });
          else emit({ type: 'client.cancel_refused', taskId, code: codeOf(error) });
        },
      );
  }

  move(task: string, priority: number): void {
    const taskId = this.#ids.get(task);
    if (taskId === undefined) return;
    const { process, emit } = this.#world;
    process
      .call((runtime) => runtime.reprioritize(taskId, priority))
      .then(
        () => emit({ type: 'client.moved', taskId, priority }),
        () => undefined, // It has ended, or nobody answered: then it stays where it is.
      );
  }

  #note(task: string, taskId: TaskId): void {
    if (this.#ids.has(task)) return;
    this.#ids.set(task, taskId);
    this.#watchers.follow(taskId);
  }
}

/** What a task of a script asks for; its name is all that tells it from others. */
function promptOf(task: string): string {
  return `${task}:${'x'.repeat(200)}`;
}
