import { join } from 'node:path';
import { LowerBound } from '../lower-bound/queue.mjs';
import { serveLowerBound } from '../lower-bound/server.mjs';

/** @import { Door, System, SystemOptions } from './system.mjs' */

/** @param {SystemOptions} options @returns {Promise<System>} */
export async function open(options) {
  const queue = queueOf(options);
  return {
    delegate: (tasks) => queue.delegate(tasks.map(specOf)),
    onCompleted: (listener) => queue.onEnded(({ id }) => listener(id)),
    pause: () => queue.pause(),
    resume: () => queue.resume(),
    commits: () => queue.commits,
    close: async () => queue.close(),
  };
}

/** @param {SystemOptions} options @returns {Promise<Door>} */
export async function serve(options) {
  const queue = queueOf(options);
  const door = await serveLowerBound(queue);
  return {
    url: door.url,
    commits: () => queue.commits,
    close: async () => {
      await door.close();
      queue.close();
    },
  };
}

function queueOf({ home, slots, execute }) {
  const run = async ({ type }) => {
    await execute(type);
    return 'done';
  };
  return new LowerBound({ path: join(home, 'lower-bound.db'), slots, run });
}

function specOf({ type, priority }) {
  return { prompt: 'Answer with the word done.', type, priority };
}
