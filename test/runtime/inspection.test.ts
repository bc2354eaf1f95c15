import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inspectedMachines } from '../../src/machines/chart-machines.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { inspectionLimits } from '../../src/machines/inspection-limits.ts';
import { retry } from '../../src/machines/outcome.ts';
import type { EndedView, TransitionView } from '../../src/runtime/inspection-view.ts';
import { succeeded } from '../support/running-server.ts';
import { Workshop } from '../support/workshop.ts';

const two = { workers: [{ workerId: workerId('w1'), maxConcurrentTasks: 2 }, { workerId: workerId('w2') }] };

/** How many actors of a machine are in each state, where there are any. */
function countsOf({ runtime }: Workshop, machine: (typeof inspectedMachines)[number]) {
  const figures = runtime.inspection.overview().full()[machine];
  const counts = figures?.states.filter(({ count }) => count > 0).map(({ state, count }) => [state, count]);
  return Object.fromEntries(counts ?? []) as Record<string, number>;
}

function listenTo({ runtime }: Workshop, name: string) {
  const seen: TransitionView[] = [];
  const ended: EndedView[] = [];
  const skipped: number[] = [];
  const watched = runtime.inspection.watch(name, {
    onTransition: (view) => void seen.push(view),
    onSkipped: (count) => void skipped.push(count),
    onEnded: (view) => void ended.push(view),
  });
  return { ...watched, seen, ended, skipped };
}

describe('the figures of all actors', () => {
  test('tell where each is, which way they came, how long they stayed, and where they fail', async () => {
    const workshop = await new Workshop().open(two);
    workshop.outcome = ({ prompt }) =>
      prompt === 'bad' ? retry('backend.garbage', 'nonsense') : succeeded('done');
    const tasks = await workshop.delegate(5);
    await workshop.clock.advance(1);
    const { inspection } = workshop.runtime;
    const running = Object.values(countsOf(workshop, 'execution')).reduce((a, b) => a + b, 0);
    expect(countsOf(workshop, 'task')).toEqual({ queued: tasks.length - running, 'leased.running': running });
    expect(countsOf(workshop, 'worker')).toEqual({
      'liveness.watched.alive': 2,
      'admission.active': 2,
    });
    expect(countsOf(workshop, 'pool')).toEqual({ 'running.accepting': 1 });
    await workshop.clock.advance(60_000);
    await workshop.delegate(1, { prompt: 'bad' });
    await workshop.clock.advance(60_000);
    const { task, execution } = inspection.overview().full();
    expect(task).toMatchObject({ live: 0, begun: 6 });
    const stateOf = (name: string) => task?.states.find(({ state }) => state === name);
    expect(stateOf('completed')).toMatchObject({ count: 0, entered: 5 });
    expect(stateOf('leased.running')?.stayed_ms).toBeGreaterThanOrEqual(60_000);
    expect(task?.edges).toContainEqual(
      expect.objectContaining({ from: 'queued', to: 'leased.assigned', event: 'task.assign' }),
    );
    const failing = task?.edges.filter(({ failures }) => failures !== undefined);
    expect(failing?.map(({ from, to }) => [from, to])).toContainEqual(['leased.running', 'backingOff']);
    expect(failing?.[0]?.failures).toEqual({ 'backend.garbage': expect.any(Number) });
    expect(execution?.states.find(({ state }) => state === 'succeeded')).toMatchObject({ entered: 5 });
  });

  test('count each live actor in one state of each region, whatever happens', async () => {
    const step = fc.oneof(
      fc.record({ delegate: fc.integer({ min: 1, max: 12 }) }),
      fc.record({ passMs: fc.constantFrom(1, 500, 10_000, 60_000) }),
      fc.record({ cancel: fc.nat(30) }),
      fc.record({ order: fc.constantFrom<'drain' | 'rest' | 'resume'>('drain', 'rest', 'resume') }),
      fc.constantFrom('pause' as const, 'resume' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (script) => {
        const workshop = await new Workshop().open(two);
        workshop.outcome = ({ taskId }) =>
          taskId.charCodeAt(taskId.length - 1) % 3 === 0 ? retry('backend.error', 'broken') : succeeded('ok');
        const { runtime } = workshop;
        const ids: string[] = [];
        for (const each of script) {
          if (each === 'pause') await workshop.drive(runtime.pause());
          else if (each === 'resume') await workshop.drive(runtime.resume());
          else if ('delegate' in each) ids.push(...(await workshop.delegate(each.delegate)));
          else if ('passMs' in each) await workshop.clock.advance(each.passMs);
          else if ('order' in each) await workshop.drive(runtime.order('w1', each.order, 'test'));
          else {
            const id = ids[each.cancel] as Parameters<typeof runtime.cancel>[0] | undefined;
            if (id !== undefined) await workshop.drive(runtime.cancel(id).catch(() => undefined));
          }
          checkSums(workshop);
        }
        await workshop.drive(runtime.drain());
        expect(countsOf(workshop, 'task')).toEqual({});
        expect(countsOf(workshop, 'execution')).toEqual({});
        expect(countsOf(workshop, 'pool')).toEqual({});
        expect(countsOf(workshop, 'worker')).toEqual({});
        await workshop.drive(runtime.close());
      }),
      { numRuns: 15 },
    );
  });
});

function checkSums(workshop: Workshop): void {
  const { inspection } = workshop.runtime;
  const figures = inspection.overview().full();
  for (const machine of inspectedMachines) {
    const { live = 0, begun = 0, states = [] } = figures[machine] ?? {};
    const regions = machine === 'worker' ? 2 : 1;
    expect(states.reduce((sum, { count }) => sum + count, 0)).toBe(live * regions);
    expect(begun).toBeGreaterThanOrEqual(live);
    for (const { state, count, entered, stays } of states) {
      expect(stays.reduce((sum, each) => sum + each, 0)).toBe(entered - count);
      const { actors } = inspection.page({ machine, state, after: 0, limit: 200 });
      expect(new Set(actors.map(({ actor }) => actor)).size).toBe(count);
    }
  }
  const tree = inspection.tree();
  expect(Object.values(tree.tasks).reduce((a, b) => a + b, 0)).toBe(figures.task?.live);
  const executions = tree.workers.reduce((sum, worker) => sum + worker.executions.length, 0);
  expect(executions).toBe(figures.execution?.live);
}

describe('actors in a state', () => {
  test('are paged in the order in which they came there', async () => {
    const workshop = await new Workshop().open({ workers: [{ maxConcurrentTasks: 1 }] });
    const ids = await workshop.delegate(8);
    await workshop.clock.advance(1);
    const { inspection } = workshop.runtime;
    const first = inspection.page({ machine: 'task', state: 'queued', after: 0, limit: 4 });
    expect(first).toMatchObject({ state: 'queued', count: 7, next: expect.any(Number) });
    const rest = inspection.page({ machine: 'task', state: 'queued', after: first.next ?? 0, limit: 4 });
    expect([...first.actors, ...rest.actors].map(({ actor }) => actor)).toEqual(ids.slice(1));
    expect(rest.next).toBeNull();
    const running = inspection.page({ machine: 'task', state: 'running', after: 0, limit: 4 });
    expect(running).toMatchObject({ state: 'leased.running', actors: [{ actor: ids[0] }] });
  });

  test('of a state that is none are refused, with the states that there are', async () => {
    const { runtime } = await new Workshop().open();
    expect(() => runtime.inspection.page({ machine: 'task', state: 'flying', after: 0, limit: 1 })).toThrow(
      /queued, scheduled, leased\.assigned, leased\.running/,
    );
  });
});

describe('one actor', () => {
  test('is shown with its states, context, parent, and what it would do next', async () => {
    const workshop = await new Workshop().open(two);
    const id = await workshop.delegateOne();
    await workshop.clock.advance(1);
    const { inspection } = workshop.runtime;
    const task = inspection.actor(id);
    expect(task).toMatchObject({ actor: id, machine: 'task', value: { leased: 'running' }, parent: 'pool' });
    expect(task.machine_hash).toMatch(/^[0-9a-f]{16}$/);
    expect(task.context).toMatchObject({ taskId: id, pool: '[actor pool]', lease: { workerId: 'w1' } });
    expect(task.next).toContainEqual({
      from: 'leased',
      event: 'task.settle',
      guard: 'leadsTo',
      targets: ['completed'],
      standing: 'depends',
    });
    expect(task.next).toContainEqual({
      from: 'leased',
      event: 'task.cancel',
      guard: null,
      targets: ['cancelled'],
      standing: 'open',
    });
    expect(inspection.actor('worker:w1')).toMatchObject({ machine: 'worker', children: 2 });
    expect(inspection.actor('pool')).toMatchObject({ parent: null, context: { board: { live: 1 } } });
    expect(inspection.actor('execution:1')).toMatchObject({ parent: 'worker:w1', context: { taskId: id } });
  });

  test('is shown with the events that come by themselves, and when', async () => {
    const workshop = await new Workshop().open();
    const runAtMs = workshop.clock.now() + 30_000;
    const id = await workshop.delegateOne({ runAtMs });
    const [timer] = workshop.runtime.inspection.actor(id).timers;
    expect(timer?.event).toBe('xstate.after.waitMs.task.scheduled');
    expect(Math.abs(Date.parse(timer?.due_at ?? '') - runAtMs)).toBeLessThan(10);
  });

  test('that does not live is refused by the code of what is missing', async () => {
    const { runtime } = await new Workshop().open();
    const codeOf = (name: string) => {
      try {
        return runtime.inspection.actor(name).actor;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(codeOf('task_20260101_000000_000001')).toBe('task.unknown');
    expect(codeOf('worker:nobody')).toBe('worker.unknown');
    expect(codeOf('endpoint:http://nowhere')).toBe('route.unknown');
    expect(codeOf('execution:99')).toBe('route.unknown');
    expect(codeOf('worker:toString')).toBe('worker.unknown');
    expect(codeOf('someone')).toBe('request.invalid');
  });
});

describe('an actor that is watched', () => {
  test('tells each event with where it led, and its ending', async () => {
    const workshop = await new Workshop().open();
    workshop.outcome = () => succeeded('word '.repeat(1_000));
    await workshop.drive(workshop.runtime.pause());
    const id = await workshop.delegateOne();
    const { seen, ended } = listenTo(workshop, id);
    await workshop.drive(workshop.runtime.resume());
    await workshop.clock.advance(20_000);
    expect(seen.map(({ event, from, to }) => [(event as { type: string }).type, from, to])).toEqual([
      ['task.assign', 'queued', { leased: 'assigned' }],
      ['task.start', { leased: 'assigned' }, { leased: 'running' }],
      ['task.settle', { leased: 'running' }, 'completed'],
    ]);
    expect(ended).toEqual([expect.objectContaining({ actor: id, status: 'done', value: 'completed' })]);
    const output = (seen[2]?.event as { outcome: { output: string } }).outcome.output;
    expect(output).toMatch(/… \(5000 characters\)$/);
    expect(output.length).toBeLessThan(inspectionLimits.excerptTextCharsMax + 30);
    expect(seen[1]?.after_seq).toBeGreaterThan(0);
    expect(workshop.runtime.inspection.observed).toBe(0);
  });

  test('is watched no more when nobody wants it', async () => {
    const workshop = await new Workshop().open();
    const one = listenTo(workshop, 'pool');
    const other = listenTo(workshop, 'pool');
    expect(workshop.runtime.inspection.observed).toBe(1);
    one.stop();
    one.stop();
    await workshop.delegateOne();
    expect(one.seen).toEqual([]);
    expect(other.seen.length).toBeGreaterThan(0);
    other.stop();
    expect(workshop.runtime.inspection.observed).toBe(0);
  });

  test('that is too fast is told in samples, with how many were left out', async () => {
    const workshop = await new Workshop().open(two);
    const { seen, skipped, look } = listenTo(workshop, 'pool');
    workshop.durationMs = () => 0.1;
    await workshop.delegate(100);
    await workshop.clock.advance(60);
    expect(seen.length).toBeLessThanOrEqual(inspectionLimits.transitionsPerWindowMax);
    await workshop.clock.advance(inspectionLimits.transitionWindowMs);
    expect(skipped[0]).toBeGreaterThan(50);
    expect(look()).toMatchObject({ actor: 'pool' });
  });
});
