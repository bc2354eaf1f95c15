import { accepted, assigned, local, numbered, type Told, wellDone } from './told-histories.ts';

const checked = (lastSeq: number, integrity = 'ok'): Told => ({ type: 'disk.checked', integrity, lastSeq });
const failed = (lastSeq: number): Told => ({
  type: 'commit.failed',
  process: 1,
  code: 'SQLITE_FULL',
  lastSeq,
});
const full = (forMs: number): Told => ({ type: 'fault', name: 'disk.full', detail: '', forMs });
const surveyed = (waiting: number, held: number, liveTasks: number, postponed = 0): Told => ({
  type: 'surveyed',
  process: 1,
  rows: { waiting, postponed, held },
  liveTasks,
});
const beat: Told = { type: 'beat', workerId: local };
const written = numbered(accepted(1), 1);

/** For each invariant of the disk a history that breaks it, and one that is close to that and does not. */
export const storageHistories: Readonly<Record<string, { broken: readonly Told[]; kept: readonly Told[] }>> =
  {
    'the database is whole': {
      broken: [checked(0, '*** in database main *** Page 3: never used')],
      kept: [checked(0)],
    },
    'a kill takes nothing and adds nothing': {
      broken: [written, { type: 'process.died', process: 1, cause: 'kill -9' }, checked(0)],
      kept: [written, { type: 'process.died', process: 1, cause: 'kill -9' }, checked(1)],
    },
    'a failed commit leaves nothing': { broken: [written, failed(2)], kept: [written, failed(1)] },
    'a failed commit is tried again': {
      broken: [full(5_000), failed(0), { passMs: 8_000 }, beat],
      kept: [full(5_000), failed(0), { passMs: 6_000 }, written, { passMs: 8_000 }, beat],
    },
    'accepted is accounted for': {
      broken: [...wellDone(1, 1), accepted(2), accepted(3), surveyed(1, 0, 2)],
      kept: [...wellDone(1, 1), accepted(2), accepted(3), assigned(2, 2), surveyed(0, 1, 2, 1)],
    },
    'memory stays within the window': {
      broken: [accepted(1), surveyed(1, 0, 1_001)],
      kept: [accepted(1), surveyed(1, 0, 1_000)],
    },
  };
