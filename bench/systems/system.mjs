/**
 * What is measured, behind one set of calls, so that the same workload drives ours and the lower bound.
 *
 * @typedef {object} System
 * @property {(tasks: readonly Task[]) => Promise<readonly string[]>} delegate resolves when all of them are on disk
 * @property {(listener: (taskId: string) => void) => void} onCompleted told of each completion, after its commit
 * @property {() => void} pause hands out nothing more
 * @property {() => void} resume
 * @property {() => number} commits so far
 * @property {() => Promise<void>} close
 *
 * @typedef {object} Task
 * @property {string} type
 * @property {number} priority 10 comes first
 *
 * @typedef {object} SystemOptions
 * @property {string} home a folder of its own, on a disk
 * @property {Readonly<Record<string, number>>} slots how many tasks of each type run at once
 * @property {(type: string) => Promise<void>} execute what an execution does: nothing, or never ending
 * @property {string} [workerToken] lets workers join, where there is a door for them
 *
 * @typedef {object} Door
 * @property {string} url
 * @property {string} [workerUrl] where workers join
 * @property {() => void} [pause] hands out nothing more
 * @property {() => number} commits so far
 * @property {() => Promise<void>} close
 *
 * @typedef {object} SystemModule
 * @property {(options: SystemOptions) => Promise<System>} open
 * @property {(options: SystemOptions) => Promise<Door>} serve with `POST /task/delegate` on a free port
 */

export const systems = ['koubou', 'lower-bound'];

/** @param {string} name @returns {Promise<SystemModule>} */
export function loadSystem(name) {
  if (!systems.includes(name)) throw new RangeError(`no system is called ${name}`);
  return import(`./${name}.mjs`);
}
