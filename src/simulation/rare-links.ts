import { factOf } from './invariants-tasks.ts';
import type { LedgerJoined } from './ledger-links.ts';
import type { Memory, RareState } from './rare-facts.ts';
import type { WorldEvent } from './world-events.ts';

type Opened = Extract<WorldEvent, { type: 'link.opened' }>;

/** Rare states between the pool and workers that join it. */
export const rareLinks: readonly RareState[] = [
  onOpened('a joined worker came back while it held a lease', (event, joined, { ledger }) => {
    return isBack(event, joined) && event.held.some((id) => ledger.worker(event.workerId).leases.has(id));
  }),
  onOpened('a joined worker came back with a result that nobody had acknowledged', (event, joined) => {
    return isBack(event, joined) && event.done.length > 0;
  }),
  onOpened('a joined worker came to a pool that did not know its leases', (event) => event.dropped > 0),
  onOpened('a joined worker was started anew while its lease was open', (event, joined, { ledger }) => {
    const { leases } = ledger.worker(event.workerId);
    return !isBack(event, joined) && joined.told.size > 0 && leases.size > 0 && event.held.length === 0;
  }),
  onOpened('a name was taken over by a newer process while the older one lives', (event, joined) => {
    return !isBack(event, joined) && joined.instance !== null && joined.living.has(joined.instance);
  }),
  onOpened('a lost joined worker came back with its lease', (event, joined, { ledger }) => {
    const { liveness } = ledger.worker(event.workerId);
    return isBack(event, joined) && liveness === 'lost' && event.held.length > 0;
  }),
  {
    name: 'a connection was replaced by a newer one of the same process',
    isReached: (event) => event.type === 'link.closed' && event.code === 4410,
  },
  {
    name: 'a frame that is none cost a worker its connection',
    isReached: (event) => event.type === 'link.closed' && event.code === 1008,
  },
  {
    name: 'a frame was too large for a connection',
    isReached: (event) => event.type === 'link.closed' && event.code === 1009,
  },
  {
    name: 'a name was refused to a second process',
    isReached: (event) => event.type === 'link.refused' && event.code === 'name_taken',
  },
  {
    name: 'a worker of an old version was refused',
    isReached: (event) => event.type === 'link.refused' && event.code === 'protocol',
  },
  {
    name: 'a missing piece of text was asked for',
    isReached: (event) => event.type === 'link.sent' && event.frame === 'resume',
  },
  {
    name: 'the pool died while joined workers generated',
    isReached: (event, { ledger }) =>
      event.type === 'process.died' &&
      [...ledger.runs.values()].some(({ workerId }) => ledger.links.joined.has(workerId)),
  },
  {
    name: 'a joined worker said goodbye with work in hand',
    isReached: (event, { ledger }) =>
      event.type === 'link.heard' &&
      event.frame === 'goodbye' &&
      ledger.worker(event.workerId).leases.size > 0,
  },
  {
    name: 'a joined worker stood still with a lease for longer than the heartbeat timeout',
    isReached: (event, { ledger }) =>
      event.type === 'fault' &&
      event.name === 'joiner.suspended' &&
      event.forMs > ledger.config.healthCheck.timeoutMs &&
      [...ledger.workers].some(([id, { leases }]) => id === event.detail && leases.size > 0),
  },
  {
    name: 'a storm met two joined workers with leases',
    isReached: (event, { ledger }) =>
      event.type === 'fault' &&
      event.name === 'link.storm' &&
      [...ledger.links.joined.keys()].filter((id) => ledger.worker(id).leases.size > 0).length > 1,
  },
  {
    name: 'a late result was fenced after a half-open link',
    isReached: (event, { ledger }) => {
      const fact = factOf(event);
      return (
        fact?.type === 'worker.reported_late' && ledger.links.joined.get(fact.workerId)?.wasHalfOpen === true
      );
    },
  },
  {
    name: 'a lease was given up since no beat carried it',
    isReached: retriedWith('does not hold the task'),
  },
  {
    name: 'a joined worker came back without its task',
    isReached: retriedWith('came back without the task'),
  },
  {
    name: 'a task was given to a joined worker that was not there',
    isReached: retriedWith('not connected at this moment'),
  },
];

function onOpened(
  name: string,
  isReached: (event: Opened, joined: LedgerJoined, memory: Memory) => boolean,
): RareState {
  return {
    name,
    isReached: (event, memory) => {
      if (event.type !== 'link.opened') return false;
      const joined = memory.ledger.links.joined.get(event.workerId);
      return joined !== undefined && isReached(event, joined, memory);
    },
  };
}

function isBack({ instance }: Opened, joined: LedgerJoined): boolean {
  return joined.instance === instance;
}

function retriedWith(words: string): RareState['isReached'] {
  return (event) => {
    const fact = factOf(event);
    return fact?.type === 'task.retried' && fact.failure.message.includes(words);
  };
}
