/**
 * What all that is measured has in common: as `System` in bench/systems/system.mjs, and what servers of their own need.
 *
 * @typedef {object} Peer
 * @property {(tasks: readonly Task[]) => Promise<readonly unknown[]>} delegate one, or many of one type in its way for bulk;
 *   resolves when the system acknowledges them
 * @property {(listener: (id: unknown) => void) => void} onCompleted told when the system itself tells it
 * @property {() => Promise<void> | void} pause hands out nothing more; a peer begins paused
 * @property {() => Promise<void> | void} resume
 * @property {() => Promise<void>} [analyze] what its operators do after a bulk load
 * @property {() => Promise<void>} [emptied] resolves when nothing that was told is still to be written
 * @property {() => Promise<void>} close ends its servers too
 *
 * @typedef {import('../systems/system.mjs').Task} Task
 *
 * @typedef {object} PeerOptions
 * @property {string} home a folder of its own, on a disk
 * @property {Readonly<Record<string, number>>} slots how many tasks of each type run at once
 * @property {(type: string) => Promise<void>} execute what an execution does
 * @property {'enqueue' | 'drain' | 'latency'} aim some have another way for each
 * @property {boolean} [batches] its documented way of claiming many at once
 * @property {number} [partitions]
 */

/** Connections to PostgreSQL, where the system does not say how many: more only wait for two cores. */
export const poolMax = 20;
