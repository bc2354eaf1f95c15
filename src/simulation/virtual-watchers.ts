import type { TaskId } from '../machines/identifiers.ts';
import type { World } from './world.ts';

interface Watch {
  readonly watcher: number;
  readonly taskId: TaskId;
  lastSeq: number;
}

/** Clients that follow one task each, and take up where they were when the process is gone and comes back. */
export class VirtualWatchers {
  readonly #world: World;
  readonly #open = new Set<Watch>();
  #count = 0;

  constructor(world: World) {
    this.#world = world;
    world.listen((event) => {
      if (event.type === 'process.opened') for (const watch of [...this.#open]) this.#connect(watch);
    });
  }

  follow(taskId: TaskId): void {
    this.#count += 1;
    const watch = { watcher: this.#count, taskId, lastSeq: 0 };
    this.#open.add(watch);
    this.#connect(watch);
  }

  #connect(watch: Watch): void {
    const { process, emit } = this.#world;
    const { watcher, taskId } = watch;
    process.runtime?.follow(
      taskId,
      { seq: watch.lastSeq, offset: 0 },
      {
        onEvent: ({ seq }) => {
          watch.lastSeq = seq;
          emit({ type: 'watch.told', watcher, taskId, seq });
        },
        onText: () => undefined,
        onEnd: () => {
          this.#open.delete(watch);
          emit({ type: 'watch.ended', watcher, taskId });
        },
      },
    );
  }
}
