import type { AssignmentId, TaskId, WorkerId } from '../machines/identifiers.ts';
import { linkLimits } from '../machines/link-limits.ts';
import { DueBy } from './due-by.ts';
import { endedLeaseOf, factOf } from './invariants-tasks.ts';
import type { Invariant } from './judge.ts';
import type { Ledger } from './ledger.ts';
import { isEnded } from './ledger-entries.ts';
import type { WorldEvent } from './world-events.ts';

/** What holds between the pool and workers that join it, whatever becomes of connections and processes. */

/** From a decision of the pool to the record of it. */
const recordMs = 1_000;
/** A worker that was told to stop has stopped. */
const stopMs = 1_000;
/** Beats in a row that lack a lease before it is given up. */
const missesMax = 2;
/** A newer connection, or a newer process, has taken its place. */
const replacedCode = 4410;

export const linkInvariants: readonly Invariant[] = [
  {
    name: 'a closed link is noticed',
    doc: 'A worker whose connection was closed, and that does not come back, is no longer taken for alive after 5 s.',
    watch: (ledger) => {
      const due = new DueBy<WorkerId>(ledger);
      return (event, nowMs) => {
        if (!hasJoined(ledger)) return undefined;
        const late = due.overdue(event, nowMs);
        const fact = factOf(event);
        if (fact?.type === 'worker.changed' || fact?.type === 'worker.retired') due.settle(fact.workerId);
        if (event.type === 'link.opened') due.settle(event.workerId);
        const isLoss = event.type === 'link.closed' && ledger.links.linkOf(event) !== undefined;
        if (isLoss && ledger.stage === 'open' && ledger.worker(event.workerId).liveness === 'alive')
          due.expect(event.workerId, nowMs, linkLimits.cutGraceMs + recordMs);
        return late === undefined
          ? undefined
          : `the link of ${late} was closed, and it still counts as alive`;
      };
    },
  },
  {
    name: 'a lost lease is found',
    doc: 'A lease that two beats in a row do not carry, although it was handed over, has ended a second later.',
    watch: (ledger) => {
      const due = new DueBy<AssignmentId>(ledger);
      const sent = new Set<AssignmentId>();
      const misses = new Map<AssignmentId, number>();
      const settle = (id: AssignmentId) => {
        misses.delete(id);
        due.settle(id);
      };
      return (event, nowMs) => {
        if (!hasJoined(ledger)) return undefined;
        const late = due.overdue(event, nowMs);
        const ended = endedLease(event);
        if (ended !== undefined) {
          settle(ended);
          sent.delete(ended);
        }
        if (event.type === 'process.died') misses.clear();
        if (event.type === 'link.sent' && event.frame === 'run') sent.add(event.assignmentId);
        if (event.type === 'link.opened') for (const id of ledger.worker(event.workerId).leases) settle(id);
        if (event.type === 'link.heard' && ledger.links.linkOf(event) !== undefined) {
          const carried = new Set(event.assignmentIds);
          for (const id of ledger.worker(event.workerId).leases) {
            if (carried.has(id)) settle(id);
            else if (event.frame === 'beat' && sent.has(id)) misses.set(id, (misses.get(id) ?? 0) + 1);
            if (misses.get(id) === missesMax) due.expect(id, nowMs, recordMs);
          }
        }
        return late === undefined ? undefined : `lease ${late} goes on, and its worker does not hold it`;
      };
    },
  },
  {
    name: 'late results are on record',
    doc: 'A result that comes over a link for a lease that its worker does not have is recorded as late, and changes nothing.',
    watch: (ledger) => {
      const due = new DueBy<AssignmentId>(ledger);
      const known = new Set<AssignmentId>();
      return (event, nowMs) => {
        if (!hasJoined(ledger)) return undefined;
        const late = due.overdue(event, nowMs);
        const fact = factOf(event);
        if (fact?.type === 'worker.reported_late') due.settle(fact.assignmentId);
        if (event.type === 'process.died') known.clear();
        if (event.type === 'link.heard' && event.frame === 'settled') {
          const [id] = event.assignmentIds;
          const isNews = id !== undefined && !known.has(id) && ledger.links.linkOf(event) !== undefined;
          if (isNews) known.add(id);
          const isStale = isNews && event.outcome !== 'cancelled' && isOver(ledger, event, id);
          if (isStale && ledger.stage === 'open') due.expect(id, nowMs, recordMs);
        }
        return late === undefined ? undefined : `a late result under lease ${late} is not on record`;
      };
    },
  },
  {
    name: 'results are acknowledged',
    doc: 'Every result that comes over a link is acknowledged over it within a second of its record, unless the link ends before.',
    watch: (ledger) => {
      const due = new DueBy<string>(ledger);
      return (event, nowMs) => {
        if (!hasJoined(ledger)) return undefined;
        const late = due.overdue(event, nowMs);
        settleOver(due, event, 'ack');
        if (event.type === 'link.heard' && event.frame === 'settled' && isCurrent(ledger, event)) {
          for (const id of event.assignmentIds) due.expect(overLink(event, id), nowMs, recordMs);
        }
        return late === undefined ? undefined : `a result was not acknowledged: ${late}`;
      };
    },
  },
  {
    name: 'who holds a dead lease is told',
    doc: 'A worker whose beat carries a lease that is over, and that has not settled it, is told to stop within a second.',
    watch: (ledger) => {
      const due = new DueBy<string>(ledger);
      const settled = new Set<AssignmentId>();
      const over = new Set<AssignmentId>();
      return (event, nowMs) => {
        if (!hasJoined(ledger)) return undefined;
        const late = due.overdue(event, nowMs);
        const ended = endedLease(event);
        if (ended !== undefined) over.add(ended);
        settleOver(due, event, 'stop');
        if (event.type === 'link.heard' && isCurrent(ledger, event)) {
          for (const id of event.assignmentIds) {
            if (event.frame === 'settled') settled.add(id);
            else if (event.frame === 'beat' && over.has(id) && !settled.has(id))
              due.expect(overLink(event, id), nowMs, stopMs);
          }
        }
        return late === undefined ? undefined : `a worker was not told that its lease is over: ${late}`;
      };
    },
  },
  {
    name: 'joined workers stop when told',
    doc: 'A generation of a joined worker ends within a second after a stop, or a word that its lease is unknown, has arrived there.',
    watch: (ledger) => {
      const stopped = new Map<AssignmentId, { readonly atMs: number; readonly workerId: WorkerId }>();
      const asleep = new Map<WorkerId, number>();
      return (event, nowMs) => {
        if (event.type === 'fault' && event.name === 'joiner.suspended')
          asleep.set(event.detail as WorkerId, nowMs + event.forMs);
        if (event.type === 'link.told' && (event.frame === 'stop' || event.frame === 'drop')) {
          const { assignmentId: id, workerId } = event;
          if (ledger.runs.has(id) && !stopped.has(id)) stopped.set(id, { atMs: nowMs, workerId });
        }
        if (event.type !== 'run.ended') return undefined;
        const stop = stopped.get(event.assignmentId);
        if (stop === undefined) return undefined;
        stopped.delete(event.assignmentId);
        const sinceMs = nowMs - Math.max(stop.atMs, asleep.get(stop.workerId) ?? 0);
        return sinceMs <= stopMs
          ? undefined
          : `lease ${event.assignmentId} was worked on ${sinceMs} ms after the word to stop`;
      };
    },
  },
  {
    name: 'a joined worker begins what it was given',
    doc: 'What a joined worker begins was leased to it, and no lease is begun twice.',
    watch: (ledger) => {
      const given = new Map<AssignmentId, { readonly workerId: WorkerId; readonly taskId: TaskId }>();
      return (event) => {
        if (!hasJoined(ledger)) return undefined;
        const fact = factOf(event);
        if (fact?.type === 'task.assigned' && ledger.links.joined.has(fact.workerId))
          given.set(fact.assignmentId, fact);
        if (event.type !== 'run.began' || !ledger.links.joined.has(event.workerId)) return undefined;
        const { workerId, taskId, assignmentId } = event;
        const lease = given.get(assignmentId);
        given.delete(assignmentId);
        return lease?.workerId === workerId && lease.taskId === taskId
          ? undefined
          : `${workerId} began ${taskId} under lease ${assignmentId}, which it was not given`;
      };
    },
  },
  {
    name: 'one process has a name',
    doc: 'No process takes the name of another one that was heard within two heartbeats, and none is taken in that speaks another version.',
    watch: (ledger) => {
      const { intervalMs } = ledger.config.healthCheck;
      const former = new Map<WorkerId, { readonly instance: string; readonly heardMs: number }>();
      return (event, nowMs) => {
        if (event.type === 'link.closed') {
          const link = ledger.links.linkOf(event);
          if (link !== undefined && event.code === replacedCode) former.set(event.workerId, { ...link });
        }
        if (event.type !== 'link.opened') return undefined;
        const { workerId, instance } = event;
        const before = former.get(workerId);
        former.delete(workerId);
        if (ledger.links.outdated.has(instance))
          return `${instance} was taken in, and speaks another version`;
        if (before === undefined || before.instance === instance) return undefined;
        return nowMs - before.heardMs > 2 * intervalMs
          ? undefined
          : `${instance} took ${workerId} from ${before.instance}, which was heard`;
      };
    },
  },
];

/** Most worlds have no such workers, and need not be looked at. */
function hasJoined({ links }: Ledger): boolean {
  return links.joined.size > 0;
}

type OverLink = Extract<WorldEvent, { type: 'link.heard' | 'link.sent' | 'link.closed' }>;

/** Over the connection that counts, to a process that takes work. */
function isCurrent({ links, stage }: Ledger, event: OverLink): boolean {
  return stage === 'open' && links.linkOf(event) !== undefined;
}

function overLink({ connection }: OverLink, id: AssignmentId): string {
  return `connection ${connection}, lease ${id}`;
}

/** The pool has answered with this frame, or the connection has ended. */
function settleOver(due: DueBy<string>, event: WorldEvent, frame: 'ack' | 'stop'): void {
  if (event.type === 'link.sent' && event.frame === frame) due.settle(overLink(event, event.assignmentId));
  if (event.type === 'link.closed')
    due.settleWhere((key) => key.startsWith(`connection ${event.connection},`));
}

function endedLease(event: WorldEvent): AssignmentId | undefined {
  const fact = factOf(event);
  return fact === undefined ? undefined : endedLeaseOf(fact);
}

/** Whether a result is for a lease that its task does not have, and did not end with. */
function isOver(
  { tasks }: Ledger,
  { taskId, workerId }: { readonly taskId: TaskId | null; readonly workerId: WorkerId },
  id: AssignmentId,
): boolean {
  const task = taskId === null ? undefined : tasks.get(taskId);
  if (task === undefined) return false;
  const isIts = task.assignmentId === id && task.workerId === workerId;
  return !(isIts && (task.state === 'leased' || isEnded(task)));
}
