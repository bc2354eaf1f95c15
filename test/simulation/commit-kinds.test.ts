import { expect, test } from 'vitest';
import type { CommitKind } from '../../src/simulation/commit-kinds.ts';
import { brokenIn, type SmallWorld, simulateSmall } from '../support/small-world.ts';

/** What is killed, in which world. Nothing in a world is rated so soon, and nobody signals to single actors there. */
const scenarioOf: Readonly<
  Record<Exclude<CommitKind, 'worker.rated' | 'actor.signalled'>, 'operated' | 'failing'>
> = {
  accept: 'operated',
  'accept under a key': 'operated',
  beat: 'operated',
  'pool.draining': 'operated',
  'pool.paused': 'operated',
  'pool.reconfigured': 'operated',
  'pool.resumed': 'operated',
  'pool.started': 'operated',
  'pool.stopped': 'operated',
  recovery: 'operated',
  retention: 'operated',
  'start times': 'operated',
  'task.assigned': 'operated',
  'task.cancelled': 'operated',
  'task.completed': 'operated',
  'task.reprioritized': 'operated',
  'worker of a reload': 'operated',
  'worker.changed': 'operated',
  'worker.enrolled': 'operated',
  'worker.readmitted': 'operated',
  'worker.retired': 'operated',
  'workers of a start': 'operated',
  'endpoint.changed': 'failing',
  'journal.resumed': 'failing',
  'task.failed': 'failing',
  'task.retried': 'failing',
  'worker.reported_late': 'failing',
};

const scenarios: Readonly<Record<'operated' | 'failing', SmallWorld>> = {
  operated: {
    seed: 9,
    hours: 0.25,
    faults: { operatorsPerHour: 600, restartsPerHour: 16 },
    load: { perHour: 120, burstsPerHour: 0, cancelled: 0.9, moved: 0.3, scheduled: 0.3, watched: 1 },
  },
  failing: {
    seed: 4,
    hours: 0.4,
    faults: { error: 0.7, oversize: 0.2, late: 1, diskFaultsPerHour: 12 },
    load: { perHour: 120, burstsPerHour: 0, cancelled: 0.5, scheduled: 0, repeated: 0 },
  },
};

const kindsIn = (scenario: 'operated' | 'failing') =>
  (Object.keys(scenarioOf) as (keyof typeof scenarioOf)[]).filter((kind) => scenarioOf[kind] === scenario);

/** One world each: its process is killed, or loses its power, at the first commit of every kind, one after the other. */
test.each([
  ['before', 'operated'],
  ['within', 'operated'],
  ['after', 'operated'],
  ['power', 'operated'],
  ['before', 'failing'],
  ['within', 'failing'],
  ['after', 'failing'],
  ['power', 'failing'],
] as const)('ended at (%s) the first commit of each kind, a world that is %s loses nothing', async (where, scenario) => {
  const kinds = kindsIn(scenario);
  const crashPoints = kinds.map((kind) => ({ kind, occurrence: 1, where }));
  const simulation = await simulateSmall({ ...scenarios[scenario], disk: 'file', crashPoints });
  const { commitKinds, faults } = simulation.report;
  expect(brokenIn(simulation)).toEqual([]);
  expect(kinds.filter((kind) => (commitKinds[kind]?.killed ?? 0) === 0)).toEqual([]);
  expect(faults[where === 'power' ? 'commit.power_lost' : `commit.killed_${where}`]).toBeGreaterThan(2);
});
