import type { Fact } from '../../src/machines/facts.ts';
import { assignmentId, workerId } from '../../src/machines/identifiers.ts';
import type { LinkEvent } from '../../src/simulation/link-events.ts';
import { accepted, assigned, began, retried, runBegan, runEnded, type Told, task } from './told-histories.ts';

const joined = workerId('joined_1');
type Word<T extends LinkEvent['type']> = Extract<LinkEvent, { readonly type: T }>;

const came: Told = {
  type: 'joiner.began',
  workerId: joined,
  instance: 'first',
  slots: 1,
  performanceFactor: 1,
  isOutdated: false,
};
const over = (connection: number, instance: string) => ({ workerId: joined, connection, instance });
const opened = (connection = 1, instance = 'first'): Told => ({
  type: 'link.opened',
  ...over(connection, instance),
  held: [],
  done: [],
  dropped: 0,
});
const closed = (code = 1006): Told => ({ type: 'link.closed', ...over(1, 'first'), code });
const heard = (frame: Word<'link.heard'>['frame'], leases: readonly number[], outcome = 'well'): Told => ({
  type: 'link.heard',
  ...over(1, 'first'),
  frame,
  assignmentIds: leases.map(assignmentId),
  taskId: frame === 'settled' ? task(1) : null,
  outcome,
});
const sent = (frame: Word<'link.sent'>['frame']): Told => ({
  type: 'link.sent',
  ...over(1, 'first'),
  frame,
  assignmentId: assignmentId(1),
});
const stopArrived: Told = {
  type: 'link.told',
  ...over(1, 'first'),
  frame: 'stop',
  assignmentId: assignmentId(1),
};
const changed = (to: 'alive' | 'suspect'): Fact => ({
  type: 'worker.changed',
  workerId: joined,
  from: 'probing',
  to,
  detail: '',
});
const reportedLate: Fact = {
  type: 'worker.reported_late',
  workerId: joined,
  taskId: task(1),
  assignmentId: assignmentId(1),
  outcome: 'succeeded',
};
const begun = { ...runBegan(1, 1), workerId: joined } as Told;
const ended = { ...runEnded(1, 1, null), workerId: joined } as Told;
/** Whoever is late is found out at the next event. */
const after = (passMs: number): readonly Told[] => [{ passMs }, accepted(2, { priority: 5 })];

const linked: readonly Told[] = [came, began(), { type: 'process.opened', process: 1 }, opened()];
const leased: readonly Told[] = [...linked, accepted(1, { priority: 5 }), assigned(1, 1, joined)];
const released: readonly Told[] = [...leased, retried(1, 1, 0, 0)];

/** For each invariant of links a history that breaks it, and a close one that does not. */
export const linkHistories: Readonly<Record<string, { broken: readonly Told[]; kept: readonly Told[] }>> = {
  'a closed link is noticed': {
    broken: [...linked, changed('alive'), closed(), ...after(7_000)],
    kept: [...linked, changed('alive'), closed(), { passMs: 5_000 }, changed('suspect'), ...after(2_000)],
  },
  'a lost lease is found': {
    broken: [
      ...leased,
      sent('run'),
      heard('beat', []),
      { passMs: 15_000 },
      heard('beat', []),
      ...after(2_000),
    ],
    kept: [
      ...leased,
      sent('run'),
      heard('beat', []),
      { passMs: 15_000 },
      heard('beat', [1]),
      ...after(2_000),
    ],
  },
  'late results are on record': {
    broken: [...released, heard('settled', [1], 'succeeded'), sent('ack'), ...after(2_000)],
    kept: [...released, heard('settled', [1], 'succeeded'), sent('ack'), reportedLate, ...after(2_000)],
  },
  'results are acknowledged': {
    broken: [...leased, heard('settled', [1], 'cancelled'), ...after(2_000)],
    kept: [...leased, heard('settled', [1], 'cancelled'), sent('ack'), ...after(2_000)],
  },
  'who holds a dead lease is told': {
    broken: [...released, heard('beat', [1]), ...after(2_000)],
    kept: [...released, heard('beat', [1]), sent('stop'), ...after(2_000)],
  },
  'joined workers stop when told': {
    broken: [...leased, begun, stopArrived, { passMs: 1_500 }, ended],
    kept: [...leased, begun, stopArrived, { passMs: 900 }, ended],
  },
  'a joined worker begins what it was given': {
    broken: [...linked, accepted(1), assigned(1, 1), begun],
    kept: [...leased, begun],
  },
  'one process has a name': {
    broken: [...linked, { passMs: 29_000 }, closed(4410), opened(2, 'second')],
    kept: [...linked, { passMs: 31_000 }, closed(4410), opened(2, 'second')],
  },
};
