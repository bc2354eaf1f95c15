import { expect, test } from 'vitest';
import type { Entry } from '../../src/db/store.ts';
import { noUsage } from '../../src/machines/outcome.ts';
import type { Sabotage } from '../../src/simulation/virtual-site.ts';
import { wrap } from '../support/sabotaged-store.ts';
import { brokenIn, type SmallWorld, simulateSmall } from '../support/small-world.ts';

/** A store that writes something else than it was given, and says that it wrote it. */
function writes(change: (entries: readonly Entry[]) => readonly Entry[]): Sabotage {
  return { store: (real) => wrap(real, { commit: (entries) => real.commit(change(entries)) }) };
}

const isFact = (entry: Entry, type: string) => entry.kind === 'fact' && entry.fact.type === type;

/** Seeded bugs: each is a way in which the product might be wrong, with what must find it. */
const bugs: readonly (SmallWorld & { readonly bug: string; readonly found: string })[] = [
  {
    bug: 'a store that drops every tenth completion',
    found: 'everything ends',
    sabotage: writes((entries) =>
      entries.filter((entry) => {
        return !(
          entry.kind === 'fact' &&
          entry.fact.type === 'task.completed' &&
          entry.fact.assignmentId % 10 === 0
        );
      }),
    ),
  },
  {
    bug: 'a store that acknowledges what it has not written',
    found: 'acknowledged is durable',
    sabotage: writes((entries) =>
      entries.filter((entry) => entry.kind !== 'accept' || entry.tasks.some(({ seq }) => seq % 7 !== 0)),
    ),
  },
  {
    bug: 'a store that cuts prompts',
    found: 'asked for is what is kept',
    sabotage: writes((entries) =>
      entries.map((entry) =>
        entry.kind === 'accept'
          ? { ...entry, tasks: entry.tasks.map((task) => ({ ...task, prompt: task.prompt.slice(0, 10) })) }
          : entry,
      ),
    ),
  },
  {
    bug: 'a store that answers with commits of which it tells nothing',
    found: 'the stream has no gaps',
    sabotage: {
      store: (real) =>
        wrap(real, {
          commit: async (entries) => {
            const receipt = await real.commit(entries);
            const isHidden = entries.some((entry) => isFact(entry, 'worker.changed'));
            return isHidden ? { ...receipt, committed: receipt.committed.slice(1) } : receipt;
          },
        }),
    },
  },
  {
    bug: 'a recovery that overlooks one of the leases',
    found: 'everything ends',
    faults: { killsPerHour: 25 },
    sabotage: {
      store: (real) =>
        wrap(real, {
          recovery: () => ({ ...real.recovery(), held: real.recovery().held.slice(0, -1) }),
        }),
    },
  },
  {
    bug: 'a recovery that begins to count leases anew',
    found: 'no alarm',
    faults: { killsPerHour: 25 },
    sabotage: {
      store: (real) => wrap(real, { recovery: () => ({ ...real.recovery(), lastAssignment: 0 }) }),
    },
  },
  {
    bug: 'a recovery that forgets what waits',
    found: 'everything ends',
    faults: { killsPerHour: 25 },
    sabotage: { store: (real) => wrap(real, { recovery: () => ({ ...real.recovery(), waiting: [] }) }) },
  },
  {
    bug: 'a backend that answers with what it has said before',
    found: 'success is real',
    sabotage: {
      backend: (real) => async (job, io) => {
        const outcome = await real(job, io);
        if (outcome.kind !== 'succeeded' || job.assignmentId % 9 !== 0) return outcome;
        return { ...outcome, output: outcome.output.replace(/\d+/, '1') };
      },
    },
  },
  {
    bug: 'a backend that takes a cut answer for a whole one',
    found: 'success is real',
    faults: { cut: 0.2 },
    sabotage: {
      backend: (real) => async (job, io) => {
        const outcome = await real(job, io);
        if (outcome.kind !== 'retry') return outcome;
        return { kind: 'succeeded', output: 'answer 0 to', usage: noUsage };
      },
    },
  },
  {
    bug: 'a backend that generates on when it is told to stop',
    found: 'runs end with their lease',
    load: { cancelled: 1 },
    sabotage: {
      backend: (real) => (job, io) => real(job, { ...io, signal: new AbortController().signal }),
    },
  },
  {
    bug: 'a store that resets the attempts of a retried task',
    found: 'backoff is on its curve',
    faults: { error: 0.5 },
    sabotage: writes((entries) =>
      entries.map((entry) =>
        entry.kind === 'fact' && entry.fact.type === 'task.retried'
          ? { ...entry, fact: { ...entry.fact, delayMs: entry.fact.delayMs * 10 } }
          : entry,
      ),
    ),
  },
];

test.each(bugs)('$bug is found: $found', async ({ bug: _, found, ...world }) => {
  expect(brokenIn(await simulateSmall({ seed: 5, hours: 0.12, ...world }))).toContain(found);
});
