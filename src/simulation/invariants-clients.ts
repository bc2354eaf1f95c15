import type { Fact } from '../machines/facts.ts';
import type { AssignmentId, TaskId } from '../machines/identifiers.ts';
import { factOf } from './invariants-tasks.ts';
import type { Invariant } from './judge.ts';
import { isEnded, mayBeGone } from './ledger-entries.ts';

/** What clients were told, and what becomes of it; and what a process leaves behind. */

/** A drain may take so long beyond its grace: the commits around it, and the reports of what was stopped. */
const drainSlackMs = 5_000;

export const clientInvariants: readonly Invariant[] = [
  {
    name: 'acknowledged is durable',
    doc: 'An acknowledged task is on disk before it is acknowledged, and stays there with its prompt and its type until the retention takes it, long after it was completed.',
    watch: (ledger) => (event) => {
      if (event.type === 'client.acknowledged') {
        const missing = event.taskIds.find((taskId) => !ledger.tasks.has(taskId));
        return missing === undefined ? undefined : `${missing} was acknowledged, and is not on disk`;
      }
      if (event.type !== 'client.read') return undefined;
      const known = ledger.tasks.get(event.taskId);
      if (known === undefined) return undefined;
      const { task } = event;
      if (task === null)
        return mayBeGone(known, ledger.forgottenBeforeMs) ? undefined : `${event.taskId} is gone`;
      const isSame = task.prompt === known.wanted.prompt && task.taskType === known.wanted.taskType;
      return isSame && task.priority === known.priority
        ? undefined
        : `${event.taskId} is not what was asked for`;
    },
  },
  {
    name: 'asked for is what is kept',
    doc: 'The row of an acknowledged task is what its client asked for.',
    watch: (ledger) => (event) => {
      if (event.type !== 'client.acknowledged') return undefined;
      for (const [at, taskId] of event.taskIds.entries()) {
        const wanted = event.wanted[at];
        const known = ledger.tasks.get(taskId)?.wanted;
        if (known === undefined || wanted === undefined) continue;
        if (known.prompt !== wanted.prompt || known.taskType !== wanted.taskType)
          return `${taskId} is not what its client asked for`;
      }
      return undefined;
    },
  },
  {
    name: 'a key stands for one request',
    doc: 'The same key gives the same tasks, and no task belongs to two keys.',
    watch: () => {
      const idsOf = new Map<string, string>();
      const keyOf = new Map<TaskId, string>();
      return (event) => {
        if (event.type !== 'client.acknowledged' || event.key === null) return undefined;
        const ids = event.taskIds.join(' ');
        const known = idsOf.get(event.key);
        if (known !== undefined && known !== ids) return `${event.key} gave ${known}, and then ${ids}`;
        idsOf.set(event.key, ids);
        for (const taskId of event.taskIds) {
          const other = keyOf.get(taskId);
          if (other !== undefined && other !== event.key)
            return `${taskId} belongs to ${other} and ${event.key}`;
          keyOf.set(taskId, event.key);
        }
        return undefined;
      };
    },
  },
  {
    name: 'an ending stands',
    doc: 'What was once read of an ended task is read for ever.',
    watch: () => {
      const endings = new Map<TaskId, string>();
      return (event) => {
        if (event.type !== 'client.read' || event.task === null || event.task.ending === null)
          return undefined;
        const known = endings.get(event.taskId);
        endings.set(event.taskId, event.task.ending);
        return known === undefined || known === event.task.ending
          ? undefined
          : `${event.taskId} was "${known}" and is "${event.task.ending}"`;
      };
    },
  },
  {
    name: 'rows and facts agree',
    doc: 'The state that a row tells is the one that its facts lead to.',
    watch: (ledger) => (event) => {
      if (event.type !== 'client.read' || event.task === null) return undefined;
      const known = ledger.tasks.get(event.taskId);
      const expected = { waiting: 'pending', leased: 'in_progress' }[known?.state as string] ?? known?.state;
      return known === undefined || event.task.status === expected
        ? undefined
        : `${event.taskId} is ${event.task.status} by its row, and ${known.state} by its facts`;
    },
  },
  {
    name: 'a cancel is whole',
    doc: 'After a cancel was confirmed the task is cancelled and nothing of it begins; a refused one left an ending.',
    watch: (ledger) => {
      const cancelled = new Set<TaskId>();
      return (event) => {
        if (event.type === 'client.cancelled') {
          cancelled.add(event.taskId);
          const state = ledger.tasks.get(event.taskId)?.state;
          return state === 'cancelled'
            ? undefined
            : `${event.taskId} is said to be cancelled, and is ${state}`;
        }
        if (event.type === 'client.cancel_refused' && event.code === 'task.ended') {
          const task = ledger.tasks.get(event.taskId);
          return task === undefined || isEnded(task)
            ? undefined
            : `${event.taskId} has not ended, it is ${task.state}`;
        }
        // A word to a joined worker may be on its way.
        const isHere = event.type === 'run.began' && !ledger.links.joined.has(event.workerId);
        return isHere && cancelled.has(event.taskId)
          ? `${event.taskId} was begun after its cancel`
          : undefined;
      };
    },
  },
  {
    name: 'nothing before its commit',
    doc: 'What is told, and what is begun, is on disk.',
    watch: (ledger) => {
      const recent = new Map<number, Fact>();
      return (event) => {
        if (event.type === 'fact') {
          recent.set(event.committed.seq, event.committed.fact);
          recent.delete(event.committed.seq - 10_000);
        }
        if (event.type === 'fact.told' && recent.get(event.committed.seq) !== event.committed.fact)
          return `fact ${event.committed.seq} was told, and is not on disk`;
        if (event.type !== 'run.began' || ledger.links.joined.has(event.workerId)) return undefined;
        const task = ledger.tasks.get(event.taskId);
        const isHeld = task?.state === 'leased' && task.assignmentId === event.assignmentId;
        return isHeld ? undefined : `lease ${event.assignmentId} was begun, and is not on disk`;
      };
    },
  },
  {
    name: 'the stream has no gaps',
    doc: 'While a process lives, its stream tells every fact once, in order.',
    watch: (ledger) => {
      let last: number | undefined;
      return (event) => {
        if (event.type === 'process.began') last = ledger.lastSeq;
        if (event.type !== 'fact.told') return undefined;
        const { seq } = event.committed;
        const isNext = last === undefined || seq === last + 1;
        const before = last;
        last = seq;
        return isNext ? undefined : `fact ${seq} was told after ${before}`;
      };
    },
  },
  {
    name: 'followers miss nothing',
    doc: 'Who follows a task is told each of its facts once and in order, over restarts too.',
    watch: (ledger) => {
      const told = new Map<number, number[]>();
      return (event) => {
        if (event.type === 'watch.told') {
          const seqs = told.get(event.watcher) ?? [];
          told.set(event.watcher, seqs);
          seqs.push(event.seq);
        }
        if (event.type !== 'watch.ended') return undefined;
        const heard = (told.get(event.watcher) ?? []).join(' ');
        told.delete(event.watcher);
        const all = ledger.tasks.get(event.taskId)?.seqs.join(' ') ?? '';
        return heard === all
          ? undefined
          : `${event.taskId} has the facts ${all}; its follower heard ${heard}`;
      };
    },
  },
  {
    name: 'nothing is left',
    doc: 'After a drain no timer of the process is armed, nothing is generated for it, and no lease is open.',
    watch: (ledger) => (event) => {
      if (event.type !== 'process.stopped') return undefined;
      const { leftTimers, leftRuns } = event;
      // What a failing disk did not take is put right by the next process.
      const leftLeases = ledger.isStalled ? 0 : ledger.leased;
      return leftTimers + leftRuns + leftLeases > 0
        ? `${leftTimers} timers, ${leftRuns} generations and ${leftLeases} leases were left`
        : undefined;
    },
  },
  {
    name: 'a drain ends',
    doc: 'A stop in order hands out nothing more, and ends within its grace while the disk works.',
    watch: (ledger) => {
      let stoppingMs: number | undefined;
      let extraMs = 0;
      let isDraining = false;
      return (event, nowMs) => {
        if (event.type === 'process.began') {
          stoppingMs = undefined;
          isDraining = false;
          extraMs = 0;
        }
        if (event.type === 'process.stopping') stoppingMs = nowMs;
        if (event.type === 'fault') extraMs += event.forMs;
        const fact = factOf(event);
        if (fact?.type === 'pool.draining') isDraining = true;
        if (fact?.type === 'task.assigned' && isDraining) return `${fact.taskId} was handed out in a drain`;
        if (event.type !== 'process.stopped' || stoppingMs === undefined) return undefined;
        const graceMs = ledger.config.server.drainGraceMs + drainSlackMs + extraMs;
        return nowMs - stoppingMs <= graceMs ? undefined : `the stop took ${nowMs - stoppingMs} ms`;
      };
    },
  },
  {
    name: 'no alarm',
    doc: 'The process does not crash, and its log has no error but those of planned faults.',
    watch: () => (event) => (event.type === 'process.alarmed' ? event.message : undefined),
  },
  {
    name: 'refusals have a reason',
    doc: 'What clients are refused with is one of the known codes.',
    watch: () => (event) =>
      (event.type === 'client.refused' || event.type === 'client.cancel_refused') &&
      event.code.startsWith('unexpected')
        ? event.code
        : undefined,
  },
  {
    name: 'recovery takes back every lease',
    doc: 'Before a new process hands out anything, no lease of a former one is left.',
    watch: (ledger) => {
      let inherited = new Set<AssignmentId>();
      return (event) => {
        if (event.type === 'process.began') {
          inherited = new Set([...ledger.workers.values()].flatMap(({ leases }) => [...leases]));
        }
        if (factOf(event)?.type !== 'task.assigned') return undefined;
        const left = [...ledger.workers.values()].some(({ leases }) =>
          [...leases].some((id) => inherited.has(id)),
        );
        return left ? 'a task was handed out while leases of a former process were open' : undefined;
      };
    },
  },
];
