import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AssignmentId, workerId } from '../../src/machines/identifiers.ts';
import { modelKey } from '../../src/machines/model-choice.ts';
import { route } from '../../src/machines/routing.ts';
import { type RosterEntry, WorkerRoster } from '../../src/machines/worker-roster.ts';
import type { WorkerSpec } from '../../src/machines/worker-spec.ts';
import { gib, makeDemand, makeInput, makeRouting } from '../support/placement-samples.ts';
import { makeSpec, taskIdOf } from '../support/pool-samples.ts';

const names = ['a', 'b', 'c'];
/** What models take in memory. Of one that is not here nothing is known. */
const sizesGib = new Map([
  ['small', 4],
  ['large', 10],
  ['huge', 30],
]);
const models = [...sizesGib.keys(), 'strange'];
/** Two servers are on one machine. */
const hosts: Readonly<Record<string, string>> = { e1: 'here', e2: 'here', e3: 'there' };

const spec = fc.record({
  endpoint: fc.constantFrom('e1', 'e2', 'e3'),
  slots: fc.integer({ min: 1, max: 4 }),
  model: fc.constantFrom(null, ...models),
});
const limits = fc.record({
  slotsMax: fc.option(fc.integer({ min: 1, max: 3 })),
  memoryGib: fc.option(fc.constantFrom(8, 15, 24)),
  leasesMax: fc.integer({ min: 1, max: 8 }),
});
const name = fc.constantFrom(...names);

type Step = (world: World) => void;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(...models).map((model) => (world: World) => world.handOut(model)),
  },
  { weight: 3, arbitrary: fc.nat(20).map((at) => (world: World) => world.release(at)) },
  {
    weight: 1,
    arbitrary: fc.tuple(name, spec).map(
      ([who, parts]) =>
        (world: World) =>
          world.enter(who, parts),
    ),
  },
  { weight: 1, arbitrary: limits.map((parts) => (world: World) => world.limit(parts)) },
  {
    weight: 1,
    arbitrary: fc.tuple(name, fc.subarray([...sizesGib.keys()])).map(
      ([who, residents]) =>
        (world: World) =>
          world.see(who, residents),
    ),
  },
  { weight: 1, arbitrary: name.map((who) => (world: World) => world.remove(who)) },
);

interface Held {
  readonly id: AssignmentId;
  readonly entry: RosterEntry;
  readonly endpoint: string;
  readonly model: string;
}

/** A roster beside a plain list of what it has given out. */
class World {
  readonly roster = new WorkerRoster(4, 1);
  held: Held[] = [];

  constructor() {
    for (const who of names) this.enter(who, { endpoint: 'e1', slots: 2 });
  }

  handOut(model: string): void {
    if (this.roster.room === 0) return;
    const decision = route(makeDemand({ model }), this.roster.all(), makeInput(makeRouting()));
    if (decision.kind !== 'placed') return;
    const entry = decision.worker;
    const endpoint = entry.endpoint.name;
    const isNew = !this.held.some((one) => one.endpoint === endpoint && one.model === model);
    this.held.push({ id: this.roster.lease(entry, taskIdOf(1), model), entry, endpoint, model });
    expect(entry.used).toBeLessThanOrEqual(entry.slots);
    expect(this.roster.leaseCount).toBeLessThanOrEqual(this.roster.leasesMax);
    const { name: host, slotsMax, memoryBytes } = entry.host;
    if (slotsMax !== null) expect(this.heldAt(host).length).toBeLessThanOrEqual(slotsMax);
    // What was at work before the limit came, or before anything was known, stays.
    if (memoryBytes === null || !isNew || this.sizeOf(endpoint, model) === 0) return;
    const taken = new Map(this.heldAt(host).map((one) => [`${one.endpoint} ${one.model}`, one]));
    const takenBytes = [...taken.values()].reduce(
      (sum, one) => sum + this.sizeOf(one.endpoint, one.model) * gib,
      0,
    );
    if (taken.size > 1) expect(takenBytes).toBeLessThanOrEqual(memoryBytes);
  }

  /** In GiB, as far as the roster can know it. */
  sizeOf(endpoint: string, model: string): number {
    return this.roster.endpoint(endpoint)?.has(modelKey(model)) === true ? (sizesGib.get(model) ?? 0) : 0;
  }

  heldAt(host: string): readonly Held[] {
    return this.held.filter(({ endpoint }) => hosts[endpoint] === host);
  }

  release(at: number): void {
    const [one] = this.held.splice(at % Math.max(1, this.held.length), 1);
    if (one !== undefined) expect(this.roster.release(one.entry, one.id)).toBe(true);
  }

  enter(who: string, parts: Partial<WorkerSpec> & { readonly endpoint: string }): void {
    const host = hosts[parts.endpoint] ?? 'nowhere';
    this.roster.enter(makeSpec(who, { ...parts, host }), 'active').liveness = 'alive';
  }

  limit({ slotsMax, memoryGib, leasesMax }: typeof limits extends fc.Arbitrary<infer T> ? T : never): void {
    this.roster.leasesMax = leasesMax;
    const memoryBytes = memoryGib === null ? null : memoryGib * gib;
    this.roster.limitHosts([{ host: 'here', slotsMax, memoryBytes }]);
  }

  see(who: string, residents: readonly string[]): void {
    this.roster.get(workerId(who))?.endpoint.see({
      models: models.map((model) => {
        const size = sizesGib.get(model);
        return {
          name: model,
          sizeBytes: size === undefined ? null : (size * gib) / 1.15,
          contextTokensMax: null,
        };
      }),
      residents: residents.map((model) => ({
        name: model,
        memoryBytes: (sizesGib.get(model) ?? 0) * gib,
        contextTokens: null,
      })),
    });
  }

  remove(who: string): void {
    const entry = this.roster.get(workerId(who));
    if (entry === undefined) return;
    this.roster.remove(entry);
    this.held = this.held.filter((one) => one.entry !== entry);
  }
}

test('nothing is handed out beyond the slots of a worker, a machine, its memory, or the pool', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (script) => {
      const world = new World();
      for (const take of script) {
        take(world);
        expect(world.roster.leaseCount).toBe(world.held.length);
        expect(world.roster.room).toBeGreaterThanOrEqual(0);
        for (const host of world.roster.hosts()) expect(host.used).toBe(world.heldAt(host.name).length);
      }
    }),
    { numRuns: 500 },
  );
});
