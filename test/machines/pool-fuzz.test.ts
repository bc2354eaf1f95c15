import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AssignmentId, assignmentId, workerId } from '../../src/machines/identifiers.ts';
import { limits } from '../../src/machines/limits.ts';
import { type Outcome, retry } from '../../src/machines/outcome.ts';
import { actorOfEndpoint } from '../../src/machines/pool-leases.ts';
import type { WorkerSpec } from '../../src/machines/worker-spec.ts';
import type { AdmissionOrder } from '../../src/machines/worker-state.ts';
import {
  final,
  isGrammatical,
  makeSpec,
  makeTicket,
  released,
  success,
  taskIdOf,
  transient,
} from '../support/pool-samples.ts';
import { shownIn } from '../support/setup-endpoint.ts';
import { type PoolBench, setupPool } from '../support/setup-pool.ts';

/**
 * A pool under any commands, with workers that answer late, twice or for others, that are lost and come back, crash, are
 * sent away and called back, and with configurations that come and go. What must hold is checked after each step; in the
 * end all faults stop, and every task must have ended.
 */
const broken = retry('backend.error', 'the server answered 500');
const sentAway = retry('backend.busy', 'its queue is full', 5_000);
const endings: readonly Outcome[] = [success, success, transient, final, released, broken, broken, sentAway];
const outcomes: readonly Outcome[] = [...endings, { kind: 'cancelled' }];

const shared = { endpoint: 'http://box:11434', host: 'box' };
const a = makeSpec('a', { ...shared, slots: 2 });
const b = makeSpec('b', shared);
const c = makeSpec('c', { slots: 3, standby: true });
const joined = makeSpec('j', { joined: true, slots: 2 });
const first: readonly WorkerSpec[] = [a, b, c];
const configurations: readonly (readonly WorkerSpec[])[] = [
  first,
  [{ ...a, slots: 1 }, { ...c, standby: false }, makeSpec('d', { slots: 2 })],
  [{ ...b, endpoint: 'http://d:11434', host: 'd', slots: 2 }, c],
  [],
];
const names = ['a', 'b', 'c', 'd', 'j'];
const hosts = [{ host: 'box', slotsMax: 2, memoryBytes: null }];
const policy = {
  leasesMax: 4,
  hosts,
  workersMin: 1,
  workersMax: 3,
  scaleUp: 0.8,
  scaleDown: 0.3,
  fallbackChain: ['gpt-oss:20b', 'm2'],
  numCtxOf: () => 8_192,
};

const small = fc.nat(40);
const name = fc.constantFrom(...names);
const orders = fc.constantFrom<AdmissionOrder>('activate', 'rest', 'drain', 'resume');
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      admit: fc.integer({ min: 1, max: 10 }),
      later: fc.constantFrom(0, 0, 0, 900),
      tokens: fc.constantFrom(10, 10, 10, 50_000),
    }),
  },
  { weight: 8, arbitrary: fc.record({ settle: small, outcome: fc.constantFrom(...outcomes) }) },
  { weight: 3, arbitrary: fc.record({ forge: small, lease: small, by: name }) },
  { weight: 3, arbitrary: fc.record({ cancel: small }) },
  { weight: 3, arbitrary: fc.record({ move: small, to: fc.integer({ min: 1, max: 10 }) }) },
  { weight: 3, arbitrary: fc.record({ lose: name }) },
  { weight: 4, arbitrary: fc.record({ beat: name }) },
  { weight: 1, arbitrary: fc.record({ falter: name }) },
  { weight: 2, arbitrary: fc.record({ blind: name }) },
  { weight: 2, arbitrary: fc.record({ crashes: fc.constantFrom(1, 1, 7) }) },
  { weight: 3, arbitrary: fc.record({ order: orders, of: name }) },
  { weight: 2, arbitrary: fc.record({ configuration: fc.nat(configurations.length - 1) }) },
  { weight: 2, arbitrary: fc.record({ passMs: fc.constantFrom(1_000, 1_000, 20_000) }) },
  { weight: 6, arbitrary: fc.constantFrom('hand out', 'commit', 'turn', 'turn') },
  {
    weight: 3,
    arbitrary: fc.constantFrom('pause', 'resume', 'resume', 'resume', 'join', 'leave', 'reset', 'rate'),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function play(bench: PoolBench, accepted: number[], each: Step): Promise<void> {
  const { pool, world } = bench;
  if (typeof each === 'string') playWord(bench, each);
  else if ('admit' in each) {
    accepted.push(accepted.length + 1);
    const { admit: priority, later: delayMs, tokens: promptTokens } = each;
    bench.admit(makeTicket(accepted.length, { priority, delayMs, promptTokens }));
  } else if ('settle' in each) {
    const running = [...world.executions.values()];
    running[each.settle % Math.max(1, running.length)]?.settle(each.outcome, 0.5, 100);
  } else if ('forge' in each) forge(bench, each);
  else if ('cancel' in each) {
    const row = [...bench.rows.values()][each.cancel];
    if (row !== undefined) bench.cancel(row, bench.board.get(row.taskId)?.lease == null ? 'waiting' : 'held');
  } else if ('move' in each) {
    const row = [...bench.rows.values()][each.move];
    const isHeld = row !== undefined && bench.board.get(row.taskId)?.lease != null;
    if (row !== undefined) bench.reprioritize(row, each.to, isHeld ? 'held' : 'waiting');
  } else if ('lose' in each) {
    for (let misses = 0; misses < 3; misses += 1) world.miss(workerId(each.lose));
  } else if ('falter' in each) {
    for (let times = 0; times < 7; times += 1) {
      world.beat(workerId(each.falter));
      world.miss(workerId(each.falter));
    }
  } else if ('beat' in each) world.beat(workerId(each.beat));
  else if ('blind' in each) {
    world.blindProbes = 1;
    pool.send({ type: 'pool.probe', workerId: workerId(each.blind) });
    world.blindProbes = 0;
  } else if ('crashes' in each) world.crashNext = each.crashes;
  else if ('order' in each) bench.order(each.of, each.order);
  else if ('configuration' in each) bench.reconfigure(configurations[each.configuration] ?? []);
  else await bench.advance(each.passMs);
}

function playWord(bench: PoolBench, each: Extract<Step, string>): void {
  const { pool } = bench;
  if (each === 'hand out') bench.handOut();
  if (each === 'commit') bench.commit();
  if (each === 'turn') bench.turn();
  if (each === 'pause') pool.send({ type: 'pool.pause' });
  if (each === 'resume') pool.send({ type: 'pool.resume' });
  if (each === 'join')
    pool.send({ type: 'pool.enrol', spec: joined, admission: 'active', detail: 'it came' });
  if (each === 'leave') pool.send({ type: 'pool.retire', workerId: joined.workerId, detail: 'it went' });
  if (each === 'reset') pool.send({ type: 'pool.reset', endpoint: shared.endpoint });
  if (each === 'rate') pool.send({ type: 'pool.rate' });
}

function forge(bench: PoolBench, { forge: seq, lease, by }: Extract<Step, { forge: number }>): void {
  const forged = { taskId: taskIdOf(seq), assignmentId: assignmentId(lease), outcome: success };
  if (bench.board.get(forged.taskId)?.lease?.assignmentId === forged.assignmentId) return;
  bench.pool.send({ type: 'worker.settled', workerId: workerId(by), ...forged, draw: 0, elapsedMs: 0 });
}

/** How many slots are taken at each worker and each machine. */
function usage(bench: PoolBench): ReadonlyMap<string, number> {
  const workers = [...bench.roster.all()].map(({ workerId: id, used }) => [id as string, used] as const);
  const machines = [...bench.roster.hosts()].map(({ name: host, used }) => [`host ${host}`, used] as const);
  return new Map([...workers, ...machines]);
}

/** What is handed out has room; what a new configuration left without room ends in its own time. */
function checkRoom(bench: PoolBench, before: ReadonlyMap<string, number>): void {
  const { roster } = bench;
  expect(roster.leaseCount).toBeLessThanOrEqual(policy.leasesMax);
  for (const { workerId: id, used, slots } of roster.all()) {
    expect(used).toBeLessThanOrEqual(Math.max(slots, before.get(id) ?? 0));
  }
  for (const { name: host, used, slotsMax } of roster.hosts()) {
    expect(used).toBeLessThanOrEqual(Math.max(slotsMax ?? used, before.get(`host ${host}`) ?? 0));
  }
}

function checkFigures({ roster, board }: PoolBench): void {
  const entries = [...roster.all()];
  const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
  expect(roster.leaseCount).toBe(sum(entries.map(({ used }) => used)));
  const places = entries.flatMap(({ leases }) => [...leases.values()].map(({ endpoint }) => endpoint));
  for (const host of roster.hosts()) {
    expect(host.used).toBe(places.filter((place) => place.host === host).length);
  }
  for (const endpoint of roster.endpoints()) {
    expect(sum(endpoint.inUse.values())).toBe(places.filter((place) => place === endpoint).length);
  }
  const running = new Set<AssignmentId>();
  for (const task of board.all()) {
    if (task.lease !== null) running.add(task.lease.assignmentId);
    expect(task.waiting && task.lease !== null).toBe(false);
  }
  for (const entry of entries) for (const id of entry.leases.keys()) running.delete(id);
  expect([...running]).toEqual([]); // Every lease of a task holds a slot.
}

/** What the pool believes of its children is what they are. */
function checkMirror({ pool, roster }: PoolBench): void {
  const { children, status } = pool.getSnapshot();
  expect(status).toBe('active');
  const stateOf = (id: string) =>
    children[id]?.getSnapshot() as unknown as { value: object | string } | undefined;
  for (const { workerId: id, admission, isLeaving } of roster.all()) {
    if (isLeaving) expect(admission).toMatch(/^(draining|drained|quarantined)$/);
    const state = stateOf(id);
    if (state === undefined) expect(admission).toBe('quarantined');
    else expect(state.value).toMatchObject({ admission });
  }
  for (const { name: endpoint, breaker } of roster.endpoints()) {
    const value = stateOf(actorOfEndpoint(endpoint))?.value ?? 'closed';
    expect(breaker).toBe(shownIn(typeof value === 'string' ? value : Object.entries(value).flat().join('.')));
  }
}

function check(bench: PoolBench, accepted: readonly number[]): void {
  expect(bench.faults).toEqual([]);
  const given = bench.factsOfType('task.assigned').map(({ assignmentId: id }) => id);
  expect(given).toEqual(given.map((_, at) => at + 1)); // Tokens only grow, and each is given once.
  for (const seq of accepted) expect(isGrammatical(bench.factsOf(seq))).toBe(true);
  checkFigures(bench);
  checkMirror(bench);
}

/** Faults stop, and the workers work. */
async function workOff(bench: PoolBench): Promise<void> {
  bench.world.crashNext = 0;
  bench.commit();
  bench.reconfigure(first);
  for (const { name: endpoint } of bench.roster.endpoints())
    bench.pool.send({ type: 'pool.reset', endpoint });
  bench.pool.send({ type: 'pool.resume' });
  await bench.advance(limits.crashWindowMs); // Crashes are forgotten, and broken watchers watch again.
  for (const { workerId: id } of first) {
    bench.order(id, 'resume');
    bench.beat(id);
  }
  for (let round = 0; round < 400 && bench.rows.size > 0; round += 1) {
    await bench.advance(10_000);
    for (const execution of [...bench.world.executions.values()]) execution.settle(success);
  }
  await bench.advance(0);
}

test('keeps its books in order and ends every task, whatever happens to it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 80, size: 'max' }),
      fc.constantFrom(10, 40, 10_000),
      fc.boolean(),
      async (script, admissionWindow, isFragile) => {
        const bench = setupPool({ workers: first, policy, admissionWindow, isFragile });
        const accepted: number[] = [];
        for (const each of script) {
          const before = usage(bench);
          await play(bench, accepted, each);
          check(bench, accepted);
          checkRoom(bench, before);
        }
        await workOff(bench);
        check(bench, accepted);
        for (const seq of accepted)
          expect(bench.storyOf(seq).at(-1)).toMatch(/^(completed|failed|cancelled)$/);
        expect([bench.roster.leaseCount, bench.world.executions.size]).toEqual([0, 0]);
        expect([bench.board.liveCount, bench.board.ready.size, bench.pendingTimers()]).toEqual([0, 0, 0]);
        const watched = [...bench.roster.all()].filter(({ admission }) => admission !== 'quarantined');
        expect(bench.world.watching).toBe(watched.length);
        bench.pool.send({ type: 'pool.drain' });
        expect(bench.state).toBe('stopped');
        expect([bench.world.watching, bench.clock.pending]).toEqual([0, 0]);
      },
    ),
    { numRuns: 80 },
  );
});
