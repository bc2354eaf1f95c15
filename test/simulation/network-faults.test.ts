import { expect, test } from 'vitest';
import { faultLevels } from '../../src/simulation/fault-mix.ts';
import { heavyNetworkFaults, type NetworkFaults } from '../../src/simulation/network-faults.ts';
import { brokenIn, simulateSmall } from '../support/small-world.ts';

/** Each fault, and what it says when it fires; those of a group meet in one world. */
const groups: Readonly<Record<string, Partial<Record<keyof NetworkFaults, string>>>> = {
  'beats and text': {
    beatDropped: 'beat.dropped',
    beatDoubled: 'beat.doubled',
    beatLate: 'beat.late',
    beatReordered: 'beat.reordered',
    textDropped: 'text.dropped',
  },
  'words of the pool': { runLost: 'run.lost', runDoubled: 'run.doubled', stopLost: 'stop.lost' },
  results: {
    resultDoubled: 'result.doubled',
    resultLate: 'result.late',
    resultForged: 'result.forged',
    resultMisnamed: 'result.misnamed',
  },
  'frames that are none': { frameMalformed: 'frame.malformed', frameOversize: 'frame.oversize' },
  connections: {
    linkCutsPerHour: 'link.cut',
    linkHalfOpensPerHour: 'link.half_open',
    linkStallsPerHour: 'link.stalled',
    linkPartitionsPerHour: 'link.partitioned',
    linkStormsPerHour: 'link.storm',
  },
  processes: {
    joinerCrashesPerHour: 'joiner.crashed',
    joinerSuspendsPerHour: 'joiner.suspended',
    namesakesPerHour: 'joiner.namesake',
    outdatedPerHour: 'joiner.outdated',
    goodbyesPerHour: 'joiner.left',
  },
};

test.each(
  Object.entries(groups),
)('faults of %s fire when they are asked for, and all that must hold holds', async (_, group) => {
  const rates = Object.keys(group).map((rate) => [rate, rate.endsWith('PerHour') ? 30 : 0.4]);
  const faults = { joinedWorkers: 2, ...Object.fromEntries(rates) };
  const simulation = await simulateSmall({ seed: 2, hours: 0.3, faults, load: { perHour: 200 } });
  const { report } = simulation;
  expect(Object.values(group).filter((name) => report.faults[name] === undefined)).toEqual([]);
  expect(brokenIn(simulation)).toEqual([]);
  expect(report.tasks.open).toBe(0);
});

test('every fault between the pool and joined workers is asked for here', () => {
  const asked = Object.values(groups).flatMap((group) => Object.keys(group));
  expect(['joinedWorkers', ...asked].sort()).toEqual(Object.keys(heavyNetworkFaults).sort());
});

test('the same seed gives the same trace, to the byte, with workers that join and all that goes wrong with them', async () => {
  const heavy = { ...faultLevels.heavy, joinedWorkers: 3 };
  const first = await simulateSmall({ seed: 7, hours: 0.2, faults: heavy, keepsTrace: true });
  const again = await simulateSmall({ seed: 7, hours: 0.2, faults: heavy, keepsTrace: true });
  expect(again.trace.lines).toEqual(first.trace.lines);
  expect(again.report).toEqual(first.report);
});

test('joined workers take their share of the work', async () => {
  const { report } = await simulateSmall({ faults: { joinedWorkers: 2 } });
  const shares = report.workers.filter(({ workerId }) => workerId.startsWith('joined_'));
  expect(shares.map(({ completed }) => completed > 0)).toEqual([true, true]);
});

test('without workers that join nothing of their faults happens', async () => {
  const faulty = await simulateSmall({ hours: 0.1, faults: heavyNetworkFaults });
  const calm = await simulateSmall({ hours: 0.1 });
  expect(faulty.trace.digest).toBe(calm.trace.digest);
});

test('links that are cut again and again lead to the rare states of links', async () => {
  const faults = { ...heavyNetworkFaults, joinedWorkers: 3, linkCutsPerHour: 20 };
  const { report } = await simulateSmall({ hours: 0.5, faults, load: { perHour: 200 } });
  expect(report.rareStates['a joined worker came back while it held a lease']).toBeGreaterThan(0);
  expect(report.rareStates['a name was refused to a second process']).toBeGreaterThan(0);
});
