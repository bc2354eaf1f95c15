import type { ResidentModel, SightedModel, Sighting } from './sighting.ts';
import type { WorkerContext } from './worker-events.ts';
import type { ExecutionReport, Lease, SettledReport } from './worker-reports.ts';

export const actorOfSlot = (slot: number) => `slot-${slot}`;
export const slotOfActor = (actorId: string) => Number(actorId.slice('slot-'.length));

export function settled(
  context: WorkerContext,
  { taskId, assignmentId }: Lease,
  { outcome, draw, elapsedMs }: Pick<ExecutionReport, 'outcome' | 'draw' | 'elapsedMs'>,
): SettledReport {
  const { workerId } = context.spec;
  return { type: 'worker.settled', workerId, taskId, assignmentId, outcome, draw, elapsedMs };
}

/** Whether it is under this very lease that a slot is taken. */
export function isHeld(slots: WorkerContext['slots'], { slot, assignmentId }: ExecutionReport): boolean {
  return slots[slot]?.assignmentId === assignmentId;
}

/** The slots after some of them have become free; slots that the configuration took away go when they do. */
export function freed(context: WorkerContext, free: readonly number[]): WorkerContext['slots'] {
  const slots = [...context.slots];
  for (const slot of free) slots[slot] = null;
  return fitted(slots, context.spec.slots);
}

/** The slots that are left, and how many of them have their execution. */
export function staffed({ manned }: WorkerContext, slots: WorkerContext['slots']) {
  return { slots, manned: Math.min(manned, slots.length) };
}

/** The executions of slots that are no more. */
export function executionsBeyond({ manned }: WorkerContext, left: WorkerContext['slots']): readonly string[] {
  const gone = Math.max(0, manned - left.length);
  return Array.from({ length: gone }, (_, index) => actorOfSlot(left.length + index));
}

/** The slots that the configuration gives it now. What runs in one that is taken away runs on. */
export function fitSlots({ slots, spec }: WorkerContext): WorkerContext['slots'] {
  const added = Array.from({ length: Math.max(0, spec.slots - slots.length) }, () => null);
  return fitted([...slots, ...added], spec.slots);
}

/** Executions are named by their slot, so that only free slots at the end can go. */
function fitted(slots: WorkerContext['slots'], count: number): WorkerContext['slots'] {
  let length = slots.length;
  while (length > count && slots[length - 1] === null) length -= 1;
  return length === slots.length ? slots : slots.slice(0, length);
}

/** What an order says of its reason; other events that lead to another admission say nothing. */
export function detailOf(event: object): string {
  return 'detail' in event && typeof event.detail === 'string' ? event.detail : '';
}

/** Whether a probe saw what the one before it had seen. Its news would cost the pool a look at all that waits. */
export function isSame(a: Sighting, b: Sighting): boolean {
  return (
    a === b || (sameOnes(a.models, b.models, sameModel) && sameOnes(a.residents, b.residents, sameResident))
  );
}

/** Servers list in an order of their own. */
function sameOnes<T extends { readonly name: string }>(
  a: readonly T[] | null,
  b: readonly T[] | null,
  alike: (x: T, y: T) => boolean,
): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.length === b.length && a.every((one) => b.some((other) => one.name === other.name && alike(one, other)))
  );
}

function sameModel(a: SightedModel, b: SightedModel): boolean {
  return a.sizeBytes === b.sizeBytes && a.contextTokensMax === b.contextTokensMax;
}

function sameResident(a: ResidentModel, b: ResidentModel): boolean {
  return a.memoryBytes === b.memoryBytes && a.contextTokens === b.contextTokens;
}
