import type { Config } from '../config/settings.ts';
import type { Fact } from '../machines/facts.ts';
import { suggestModel } from '../machines/model-choice.ts';
import { ruleFor } from '../machines/routing.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import { endedLeaseOf, factOf } from './invariants-tasks.ts';
import type { Invariant } from './judge.ts';
import type { Ledger } from './ledger.ts';
import type { LedgerTask } from './ledger-entries.ts';

/** Who gets which task, and how many at once. */

type Assigned = Extract<Fact, { type: 'task.assigned' }>;

/** A commit that waits for the disk is written later than it was decided. */
const stopGraceMs = 1_000;

export const workerInvariants: readonly Invariant[] = [
  {
    name: 'capacity of a worker',
    doc: 'No worker is given a task while all of its slots are taken.',
    watch: (ledger) => (event) => {
      const fact = factOf(event);
      if (fact?.type !== 'task.assigned') return undefined;
      const joined = ledger.links.joined.get(fact.workerId);
      const slots = joined?.slots ?? workerOf(ledger, fact)?.maxConcurrentTasks ?? 0;
      const used = ledger.worker(fact.workerId).leases.size;
      return used < slots
        ? undefined
        : `${fact.workerId} has ${used} of ${slots}, and was given ${fact.taskId}`;
    },
  },
  {
    name: 'capacity of a host',
    doc: 'No machine is given a task while all that it may run at once are running.',
    watch: (ledger) => (event) => {
      const fact = factOf(event);
      if (fact?.type !== 'task.assigned') return undefined;
      const { hosts, workers } = configOf(ledger, fact);
      const host = workerOf(ledger, fact)?.host;
      const slotsMax = hosts.find((one) => one.host === host)?.slotsMax ?? null;
      if (slotsMax === null) return undefined;
      const mates = workers.filter((worker) => worker.host === host);
      const used = mates.reduce((sum, { workerId }) => sum + ledger.worker(workerId).leases.size, 0);
      return used < slotsMax
        ? undefined
        : `${host} runs ${used} of ${slotsMax}, and was given ${fact.taskId}`;
    },
  },
  {
    name: 'capacity of the pool',
    doc: 'There are never more leases than max_active_tasks.',
    watch: (ledger) => (event) => {
      const fact = factOf(event);
      if (fact?.type !== 'task.assigned') return undefined;
      const { maxActiveTasks } = configOf(ledger, fact).pool;
      return ledger.leased < maxActiveTasks
        ? undefined
        : `${ledger.leased} of ${maxActiveTasks} are leased, and so was ${fact.taskId}`;
    },
  },
  {
    name: 'the rule is obeyed',
    doc: 'A task goes to a worker that its rule names, or to a local one where the rule lets these stand in, and that takes its type.',
    watch: (ledger) => (event) => {
      const fact = factOf(event);
      if (fact?.type !== 'task.assigned') return undefined;
      const task = ledger.tasks.get(fact.taskId);
      const isJoined = ledger.links.joined.has(fact.workerId);
      const worker = isJoined ? joinedWorker(fact) : workerOf(ledger, fact);
      if (task === undefined || worker === undefined) return `${fact.workerId} is in no configuration`;
      const rule = ruleFor(configOf(ledger, fact).routing, task.priority);
      const isNamed = rule.preferredWorkers.some(
        (name) => name === worker.location || name === worker.workerId,
      );
      const standsIn = rule.fallbackToLocal && worker.location === 'local';
      const { capabilities } = worker;
      const isCapable = capabilities.length === 0 || capabilities.includes(task.wanted.taskType);
      return (isNamed || standsIn) && isCapable
        ? undefined
        : `priority ${task.priority}, ${task.wanted.taskType} went to ${worker.workerId} by "${rule.reason}"`;
    },
  },
  {
    name: 'no work for the absent',
    doc: 'Nothing is given to a worker that is suspect, lost, sent home, in quarantine or gone.',
    watch: (ledger) => (event) => {
      const fact = factOf(event);
      if (fact?.type !== 'task.assigned') return undefined;
      const { liveness, admission, isRetired } = ledger.worker(fact.workerId);
      const isSilent = liveness === 'lost' || liveness === 'suspect';
      const isAbsent = isSilent || isRetired || admission === 'quarantined';
      const isHome = admission === 'draining' || admission === 'drained';
      return isAbsent || isHome
        ? `${fact.workerId} is ${liveness} and ${admission}, and was given ${fact.taskId}`
        : undefined;
    },
  },
  {
    name: 'nothing while paused',
    doc: 'A paused pool hands out nothing.',
    watch: (ledger) => (event) =>
      factOf(event)?.type === 'task.assigned' && ledger.isPaused
        ? 'a task was handed out while paused'
        : undefined,
  },
  {
    name: 'who waits longer goes first',
    doc: 'No task is overtaken by one of the same type, rule and model with less effective priority, but for bounded bypasses to a loaded model.',
    watch: (ledger) => {
      let [asleepSinceMs, asleepUntilMs] = [0, 0];
      return (event, nowMs) => {
        if (event.type === 'fault' && event.name.startsWith('process.s')) {
          if (nowMs > asleepUntilMs) asleepSinceMs = nowMs;
          asleepUntilMs = Math.max(asleepUntilMs, nowMs + event.forMs);
        }
        const fact = factOf(event);
        if (event.type !== 'fact' || fact?.type !== 'task.assigned') return undefined;
        const task = ledger.tasks.get(fact.taskId);
        if (task === undefined || isUncertain(task) || fact.reason.bypassed !== undefined) return undefined;
        const { atMs } = event.committed;
        const { routing, models } = configOf(ledger, fact);
        const slackMs = ledger.jumpedMs + 1;
        // A start time is seen within a second, in which the process is awake.
        const awayMs = nowMs < asleepUntilMs + 1_000 ? nowMs - asleepSinceMs : 0;
        const seenMs = atMs - awayMs - 1_000 - slackMs;
        for (const other of ledger.waiting) {
          if (other.wanted.taskType !== task.wanted.taskType || isUncertain(other)) continue;
          if (other.notBeforeMs > seenMs) continue;
          if (!comesBefore(other, task, routing.agingMs, slackMs)) continue;
          if (ruleFor(routing, other.priority) !== ruleFor(routing, task.priority)) continue;
          if (modelOf(other, models) !== modelOf(task, models)) continue;
          return `${task.taskId} (${task.priority}) overtook ${other.taskId} (${other.priority})`;
        }
        return undefined;
      };
    },
  },
  {
    name: 'lost only when silent',
    doc: 'A worker that was heard is not declared lost before it was silent for the timeout.',
    watch: (ledger) => {
      // What a failing disk has held up is told late: the worker may have been heard since.
      let isHeldUp = false;
      return (event, nowMs) => {
        if (event.type === 'commit.failed') isHeldUp = true;
        const fact = factOf(event);
        if (event.type === 'process.began' || fact?.type === 'journal.resumed') isHeldUp = false;
        if (fact?.type !== 'worker.changed' || fact.to !== 'lost' || isHeldUp) return undefined;
        const { lastBeatMs } = ledger.worker(fact.workerId);
        const { timeoutMs } = ledger.config.healthCheck;
        if (lastBeatMs === null || nowMs - lastBeatMs >= timeoutMs) return undefined;
        return `${fact.workerId} was heard ${nowMs - lastBeatMs} ms before it was declared lost`;
      };
    },
  },
  {
    name: 'runs end with their lease',
    doc: 'No generation goes on for more than a second after its lease has ended.',
    watch: (ledger) => {
      const endedMs = new Map<number, number>();
      let asleepMs = 0;
      return (event, nowMs) => {
        if (event.type === 'fault' && event.name.startsWith('process.s')) asleepMs = nowMs + event.forMs;
        if (event.type === 'process.died') endedMs.clear();
        const fact = factOf(event);
        const ended = fact === undefined ? undefined : endedLeaseOf(fact);
        const run = ended === undefined ? undefined : ledger.runs.get(ended);
        // How joined workers hear of it is a matter of their links.
        const isJoined = run !== undefined && ledger.links.joined.has(run.workerId);
        if (ended !== undefined && run !== undefined && !isJoined) endedMs.set(ended, nowMs);
        if (event.type !== 'run.ended') return undefined;
        const sinceMs = endedMs.get(event.assignmentId);
        endedMs.delete(event.assignmentId);
        if (sinceMs === undefined || nowMs - Math.max(sinceMs, asleepMs) <= stopGraceMs) return undefined;
        return `lease ${event.assignmentId} was over for ${nowMs - sinceMs} ms, and was still being worked on`;
      };
    },
  },
  {
    name: 'nobody is home unasked',
    doc: 'A worker of the configuration is drained only where an operator has asked for it.',
    watch: (ledger) => (event) => {
      if (event.type !== 'looked') return undefined;
      const named = new Set(ledger.latestConfig.workers.map(({ workerId }) => workerId));
      const idle = event.absent.find((id) => named.has(id) && !ledger.worker(id).isSentHome);
      return idle === undefined ? undefined : `${idle} takes no work, and nobody has sent it home`;
    },
  },
  {
    name: 'books balance',
    doc: 'The leases that the pool counts are those of the rows, and those of the facts.',
    watch: (ledger) => (event) => {
      if (event.type !== 'looked') return undefined;
      const { leases, stored } = event;
      return leases === ledger.leased && stored.length === ledger.leased
        ? undefined
        : `leases: ${leases} in the pool, ${stored.length} in rows, ${ledger.leased} by the facts`;
    },
  },
];

function configOf(ledger: Ledger, fact: Assigned): Config {
  return ledger.configOf(fact.reason.config_version);
}

function workerOf(ledger: Ledger, fact: Assigned) {
  return configOf(ledger, fact).workers.find(({ workerId }) => workerId === fact.workerId);
}

/** Any that joins is remote, and takes all types of tasks. */
function joinedWorker({ workerId }: Assigned): Pick<WorkerConfig, 'workerId' | 'location' | 'capabilities'> {
  return { workerId, location: 'remote', capabilities: [] };
}

/** Its place is not known from its acceptance alone: it was moved, was tried before, or stands in for another model. */
function isUncertain({ isMoved, leases }: LedgerTask): boolean {
  return isMoved || leases > 0;
}

function comesBefore(a: LedgerTask, b: LedgerTask, agingMs: number, slackMs: number): boolean {
  if (agingMs === 0)
    return a.priority > b.priority || (a.priority === b.priority && a.sinceMs + slackMs < b.sinceMs);
  return a.sinceMs - a.priority * agingMs + slackMs < b.sinceMs - b.priority * agingMs;
}

function modelOf({ wanted }: LedgerTask, models: Config['models']): string {
  return suggestModel({ taskType: wanted.taskType, promptChars: wanted.prompt.length }, models);
}
