import { clientInvariants } from './invariants-clients.ts';
import { linkInvariants } from './invariants-links.ts';
import { serviceInvariants } from './invariants-services.ts';
import { storageInvariants } from './invariants-storage.ts';
import { taskInvariants } from './invariants-tasks.ts';
import { workerInvariants } from './invariants-workers.ts';
import type { Invariant } from './judge.ts';

/** All that must hold in every world. */
export const invariants: readonly Invariant[] = [
  ...taskInvariants,
  ...workerInvariants,
  ...serviceInvariants,
  ...clientInvariants,
  ...storageInvariants,
  ...linkInvariants,
];
