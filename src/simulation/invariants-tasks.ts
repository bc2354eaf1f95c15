import { type Fact, isEnding } from '../machines/facts.ts';
import type { AssignmentId } from '../machines/identifiers.ts';
import { limits } from '../machines/limits.ts';
import type { Invariant } from './judge.ts';
import { isEnded, type LedgerTask } from './ledger-entries.ts';
import { headOf } from './virtual-server.ts';
import type { WorldEvent } from './world-events.ts';

/** The life of one task, as its facts tell it. */

/** What `backoffMsMax` of the pool says: no backoff lasts longer, unless a server named its time. */
const backoffMsMax = 300_000;
/** The shortest and the longest `Retry-After` of a virtual server. */
const retryAfterMsMin = 5_000;
const retryAfterMsMax = 120_000;

export const taskInvariants: readonly Invariant[] = [
  {
    name: 'grammar',
    doc: 'The facts of a task are accepted (assigned (retried)?)* and then one ending.',
    watch: (ledger) => (event) => {
      const fact = factOf(event);
      if (fact === undefined || !('taskId' in fact) || fact.type === 'worker.reported_late') return undefined;
      const task = ledger.tasks.get(fact.taskId);
      if (fact.type === 'task.accepted')
        return task === undefined ? undefined : `${fact.taskId} was accepted twice`;
      if (task === undefined) return `${fact.type} of ${fact.taskId}, which was never accepted`;
      if (fact.type === 'task.assigned' && task.state !== 'waiting')
        return `${fact.taskId} was assigned while ${task.state}`;
      if (fact.type === 'task.retried' && task.state !== 'leased')
        return `${fact.taskId} was retried while ${task.state}`;
      if (fact.type === 'task.completed' && task.state !== 'leased')
        return `${fact.taskId} was completed while ${task.state}`;
      return undefined;
    },
  },
  {
    name: 'one outcome',
    doc: 'A task ends once, and nothing happens to it after its ending.',
    watch: (ledger) => (event) => {
      const fact = factOf(event);
      if (fact === undefined || !('taskId' in fact) || fact.type === 'worker.reported_late') return undefined;
      const task = ledger.tasks.get(fact.taskId);
      return task !== undefined && isEnded(task)
        ? `${fact.type} of ${fact.taskId}, which was ${task.state}`
        : undefined;
    },
  },
  {
    name: 'one live assignment',
    doc: 'A task is in the hands of one worker at most.',
    watch: (ledger) => (event) => {
      const fact = factOf(event);
      if (fact?.type !== 'task.assigned') return undefined;
      const task = ledger.tasks.get(fact.taskId);
      return task?.state === 'leased'
        ? `${fact.taskId} has lease ${task.assignmentId}, and was given ${fact.assignmentId}`
        : undefined;
    },
  },
  {
    name: 'assignments only grow',
    doc: 'Every lease has a number above all that were given before, over restarts too.',
    watch: (ledger) => (event) => {
      const fact = factOf(event);
      if (fact?.type !== 'task.assigned' || fact.assignmentId > ledger.lastAssignment) return undefined;
      return `${fact.assignmentId} came after ${ledger.lastAssignment}`;
    },
  },
  {
    name: 'fencing',
    doc: 'What ends a lease names the one that the task has.',
    watch: (ledger) => (event) => {
      const fact = factOf(event);
      if (fact === undefined || !('assignmentId' in fact) || !('taskId' in fact)) return undefined;
      if (fact.type === 'task.assigned' || fact.type === 'worker.reported_late') return undefined;
      const task = ledger.tasks.get(fact.taskId);
      if (task === undefined || task.state !== 'leased') return undefined;
      return fact.assignmentId === task.assignmentId
        ? undefined
        : `${fact.type} of ${fact.taskId} names ${fact.assignmentId}, its lease is ${task.assignmentId}`;
    },
  },
  {
    name: 'retries are bounded',
    doc: 'A task fails at most as often as it may be retried, by each model that may stand in, and is leased 50 times at most.',
    watch: (ledger) => (event) => {
      const fact = factOf(event);
      if (fact?.type === 'task.assigned' && fact.lease > limits.leasesPerTaskMax)
        return `${fact.taskId} was leased for the ${fact.lease}th time`;
      if (fact?.type !== 'task.retried') return undefined;
      const { retryCount } = ledger.config.models.server;
      if (fact.delayMs > 0 && fact.failures > retryCount)
        return `${fact.taskId} backs off after failure ${fact.failures}, and may be retried ${retryCount} times`;
      const failuresMax = retryCount + ledger.config.models.fallback.chain.length + 1;
      return fact.failures > failuresMax
        ? `${fact.taskId} has failed ${fact.failures} times, and goes on`
        : undefined;
    },
  },
  {
    name: 'backoff is on its curve',
    doc: 'A delay is between half of its doubling ceiling and all of it, or what the server asked for.',
    watch: (ledger) => (event) => {
      const fact = factOf(event);
      if (fact?.type !== 'task.retried' || fact.delayMs === 0) return undefined;
      const base = ledger.config.models.server.retryDelayMs;
      const ceiling = Math.min(base * 2 ** Math.max(0, fact.failures - 1), backoffMsMax);
      const isBusy = fact.failure.code === 'backend.busy';
      // A joined worker without a free slot says so by itself, and names no time.
      const isAsked = isBusy && !fact.failure.message.includes('more than it has slots for');
      const least = Math.max(Math.floor(ceiling / 2), isAsked ? retryAfterMsMin : 0);
      const most = isBusy ? Math.max(ceiling, retryAfterMsMax) : ceiling;
      const fits = fact.delayMs >= least && fact.delayMs <= Math.ceil(most);
      return fits ? undefined : `${fact.taskId} waits ${fact.delayMs} ms after failure ${fact.failures}`;
    },
  },
  {
    name: 'nothing early',
    doc: 'No task is handed out before its start time, or before its backoff is over.',
    watch: (ledger) => (event) => {
      if (event.type !== 'fact' || event.committed.fact.type !== 'task.assigned') return undefined;
      const { atMs, fact } = event.committed;
      const task = ledger.tasks.get(fact.taskId);
      if (task === undefined || atMs + ledger.jumpedMs + 1 >= task.notBeforeMs) return undefined;
      return `${fact.taskId} was handed out ${task.notBeforeMs - atMs} ms early`;
    },
  },
  {
    name: 'success is real',
    doc: 'A task completes with the whole answer of a server to this very attempt, or with one that was kept.',
    watch: () => {
      const answers = new Map<number, string>();
      const kept = new Set<string>();
      return (event) => {
        if (event.type === 'run.ended' && event.output !== null) {
          answers.set(event.assignmentId, event.output);
          kept.add(event.output);
        }
        // It came too late for its own task, and yet it is a whole answer: it may be kept for others.
        if (event.type === 'run.reported_late') kept.add(event.output);
        const fact = factOf(event);
        if (fact?.type !== 'task.completed') return undefined;
        const isKept = fact.usage.doneReason === 'cached' && kept.has(fact.output);
        const isFresh = answers.get(fact.assignmentId) === fact.output;
        answers.delete(fact.assignmentId);
        return isKept || isFresh
          ? undefined
          : `${fact.taskId} completed with what no server said: ${fact.output}`;
      };
    },
  },
  {
    name: 'a result of its own',
    doc: 'A task completes with the answer to its own prompt.',
    watch: (ledger) => (event) => {
      const fact = factOf(event);
      if (fact?.type !== 'task.completed') return undefined;
      const prompt = ledger.tasks.get(fact.taskId)?.wanted.prompt ?? ':';
      return fact.output.endsWith(` to ${headOf(prompt)}`)
        ? undefined
        : `${fact.taskId} asked ${headOf(prompt)}, and got ${fact.output}`;
    },
  },
  {
    name: 'one sequence',
    doc: 'Facts are numbered without a gap, over restarts too.',
    watch: (ledger) => (event) =>
      event.type !== 'fact' || event.committed.seq === ledger.lastSeq + 1
        ? undefined
        : `fact ${event.committed.seq} came after ${ledger.lastSeq}`,
  },
  {
    name: 'everything ends',
    doc: 'Once nothing goes wrong any more, every task ends within a computed time.',
    watch: (ledger) => {
      let dueMs = Number.POSITIVE_INFINITY;
      return (event, nowMs) => {
        if (event.type === 'calm') dueMs = nowMs + event.boundMs;
        const fact = factOf(event);
        if (fact !== undefined && isEnding(fact) && nowMs > dueMs)
          return `an ending came ${nowMs - dueMs} ms late`;
        if (event.type !== 'world.ended' || ledger.open === 0) return undefined;
        return `${ledger.open} tasks have not ended: ${openTasks(ledger.tasks.values())}`;
      };
    },
  },
];

function openTasks(tasks: Iterable<LedgerTask>): string {
  return [...tasks]
    .filter((task) => !isEnded(task))
    .slice(0, 3)
    .map(({ taskId, state, wanted }) => `${taskId} (${state}, ${wanted.taskType}, ${wanted.priority})`)
    .join(', ');
}

/** What has just been written, if anything. */
export function factOf(event: WorldEvent): Fact | undefined {
  return event.type === 'fact' ? event.committed.fact : undefined;
}

/** The lease that a fact ends; a late result is of one that is over. */
export function endedLeaseOf(fact: Fact): AssignmentId | undefined {
  if (!('assignmentId' in fact) || fact.type === 'task.assigned' || fact.type === 'worker.reported_late')
    return undefined;
  return fact.assignmentId ?? undefined;
}
