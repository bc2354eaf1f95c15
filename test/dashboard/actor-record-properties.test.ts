import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leavesOf, type Moment } from '../../src/http/dashboard/actor-history.ts';
import { momentsOf } from '../../src/http/dashboard/actor-record.ts';
import { outerStates, type RecordedFact, type RecordedKind } from '../../src/http/dashboard/actor-told.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { retry } from '../../src/machines/outcome.ts';
import type { Admission } from '../../src/machines/worker-state.ts';
import { eventOfFact } from '../../src/runtime/history.ts';
import { makeSpec, makeTicket, success } from '../support/pool-samples.ts';
import { PoolBench } from '../support/setup-pool.ts';

const endpoint = 'http://shared:11434';
const names = ['a', 'b'] as const;
const specs = names.map((name) => makeSpec(name, { endpoint }));
const actors: readonly (readonly [RecordedKind, string])[] = [
  ['pool', ''],
  ['endpoint', endpoint],
  ['worker', 'a'],
  ['worker', 'b'],
];

const name = fc.constantFrom(...names);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('beat' as const), name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('miss' as const), name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('blind' as const), name }) },
  fc.record({ do: fc.constantFrom('drain' as const, 'rest' as const, 'resume' as const), name }),
  fc.record({ do: fc.constantFrom('pause' as const, 'unpause' as const, 'wait' as const), name }),
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('succeed' as const, 'fail' as const), name }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A workshop over several lives, with what was recorded and how its actors really stood then. */
class Witness {
  readonly facts: RecordedFact[] = [];
  /** By actor and the `seq` of a fact, its states behind it. */
  readonly truth = new Map<string, readonly string[]>();
  #bench: PoolBench | undefined;
  #told = 0;
  #tasks = 0;
  #admissions: Record<string, Admission> = {};

  async live(isFragile: boolean, early: readonly Step[], steps: readonly Step[], end: 'stop' | 'kill') {
    const lastPause = this.facts.findLast(({ type }) => type === 'pool.paused' || type === 'pool.resumed');
    const isPaused = lastPause?.type === 'pool.paused';
    const bench = new PoolBench({ workers: specs, admissions: this.#admissions, isFragile, isPaused });
    this.#bench = bench;
    this.#told = 0;
    for (const each of early) await this.#take(bench, each);
    bench.pool.send({ type: 'pool.open', recovered: 0, waiting: [] });
    this.#look(bench);
    for (const each of steps) await this.#take(bench, each);
    for (const each of names) this.#admissions[each] = leftAs(bench.entryOf(each).admission);
    if (end === 'kill') return;
    bench.pool.send({ type: 'pool.drain' });
    await bench.clock.advance(60_000);
    this.#look(bench);
  }

  /** The states of an actor as it stands at the end. */
  now(kind: RecordedKind, of: string): readonly string[] {
    return this.#bench === undefined ? [] : statesOf(this.#bench, kind, of);
  }

  concerned(kind: RecordedKind, of: string): readonly RecordedFact[] {
    const isLife = (type: string) => type === 'pool.started' || type === 'pool.stopped';
    return this.facts.filter(({ type, data }) => {
      if (kind === 'pool') return type.startsWith('pool.');
      return isLife(type) || data['worker_id'] === of || data['endpoint'] === of;
    });
  }

  async #take(bench: PoolBench, { do: what, name: of }: Step): Promise<void> {
    await act(bench, what, of, () => {
      this.#tasks += 1;
      return this.#tasks;
    });
    this.#look(bench);
  }

  /** Behind several facts at once only the last one has a truth to be compared with. */
  #look(bench: PoolBench): void {
    const fresh = bench.facts.slice(this.#told);
    this.#told = bench.facts.length;
    for (const fact of fresh) this.facts.push(eventOfFact({ seq: this.facts.length + 1, atMs: 0, fact }));
    for (const [kind, of] of actors) {
      const last = this.concerned(kind, of).at(-1);
      if (fresh.length > 0 && last !== undefined && last.seq > this.facts.length - fresh.length)
        this.truth.set(`${kind} ${of} ${last.seq}`, statesOf(bench, kind, of));
    }
  }
}

async function act(bench: PoolBench, what: Step['do'], of: string, nextTask: () => number): Promise<void> {
  switch (what) {
    case 'beat':
      return bench.beat(of);
    case 'miss':
      return bench.miss(of);
    case 'blind':
      bench.world.blindProbes = 1;
      bench.pool.send({ type: 'pool.probe', workerId: workerId(of) });
      bench.world.blindProbes = 0;
      return;
    case 'drain':
    case 'rest':
    case 'resume':
      return bench.order(of, what, 'asked for by a test');
    case 'pause':
      return bench.pool.send({ type: 'pool.pause' });
    case 'unpause':
      return bench.pool.send({ type: 'pool.resume' });
    case 'wait':
      return bench.advance(1_500);
    case 'succeed':
    case 'fail': {
      const seq = nextTask();
      bench.admit(makeTicket(seq));
      bench.turn();
      const running = [...bench.world.executions.keys()][0];
      if (running === undefined) return;
      bench.world.settle(running, what === 'succeed' ? success : retry('backend.error', 'broken'));
      bench.turn();
    }
  }
}

/** What an operator asked of a worker outlives a restart, a quarantine does not. */
function leftAs(admission: Admission): Admission {
  if (admission === 'quarantined') return 'active';
  return admission === 'draining' ? 'drained' : admission;
}

function statesOf(bench: PoolBench, kind: RecordedKind, of: string): readonly string[] {
  const { children, status, value } = bench.pool.getSnapshot();
  if (kind === 'pool') return leavesOf(value);
  if (status !== 'active') return [];
  const child = children[kind === 'worker' ? of : `endpoint:${of}`];
  return leavesOf((child?.getSnapshot() as { value?: unknown } | undefined)?.value);
}

/** What is told must be so; what is not told must be said to be untold. */
function faultsOf({ states, untold = [] }: Moment, truth: readonly string[]): readonly string[] {
  const isTrue = (state: string) =>
    truth.includes(state) ||
    (outerStates.has(state) && truth.some((real) => real.startsWith(`${state}.`)) && untold.includes(state));
  const wrong = states.filter((state) => !isTrue(state));
  const silent = truth.length > states.length && untold.length === 0 ? ['nothing said of the rest'] : [];
  return [...wrong, ...silent];
}

const life = fc.tuple(
  fc.boolean(),
  // Before the pool is open the doors are not, either: workers are heard of, and nobody gives orders.
  fc.array(fc.record({ do: fc.constantFrom('beat' as const, 'miss' as const), name }), { maxLength: 3 }),
  fc.array(step, { maxLength: 25 }),
  fc.constantFrom('stop' as const, 'kill' as const),
);

test('whatever happens over several lives, the record tells no state that an actor was not in', async () => {
  const counts = { whole: 0, all: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 3 }), async (lives) => {
      const witness = new Witness();
      for (const each of lives) await witness.live(...each);
      for (const [kind, of] of actors) {
        const facts = witness.concerned(kind, of);
        const isWhole = true;
        const moments = momentsOf(kind, { facts, seen: [], now: witness.now(kind, of), isWhole });
        for (const moment of moments) {
          const truth = witness.truth.get(`${kind} ${of} ${moment.seq}`);
          if (truth === undefined) continue;
          counts.all += 1;
          if (moment.untold?.length === 0) counts.whole += 1;
          const told = facts.map(({ type, from, to, data }) => `${type} ${from} ${to} ${data['detail']}`);
          const seen = `${kind} ${of} at ${moment.name} told ${moment.states} was ${truth}: ${told.join('\n')}`;
          expect(faultsOf(moment, truth), seen).toEqual([]);
        }
      }
    }),
    { numRuns: 25 },
  );
  expect(counts.whole / counts.all, 'a good part of it is told').toBeGreaterThan(0.4);
});
