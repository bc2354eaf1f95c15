import type { Fact } from '../machines/facts.ts';
import type { Refusal } from '../machines/placement.ts';
import { factOf } from './invariants-tasks.ts';
import type { Ledger } from './ledger.ts';
import type { LedgerTask } from './ledger-entries.ts';
import type { Memory, RareState } from './rare-facts.ts';
import type { WorldEvent } from './world-events.ts';

/** Rare states in which two lives cross: of a worker and a process, of a task and a drain. */
export const rareCrossings: readonly RareState[] = [
  onFact(
    'a worker on standby was called in',
    (fact) => fact.type === 'worker.readmitted' && fact.from === 'standby' && fact.to === 'active',
  ),
  onFact(
    'a worker went back to standby',
    (fact) => fact.type === 'worker.readmitted' && fact.from === 'active' && fact.to === 'standby',
  ),
  onFact('a worker was lost while it was sent home', (fact, { ledger }) => {
    if (fact.type !== 'worker.changed' || fact.to !== 'lost') return false;
    const { admission } = ledger.worker(fact.workerId);
    return admission === 'draining' || admission === 'drained';
  }),
  onFact('a worker came back into the configuration', (fact) => fact.type === 'worker.enrolled'),
  onFact('a machine had no memory left for the model of a task', (fact) =>
    wasPassedOver(fact, 'host memory'),
  ),
  onFact('a machine was full while its worker had room', (fact) => wasPassedOver(fact, 'host full')),
  onFact('a server was passed over since it lacks the model', (fact) =>
    wasPassedOver(fact, 'lacks the model'),
  ),
  onFact('a server was passed over since its breaker was open', (fact) => {
    return wasPassedOver(fact, 'endpoint is failing');
  }),
  onFact('a local worker stood in for the remote ones', (fact, { ledger }) => {
    if (fact.type !== 'task.assigned') return false;
    const { workers } = ledger.configOf(fact.reason.config_version);
    const worker = workers.find(({ workerId }) => workerId === fact.workerId);
    const { priority = 10 } = ledger.tasks.get(fact.taskId) ?? {};
    return worker?.location === 'local' && priority <= 4;
  }),
  onFact(
    'a stop in order gave back what ran',
    (fact) => fact.type === 'task.retried' && fact.failure.message.includes('the server is stopping'),
  ),
  onFact(
    'a task was completed during a drain',
    (fact, { ledger }) => fact.type === 'task.completed' && ledger.stage === 'stopping',
  ),
  onFact('reloaded while paused', (fact, { ledger }) => fact.type === 'pool.reconfigured' && ledger.isPaused),
  onFact('reloaded while a breaker was open', (fact, { ledger }) => {
    return fact.type === 'pool.reconfigured' && [...ledger.breakers.values()].includes('open');
  }),
  onFact('an operator closed an open breaker', (fact) => {
    return fact.type === 'endpoint.changed' && fact.detail === 'an operator closed it';
  }),
  onFact('a task was leased for the fifth time', (fact) => fact.type === 'task.assigned' && fact.lease === 5),
  onFact('a task came back to the worker that had held it', (fact, { ledger }) => {
    const task = fact.type === 'task.assigned' ? ledger.tasks.get(fact.taskId) : undefined;
    return fact.type === 'task.assigned' && fact.lease > 1 && task?.workerId === fact.workerId;
  }),
  {
    name: 'a start time passed while no process lived',
    isReached: (event, { ledger, diedAtMs }, nowMs) =>
      event.type === 'process.opened' &&
      [...ledger.waiting].some((task) => {
        return task.isScheduled && task.leases === 0 && fellDue(task, diedAtMs, nowMs);
      }),
  },
  {
    name: 'a backoff ended while no process lived',
    isReached: (event, { ledger, diedAtMs }, nowMs) =>
      event.type === 'process.opened' &&
      [...ledger.waiting].some((task) => task.leases > 0 && fellDue(task, diedAtMs, nowMs)),
  },
  {
    name: 'a process began with a worker sent home',
    isReached: (event, { ledger }) =>
      event.type === 'process.opened' && [...ledger.workers.values()].some(({ isSentHome }) => isSentHome),
  },
  {
    name: 'a process began with twenty tasks waiting',
    isReached: (event, { ledger }) => event.type === 'process.opened' && ledger.waiting.size >= 20,
  },
  {
    name: 'the disk failed in a recovery',
    isReached: (event, { ledger }) => event.type === 'commit.failed' && ledger.stage === 'recovering',
  },
  {
    name: 'the disk failed in a drain',
    isReached: (event, { ledger }) => event.type === 'commit.failed' && ledger.stage === 'stopping',
  },
  {
    name: 'killed while a breaker was tried',
    isReached: (event, { ledger }) =>
      event.type === 'process.died' && [...ledger.breakers.values()].includes('trying'),
  },
  {
    name: 'killed while a worker drained',
    isReached: (event, { ledger }) => event.type === 'process.died' && isDraining(ledger),
  },
  {
    name: 'killed while it stood still',
    isReached: (event, { asleepUntilMs }, nowMs) => event.type === 'process.died' && nowMs < asleepUntilMs,
  },
  {
    name: 'a follower was told by a later process',
    isReached: (event, { ledger, acceptedBy }) =>
      event.type === 'watch.told' && (acceptedBy.get(event.taskId) ?? ledger.process) !== ledger.process,
  },
  {
    name: 'every slot was busy and twenty tasks waited',
    isReached: (event, { ledger }) =>
      factOf(event)?.type === 'task.accepted' &&
      ledger.waiting.size >= 20 &&
      ledger.leased >= ledger.config.pool.maxActiveTasks,
  },
];

/** The day on which every world begins; see `virtual-time.ts`. */
const startOfTimeMs = Date.UTC(2026, 0, 1);

function onFact(name: string, isReached: (fact: Fact, memory: Memory) => boolean): RareState {
  return {
    name,
    isReached: (event: WorldEvent, memory) => {
      const fact = factOf(event);
      return fact !== undefined && isReached(fact, memory);
    },
  };
}

/** Another worker was not asked, for this reason. */
function wasPassedOver(fact: Fact, refusal: Refusal): boolean {
  return fact.type === 'task.assigned' && fact.reason.candidates.some((one) => one.refusal === refusal);
}

/** Whether the time of a task lies between two moments of the world. */
function fellDue({ notBeforeMs }: LedgerTask, fromMs: number, toMs: number): boolean {
  const atMs = notBeforeMs - startOfTimeMs;
  return atMs > fromMs && atMs <= toMs;
}

function isDraining({ workers }: Ledger): boolean {
  return [...workers.values()].some(({ admission }) => admission === 'draining');
}
