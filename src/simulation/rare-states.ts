import type { TaskId } from '../machines/identifiers.ts';
import type { Ledger } from './ledger.ts';
import { isEnded } from './ledger-entries.ts';
import { rareCrossings } from './rare-crossings.ts';
import { type Memory, type RareState, rareFacts } from './rare-facts.ts';
import { rareLinks } from './rare-links.ts';
import type { WorldEvent } from './world-events.ts';

/** Situations in which things go wrong in programs like this one; a run that never reaches them proves less. */
const rareActs: readonly RareState[] = [
  {
    name: 'killed at full capacity',
    isReached: (event, { ledger }) => {
      const slots = ledger.config.workers.reduce((sum, worker) => sum + worker.maxConcurrentTasks, 0);
      const slotsMax = Math.min(slots, ledger.config.pool.maxActiveTasks);
      return event.type === 'process.died' && ledger.leased >= slotsMax;
    },
  },
  {
    name: 'killed while idle',
    isReached: (event, { ledger }) => event.type === 'process.died' && ledger.leased === 0,
  },
  {
    name: 'killed in recovery',
    isReached: (event, { ledger }) => event.type === 'process.died' && ledger.stage === 'recovering',
  },
  {
    name: 'killed in a drain',
    isReached: (event, { ledger }) => event.type === 'process.died' && ledger.stage === 'stopping',
  },
  {
    name: 'killed while paused',
    isReached: (event, { ledger }) => event.type === 'process.died' && ledger.isPaused,
  },
  {
    name: 'killed while the disk fails',
    isReached: (event, { ledger }) => event.type === 'process.died' && ledger.isStalled,
  },
  { name: 'killed before a commit', isReached: isFault('commit.killed_before') },
  { name: 'killed within a commit', isReached: isFault('commit.killed_within') },
  { name: 'killed after a commit', isReached: isFault('commit.killed_after') },
  {
    name: 'two processes died in a row before they recovered',
    isReached: (event, memory) =>
      event.type === 'process.died' && memory.ledger.stage === 'recovering' && memory.diedRecovering > 0,
  },
  {
    name: 'a result after its lease had ended',
    isReached: (event) => event.type === 'run.reported_late',
  },
  {
    name: 'a late result while the task is leased anew',
    isReached: (event, { ledger }) => {
      if (event.type !== 'run.reported_late') return false;
      const task = ledger.tasks.get(event.taskId);
      return task?.state === 'leased' && task.assignmentId !== event.assignmentId;
    },
  },
  {
    name: 'a late result after the task had ended',
    isReached: (event, { ledger }) => {
      const task = event.type === 'run.reported_late' ? ledger.tasks.get(event.taskId) : undefined;
      return task !== undefined && isEnded(task);
    },
  },
  {
    name: 'a cancel lost against an ending',
    isReached: (event) => event.type === 'client.cancel_refused' && event.code === 'task.ended',
  },
  {
    name: 'a cancel met a failing disk',
    isReached: (event) => event.type === 'client.cancel_refused' && event.code === 'storage.unavailable',
  },
  {
    name: 'a cancel was cut off by a kill',
    isReached: (event) => event.type === 'client.unanswered' && event.call === 'cancel',
  },
  {
    name: 'a delegation was cut off by a kill',
    isReached: (event) => event.type === 'client.unanswered' && event.call === 'delegate',
  },
  {
    name: 'a key was answered from the record',
    isReached: (event) => event.type === 'client.acknowledged' && event.replayed,
  },
  {
    name: 'a key was answered by a later process',
    isReached: (event, { acceptedBy, ledger }) =>
      event.type === 'client.acknowledged' &&
      event.replayed &&
      event.taskIds.some((taskId) => acceptedBy.get(taskId) !== ledger.process),
  },
  {
    name: 'refused since the disk fails',
    isReached: (event) => event.type === 'client.refused' && event.code === 'storage.unavailable',
  },
  {
    name: 'refused in a drain',
    isReached: (event) => event.type === 'client.refused' && event.code === 'pool.draining',
  },
  {
    name: 'a model had to make room for another',
    isReached: (event) => event.type === 'run.began' && event.load === 'swap',
  },
  {
    name: 'the process stood still with leases',
    isReached: (event, { ledger }) =>
      event.type === 'fault' && event.name.startsWith('process.s') && ledger.leased > 0,
  },
  {
    name: 'suspended for longer than the heartbeat timeout',
    isReached: (event, { ledger }) =>
      event.type === 'fault' &&
      event.name === 'process.suspended' &&
      event.forMs > ledger.config.healthCheck.timeoutMs,
  },
  {
    name: 'the wall clock jumped back while tasks waited',
    isReached: (event, { ledger }) =>
      event.type === 'fault' &&
      event.name === 'clock.jumped' &&
      event.detail.startsWith('-') &&
      ledger.waiting.size > 0,
  },
];

function isFault(name: string): RareState['isReached'] {
  return (event) => event.type === 'fault' && event.name === name;
}

const rareStates = [...rareActs, ...rareFacts, ...rareCrossings, ...rareLinks];

/** Counts how often each of them was reached. */
export class RareStates {
  readonly #counts = new Map(rareStates.map(({ name }) => [name, 0]));
  readonly #memory: Memory;

  constructor(ledger: Ledger) {
    this.#memory = {
      ledger,
      diedRecovering: 0,
      acceptedBy: new Map<TaskId, number>(),
      diedAtMs: 0,
      asleepUntilMs: 0,
    };
  }

  /** Sees each event before the ledger takes it in. */
  hear(event: WorldEvent, nowMs: number): void {
    const memory = this.#memory;
    for (const { name, isReached } of rareStates) {
      if (isReached(event, memory, nowMs)) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    }
    if (event.type === 'process.died' && memory.ledger.stage === 'recovering') memory.diedRecovering += 1;
    if (event.type === 'process.opened') memory.diedRecovering = 0;
    if (event.type === 'process.died' || event.type === 'process.stopped') {
      memory.diedAtMs = nowMs;
      memory.asleepUntilMs = 0;
    }
    if (event.type === 'fault' && event.name.startsWith('process.s'))
      memory.asleepUntilMs = Math.max(memory.asleepUntilMs, nowMs + event.forMs);
    if (event.type !== 'fact') return;
    const { fact } = event.committed;
    if (fact.type === 'task.accepted') memory.acceptedBy.set(fact.taskId, memory.ledger.process);
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
