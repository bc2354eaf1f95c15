import { createHash } from 'node:crypto';
import type { AnyStateMachine } from 'xstate';

const hashes = new WeakMap<AnyStateMachine, string>();

/**
 * Names the definition of a machine: its states, ways, guards, actions and delays. The same in every process, so that a
 * drawing can be kept under it.
 */
export function chartHash(machine: AnyStateMachine): string {
  const known = hashes.get(machine);
  if (known !== undefined) return known;
  const hash = createHash('sha256').update(JSON.stringify(machine.definition)).digest('hex').slice(0, 16);
  hashes.set(machine, hash);
  return hash;
}
