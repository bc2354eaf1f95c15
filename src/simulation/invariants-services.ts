import { bearingOf } from '../machines/endpoint-bearing.ts';
import type { Fact } from '../machines/facts.ts';
import type { WorkerId } from '../machines/identifiers.ts';
import { ruleFor } from '../machines/routing.ts';
import { publicUrl } from '../runtime/public-url.ts';
import { factOf } from './invariants-tasks.ts';
import type { Invariant } from './judge.ts';
import type { Ledger } from './ledger.ts';
import type { WorldEvent } from './world-events.ts';

/** What is done about servers that fail and workers that are silent, and that all are served again. */

/** Attempts that were under way when a breaker was about to open fail after it, too. */
const underWayMax = 8;
/** The longest time that a virtual server asks for. */
const retryAfterMsMax = 120_000;
const slackMs = 5_000;

export const serviceInvariants: readonly Invariant[] = [
  {
    name: 'no work for a failing server',
    doc: 'A server whose breaker is open gets no task, and one whose breaker is half open gets one to try it.',
    watch: (ledger) => (event) => {
      const fact = factOf(event);
      if (fact?.type !== 'task.assigned') return undefined;
      const endpoint = endpointOf(ledger, fact.workerId);
      const breaker = endpoint === undefined ? undefined : ledger.breakers.get(endpoint);
      return breaker === 'open' || breaker === 'trying'
        ? `the breaker of ${endpoint} is ${breaker}, and ${fact.workerId} was given ${fact.taskId}`
        : undefined;
    },
  },
  {
    name: 'a failing server gets a rest',
    doc: 'No server fails on and on while its breaker is closed.',
    watch: (ledger) => {
      const inRow = new Map<string, number>();
      return (event) => {
        if (event.type === 'process.began') inRow.clear();
        const fact = factOf(event);
        if (fact?.type === 'endpoint.changed') inRow.delete(fact.endpoint);
        const ending = fact === undefined ? undefined : endingAt(ledger, fact);
        if (ending === undefined || ending.bearing === 'nothing') return undefined;
        const count = ending.bearing === 'failure' ? (inRow.get(ending.endpoint) ?? 0) + 1 : 0;
        inRow.set(ending.endpoint, count);
        const { failuresMax } = ledger.latestConfig.breaker;
        const isClosed = (ledger.breakers.get(ending.endpoint) ?? 'closed') === 'closed';
        return isClosed && count > failuresMax + underWayMax
          ? `${ending.endpoint} has failed ${count} times in a row, and its breaker is closed`
          : undefined;
      };
    },
  },
  {
    name: 'a rest ends',
    doc: 'A breaker that has opened lets a task try within the longest rest there is.',
    watch: (ledger) => {
      const sinceMs = new Map<string, number>();
      return (event, nowMs) => {
        if (event.type === 'process.began') sinceMs.clear();
        if (isStandstill(event))
          for (const [endpoint, atMs] of sinceMs) sinceMs.set(endpoint, Math.max(atMs, nowMs) + event.forMs);
        const fact = factOf(event);
        if (fact?.type === 'endpoint.changed') {
          if (fact.to === 'open') sinceMs.set(fact.endpoint, nowMs);
          else sinceMs.delete(fact.endpoint);
        }
        if (event.type !== 'looked') return undefined;
        const restMs = Math.max(ledger.latestConfig.breaker.openMsMax, retryAfterMsMax) + slackMs;
        const found = [...sinceMs].find(([, atMs]) => nowMs - atMs > restMs);
        return found && `the breaker of ${found[0]} has been open for ${nowMs - found[1]} ms`;
      };
    },
  },
  {
    name: 'the silent are found out',
    doc: 'A worker that was not heard for the timeout and some beats is lost, and holds nothing.',
    watch: (ledger) => {
      let awakeMs = 0;
      const enrolledMs = new Map<WorkerId, number>();
      return (event, nowMs) => {
        if (event.type === 'process.began') awakeMs = Math.max(awakeMs, nowMs);
        if (isStandstill(event)) awakeMs = Math.max(awakeMs, nowMs) + event.forMs;
        const fact = factOf(event);
        if (fact?.type === 'worker.enrolled') enrolledMs.set(fact.workerId, nowMs);
        if (event.type !== 'looked') return undefined;
        const { timeoutMs, intervalMs } = ledger.latestConfig.healthCheck;
        for (const { workerId } of ledger.latestConfig.workers) {
          const { liveness, admission, isRetired, lastBeatMs, leases } = ledger.worker(workerId);
          if (isRetired || admission === 'quarantined') continue;
          if (liveness === 'lost' && leases.size > 0) return `${workerId} is lost, and holds ${leases.size}`;
          const heardMs = Math.max(lastBeatMs ?? 0, awakeMs, enrolledMs.get(workerId) ?? 0);
          if (liveness !== 'lost' && nowMs - heardMs > timeoutMs + 3 * intervalMs)
            return `${workerId} is ${liveness}, and was not heard for ${nowMs - heardMs} ms`;
        }
        return undefined;
      };
    },
  },
  {
    name: 'who is heard lives',
    doc: 'A worker that was heard after it was lost is not lost any more.',
    watch: (ledger) => {
      const lostMs = new Map<WorkerId, number>();
      return (event, nowMs) => {
        if (event.type === 'process.began') lostMs.clear();
        const fact = factOf(event);
        if (fact?.type === 'worker.changed') {
          if (fact.to === 'lost') lostMs.set(fact.workerId, nowMs);
          else lostMs.delete(fact.workerId);
        }
        if (fact?.type === 'worker.retired') lostMs.delete(fact.workerId);
        if (event.type !== 'looked') return undefined;
        for (const [id, atMs] of lostMs) {
          const heardMs = ledger.worker(id).lastBeatMs ?? 0;
          if (heardMs > atMs + 1_000 && nowMs - heardMs > 1_000)
            return `${id} was heard ${heardMs - atMs} ms after it was lost, and is lost still`;
        }
        return undefined;
      };
    },
  },
  {
    name: 'locals stand in when they must',
    doc: 'Where a rule prefers others, a local worker takes a task only while none of those answers and takes work.',
    watch: (ledger) => (event) => {
      const fact = factOf(event);
      const task = fact?.type === 'task.assigned' ? ledger.tasks.get(fact.taskId) : undefined;
      if (fact?.type !== 'task.assigned' || task === undefined) return undefined;
      const { routing, workers } = ledger.configOf(fact.reason.config_version);
      const rule = ruleFor(routing, task.priority);
      const isPreferred = ({ location, workerId }: (typeof workers)[number]) =>
        rule.preferredWorkers.some((name) => name === location || name === workerId);
      const choice = workers.find(({ workerId }) => workerId === fact.workerId);
      if (choice === undefined || isPreferred(choice)) return undefined;
      const hadable = workers.find(({ workerId, capabilities, ...worker }) => {
        const { liveness, admission, isRetired } = ledger.worker(workerId);
        const refusal = fact.reason.candidates.find((one) => one.worker_id === workerId)?.refusal;
        const isFit = capabilities.length === 0 || capabilities.includes(task.wanted.taskType);
        const isLacking = refusal === 'lacks the model' || refusal === 'too small';
        const isThere = liveness === 'alive' && admission === 'active' && !isRetired;
        const isOpen = ledger.breakers.get(publicUrl(worker.endpointUrl)) === 'open';
        return (
          isPreferred({ workerId, capabilities, ...worker }) && isFit && isThere && !isLacking && !isOpen
        );
      });
      return hadable && `${fact.workerId} took ${fact.taskId}, for which ${hadable.workerId} is preferred`;
    },
  },
  {
    name: 'everybody is served again',
    doc: 'Once nothing goes wrong any more, new tasks of every priority are taken in and end.',
    watch: (ledger) => {
      let expected = 0;
      return (event) => {
        if (event.type === 'calm') expected = event.tasks;
        return event.type === 'world.ended' && ledger.tasks.size < expected
          ? `${expected - ledger.tasks.size} tasks were never taken in`
          : undefined;
      };
    },
  },
  {
    name: 'metrics are what was told',
    doc: 'The counters of a process are the sums of the facts that it has told.',
    watch: () => {
      let hasRetired = false;
      const told = { accepted: 0, ended: 0, retried: 0 };
      return (event) => {
        if (event.type === 'process.began') {
          Object.assign(told, { accepted: 0, ended: 0, retried: 0 });
          hasRetired = false;
        }
        if (event.type === 'fact.told') {
          const { type } = event.committed.fact;
          if (type === 'task.accepted') told.accepted += 1;
          if (type === 'task.retried') told.retried += 1;
          // Its series are gone with it.
          if (type === 'worker.retired') hasRetired = true;
          if (type === 'task.completed' || type === 'task.failed' || type === 'task.cancelled')
            told.ended += 1;
        }
        if (event.type !== 'measured') return undefined;
        const wrong = (['accepted', 'ended', 'retried'] as const).find(
          (name) => event[name] !== told[name] && !(hasRetired && name === 'ended'),
        );
        return wrong && `${event[wrong]} tasks count as ${wrong}, and ${told[wrong]} were told`;
      };
    },
  },
];

type Standstill = Extract<WorldEvent, { type: 'fault' }>;

function isStandstill(event: WorldEvent): event is Standstill {
  return event.type === 'fault' && (event.name === 'process.stalled' || event.name === 'process.suspended');
}

function endpointOf(ledger: Ledger, id: WorkerId): string | undefined {
  const worker = ledger.latestConfig.workers.find(({ workerId }) => workerId === id);
  return worker && publicUrl(worker.endpointUrl);
}

/** What the ending of an attempt says of its server. */
function endingAt(ledger: Ledger, fact: Fact) {
  if (fact.type !== 'task.completed' && fact.type !== 'task.retried' && fact.type !== 'task.failed')
    return undefined;
  const endpoint = fact.workerId === null ? undefined : endpointOf(ledger, fact.workerId);
  if (endpoint === undefined) return undefined;
  if (fact.type === 'task.completed') return { endpoint, bearing: 'answer' as const };
  return { endpoint, bearing: bearingOf({ kind: 'failed', failure: fact.failure }) };
}
