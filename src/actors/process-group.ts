import { rmSync } from 'node:fs';

/** Every group that may still have processes, with the folder that is theirs. */
const live = new Map<number, string>();

/**
 * A program that was started `detached`, and whatever it started itself: they share the number of the first of them. A
 * process that leaves the group on purpose (setsid) is out of reach. Groups that are left when this process exits are
 * killed and their folders removed, as far as it exits by itself; nothing can be done at kill -9.
 */
export class ProcessGroup {
  /** Undefined when nothing was started, and once all were killed: the system may give the number to others then. */
  #id: number | undefined;

  constructor(id: number | undefined, folder: string) {
    this.#id = id;
    if (id === undefined) return;
    live.set(id, folder);
    if (!process.listeners('exit').includes(endLiveGroups)) process.on('exit', endLiveGroups);
  }

  /** To all of them. */
  send(signal: NodeJS.Signals): void {
    if (this.#id !== undefined) sendTo(this.#id, signal);
  }

  /** Kills who is left. To be called in the turn in which the first one's exit is learned of. */
  end(): void {
    if (this.#id === undefined) return;
    sendTo(this.#id, 'SIGKILL');
    live.delete(this.#id);
    this.#id = undefined;
  }
}

function sendTo(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-id, signal);
  } catch {
    // Nobody is left in it: what was wanted is so.
  }
}

function endLiveGroups(): void {
  for (const id of live.keys()) sendTo(id, 'SIGKILL');
  for (const folder of live.values()) removeNow(folder);
  live.clear();
}

function removeNow(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // This process is about to end, and the next one clears the place.
  }
}
