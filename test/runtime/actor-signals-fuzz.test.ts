import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KoubouError } from '../../src/machines/errors.ts';
import { type TaskId, workerId } from '../../src/machines/identifiers.ts';
import { operatorSignals } from '../../src/machines/operator-signals.ts';
import { retry } from '../../src/machines/outcome.ts';
import { taskInvariants } from '../../src/simulation/invariants-tasks.ts';
import { workerInvariants } from '../../src/simulation/invariants-workers.ts';
import { Judge } from '../../src/simulation/judge.ts';
import { Ledger } from '../../src/simulation/ledger.ts';
import { succeeded } from '../support/running-server.ts';
import { Workshop } from '../support/workshop.ts';

/** Those of the simulation that need no more than the facts, and none of its servers and clients. */
const judged = new Set([
  'grammar',
  'one outcome',
  'one live assignment',
  'assignments only grow',
  'fencing',
  'nothing early',
  'one sequence',
  'capacity of a worker',
  'capacity of the pool',
  'the rule is obeyed',
  'no work for the absent',
  'nothing while paused',
]);

const workers = [{ workerId: workerId('w1'), maxConcurrentTasks: 2 }, { workerId: workerId('w2') }];

interface Bench {
  readonly workshop: Workshop;
  readonly judge: Judge;
  readonly ids: TaskId[];
  /** What the process said is wrong with itself. */
  readonly alarms: string[];
}

async function setup(): Promise<Bench> {
  const alarms: string[] = [];
  const workshop = new Workshop();
  workshop.outcome = ({ assignmentId }) => {
    if (assignmentId % 5 < 2) return retry('backend.error', 'broken');
    return assignmentId % 7 === 2 ? retry('backend.busy', 'later', 45_000) : succeeded('done');
  };
  await workshop.open({
    workers,
    logged: alarms,
    onFatal: (error) => alarms.push(String(error)),
    change: ({ models, ...config }) => ({
      ...config,
      models: { ...models, server: { ...models.server, retryDelayMs: 20_000 } },
    }),
  });
  const { runtime } = workshop;
  const ledger = new Ledger(runtime.config);
  const invariants = [...taskInvariants, ...workerInvariants].filter(({ name }) => judged.has(name));
  expect(invariants).toHaveLength(judged.size);
  const judge = new Judge(ledger, invariants);
  judge.hear({ type: 'process.began', process: 1 }, 0);
  judge.hear({ type: 'process.opened', process: 1 }, 0);
  ledger.lastSeq = runtime.lastSeq;
  runtime.stream.subscribe((committed) =>
    judge.hear({ type: 'fact', process: 1, committed }, workshop.clock.monotonic()),
  );
  return { workshop, judge, ids: [], alarms };
}

/** Every actor that lives, and some that do no more. */
function actorsOf({ workshop, ids }: Bench): readonly string[] {
  const { workers: staff, endpoints } = workshop.runtime.inspection.tree();
  return ['pool', ...[...staff, ...endpoints].map(({ actor }) => actor), ...ids];
}

const signal = fc.record({
  what: fc.nat(),
  whom: fc.nat(),
  isBlind: fc.boolean(),
  number: fc.constantFrom(1, 2, 9, 10),
});
type RandomSignal = typeof signal extends fc.Arbitrary<infer S> ? S : never;

/** What may be sent, and to whom: blindly, or where the chart offers it at this moment. */
function chosen(bench: Bench, { what, whom, isBlind }: RandomSignal) {
  const offers = actorsOf(bench).flatMap((actor) =>
    operatorSignals
      .filter(
        ({ machine, event }) => isOfKind(actor, machine) && (isBlind || offered(bench, actor).has(event)),
      )
      .map((each) => ({ actor, each })),
  );
  const events = [...new Set(offers.map(({ each }) => each))];
  const event = events[what % events.length] ?? operatorSignals[0];
  const actors = offers.filter(({ each }) => each === event).map(({ actor }) => actor);
  return { actor: actors[whom % actors.length] ?? 'pool', event };
}

function isOfKind(actor: string, machine: string): boolean {
  return actor.startsWith(machine === 'task' ? 'task_' : machine);
}

function offered({ workshop }: Bench, actor: string): ReadonlySet<string> {
  try {
    return new Set(workshop.runtime.inspection.actor(actor).next.map(({ event }) => event));
  } catch {
    return new Set(); // It has ended, or waits as a row.
  }
}

/** @returns the event, where it was taken; a refusal must be one that was foreseen */
async function send(bench: Bench, random: RandomSignal): Promise<string | null> {
  const { workshop } = bench;
  const { actor, event } = chosen(bench, random);
  const fields = Object.fromEntries(event.fields.map(({ name }) => [name, random.number]));
  const sent = workshop.runtime.operations.signal({
    actor,
    event: event.event,
    fields,
    confirm: actor,
    by: 'test',
  });
  try {
    await workshop.drive(sent);
    return event.event;
  } catch (error) {
    if (!(error instanceof KoubouError)) throw error;
    expect(['actor.conflict', 'task.unknown']).toContain(error.code);
    return null;
  }
}

/** Nobody's actor has crashed: neither one that is counted, nor the pool, nor a task. */
function checkHealth({ workshop, judge, alarms }: Bench): void {
  const { runtime } = workshop;
  const { workers: staff, endpoints } = runtime.inspection.tree();
  expect([...staff, ...endpoints].map(({ crashes }) => crashes)).toEqual([0, 0, 0]);
  expect(['running', 'paused']).toContain(runtime.readiness().pool);
  expect(judge.violations).toEqual([]);
  expect(alarms.filter((line) => line !== 'a backend crashed')).toEqual([]);
}

test('whatever an operator sends, and whenever: no actor crashes, and all that must hold holds; in the end all is done', async () => {
  const taken = new Set<string | null>();
  const step = fc.oneof(
    { weight: 5, arbitrary: signal },
    {
      weight: 2,
      arbitrary: fc.record({ delegate: fc.integer({ min: 1, max: 4 }), inMs: fc.constantFrom(0, 30_000) }),
    },
    { weight: 2, arbitrary: fc.record({ passMs: fc.constantFrom(0.1, 900, 11_000, 40_000) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 40 }), async (script) => {
      const bench = await setup();
      const { workshop } = bench;
      // One task backs off, a server has sent another one away: there is something to be ended early.
      bench.ids.push(...(await workshop.delegate(4)));
      await workshop.clock.advance(11_000);
      for (const each of script) {
        if ('passMs' in each) await workshop.clock.advance(each.passMs);
        else if ('what' in each) taken.add(await send(bench, each));
        else {
          const runAtMs = each.inMs === 0 ? null : workshop.clock.now() + each.inMs;
          bench.ids.push(...(await workshop.delegate(each.delegate, { runAtMs })));
        }
        checkHealth(bench);
      }
      await mend(bench);
      await workshop.clock.advance(900_000);
      checkHealth(bench);
      expect(bench.ids.filter((id) => workshop.runtime.task(id).ended_at === null)).toEqual([]);
    }),
    { numRuns: 6, endOnFailure: true },
  );
  expect(taken.size, [...taken].join()).toBeGreaterThan(operatorSignals.length / 2);
});

/** All is put right that an operator can put wrong. */
async function mend({ workshop }: Bench): Promise<void> {
  const { runtime } = workshop;
  workshop.outcome = () => succeeded('done');
  await workshop.drive(runtime.resume());
  for (const { workerId: id } of workers) {
    await workshop.drive(runtime.order(id, 'resume', 'test'));
    await workshop.drive(runtime.closeBreaker(id));
  }
}
