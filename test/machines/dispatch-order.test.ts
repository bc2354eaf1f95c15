import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { route } from '../../src/machines/routing.ts';
import type { LiveTask } from '../../src/machines/task-board.ts';
import type { RosterEntry } from '../../src/machines/worker-roster.ts';
import { gib, Workshop } from '../support/placement-samples.ts';
import { makeSpec } from '../support/pool-samples.ts';

/** What comes first by effective priority; written down anew, with a clock in place of the algebra. */
function firstOf(agingMs: number, nowMs: number): (a: LiveTask, b: LiveTask) => number {
  const effective = ({ priority, sinceMs }: LiveTask) =>
    agingMs === 0 ? priority : priority + (nowMs - sinceMs) / agingMs;
  return (a, b) =>
    effective(b) - effective(a) || b.priority - a.priority || a.sinceMs - b.sinceMs || a.seq - b.seq;
}

function waiting({ tasks }: Workshop): LiveTask[] {
  return [...tasks.values()].filter((task) => task.waiting);
}

/** What one worker says to a task, whatever the others do. */
function answer(work: Workshop, task: LiveTask, worker: RosterEntry) {
  return route(task.demand, [worker], work.input);
}

/** Those who could be handed out now, for all that is kept for others before them. */
function eligible(work: Workshop, inOrder: readonly LiveTask[]): Set<LiveTask> {
  const maybeKept = new Set<object>();
  const found = new Set<LiveTask>();
  for (const task of inOrder) {
    for (const worker of work.roster.all()) {
      const decision = answer(work, task, worker);
      if (decision.kind === 'placed' && !maybeKept.has(worker.host)) found.add(task);
    }
    if (found.has(task)) continue;
    for (const worker of work.roster.all()) {
      const decision = answer(work, task, worker);
      if (decision.kind === 'waits' && decision.crowded !== undefined) maybeKept.add(worker.host);
    }
  }
  return found;
}

describe('whatever waits, runs and ends', () => {
  const worker = fc.record({
    slots: fc.integer({ min: 1, max: 3 }),
    host: fc.constantFrom('here', 'there'),
    capabilities: fc.constantFrom([], [], ['general'], ['translation']),
  });
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        verb: fc.constant('add' as const),
        model: fc.constantFrom('small', 'small', 'other', 'large'),
        priority: fc.constantFrom(4, 5, 5, 6),
        taskType: fc.constantFrom('general', 'general', 'translation'),
      }),
    },
    { weight: 4, arbitrary: fc.record({ verb: fc.constant('hand' as const) }) },
    { weight: 3, arbitrary: fc.record({ verb: fc.constant('end' as const), at: fc.nat(20) }) },
  );
  const given = fc.record({
    workers: fc.array(worker, { minLength: 1, maxLength: 4 }),
    memoryGib: fc.constantFrom(null, 24),
    agingMs: fc.constantFrom(0, 3_000, 20_000),
    bypassesMax: fc.nat(3),
    script: fc.array(step, { maxLength: 80 }),
  });

  test('nobody who could run is passed over, but for a bounded number of warm ones of one priority', () => {
    fc.assert(
      fc.property(given, ({ workers, memoryGib, agingMs, bypassesMax, script }) => {
        const memoryBytes = memoryGib === null ? null : memoryGib * gib;
        const work = new Workshop({
          workers: workers.map((parts, at) => makeSpec(`worker_${at}`, parts)),
          hosts: [{ host: 'here', slotsMax: 3, memoryBytes }],
          routing: { agingMs, bypassesMax },
        });
        let seq = 0;
        for (const one of script) {
          if (one.verb === 'add') {
            seq += 1;
            work.add(seq, one.model, { priority: one.priority, taskType: one.taskType });
          } else if (one.verb === 'end') {
            const running = work.running[one.at % Math.max(1, work.running.length)];
            if (running !== undefined) work.end(running);
          } else {
            const inOrder = waiting(work).sort(firstOf(agingMs, seq * 1_000));
            const able = eligible(work, inOrder);
            const before = new Map(inOrder.map((task) => [task, task.bypasses]));
            const [handed] = work.turn(1);
            const taken = handed === undefined ? undefined : work.tasks.get(handed);
            if (taken === undefined) {
              expect([...able]).toEqual([]);
              continue;
            }
            const reason = work.reasons.get(taken.seq);
            const passed = inOrder.slice(0, inOrder.indexOf(taken));
            for (const task of passed.filter((each) => able.has(each))) {
              expect(task.priority).toBe(taken.priority);
              expect(reason?.bypassed).toBeDefined();
            }
            const overtaken = passed.find(({ ticket }) => ticket.taskId === reason?.bypassed);
            expect(overtaken === undefined).toBe(reason?.bypassed === undefined);
            for (const [task, count] of before)
              expect(task.bypasses - count).toBe(task === overtaken ? 1 : 0);
            if (overtaken === undefined) continue;
            expect(overtaken.priority).toBe(taken.priority);
            expect(overtaken.bypasses).toBeLessThanOrEqual(bypassesMax);
            const chosen = reason?.candidates.find(({ worker_id }) => worker_id === reason.choice);
            expect(chosen?.warmth).toBe('loaded');
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('aging', () => {
  const stepMs = 1_000;

  /**
   * One slot, tasks of a second each, and a new one of priority 10 at least each second for ever. When does a task of
   * another priority have its turn, which came at the second `arrival`? `undefined`: not within the time of the test.
   */
  function secondOf(
    plan: { priority: number; agingSteps: number; arrival: number; extra: readonly number[] },
    steps: number,
  ): { started: number | undefined; ahead: number } {
    const { priority, agingSteps, arrival, extra } = plan;
    const work = new Workshop({
      workers: [makeSpec('a')],
      routing: { agingMs: agingSteps * stepMs, bypassesMax: 0 },
    });
    const sinceMs = arrival * stepMs;
    let seq = 1;
    let ahead = 0;
    for (let now = 0; now < steps; now += 1) {
      if (now === arrival) work.add(1, 'small', { priority, sinceMs });
      for (let more = 0; more <= (extra[now] ?? 0); more += 1) {
        seq += 1;
        work.add(seq, 'small', { priority: 10, sinceMs: now * stepMs });
        if (now <= arrival + (10 - priority) * agingSteps) ahead += 1;
      }
      const [handed] = work.turn();
      if (handed === 1) return { started: now, ahead };
      if (handed !== undefined) work.end(handed);
    }
    return { started: undefined, ahead };
  }

  const plan = fc.record({
    priority: fc.integer({ min: 1, max: 9 }),
    agingSteps: fc.integer({ min: 1, max: 12 }),
    arrival: fc.nat(10),
    extra: fc.array(fc.nat(2), { maxLength: 30 }),
  });

  test('lets a task of priority p start when (10 − p) × aging has passed and what was before it is done', () => {
    fc.assert(
      fc.property(plan, (drawn) => {
        const dueStep = drawn.arrival + (10 - drawn.priority) * drawn.agingSteps;
        const { started, ahead } = secondOf(drawn, 500);
        // Nobody who came after that moment is served before it: each of the others took one second.
        expect(started).toBeLessThanOrEqual(ahead + 1);
        // And nobody who came before is passed over.
        expect(started).toBeGreaterThanOrEqual(dueStep);
      }),
    );
  });

  test('is what does it: without it, the stream never ends', () => {
    const drawn = { priority: 9, agingSteps: 0, arrival: 0, extra: [] };
    expect(secondOf(drawn, 500).started).toBeUndefined();
  });

  test('reaches tasks whose model needs the whole memory of a machine that is always at work', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 2, max: 4 }),
        fc.nat(4),
        (priority, agingSteps, slots, bypassesMax) => {
          const work = new Workshop({
            workers: [makeSpec('a', { slots })],
            hosts: [{ host: 'a', slotsMax: null, memoryBytes: 24 * gib }],
            routing: { agingMs: agingSteps * stepMs, bypassesMax },
          });
          const endsAt = new Map<number, number>();
          let seq = 1;
          let started: number | undefined;
          for (let now = 0; started === undefined && now < 200; now += 1) {
            for (const [running, at] of [...endsAt]) {
              if (at > now) continue;
              work.end(running);
              endsAt.delete(running);
            }
            if (now === 5) work.add(1, 'large', { priority, sinceMs: now * stepMs });
            for (let more = 0; more < slots; more += 1) {
              seq += 1;
              work.add(seq, 'small', { priority: 10, sinceMs: now * stepMs });
            }
            for (const handed of work.turn()) {
              // They end one after the other, so that the machine is never empty by itself.
              endsAt.set(handed, now + 1 + (handed % slots));
              if (handed === 1) started = now;
            }
          }
          // In a second some are served; those who came before its moment, those who may pass, and the last at work.
          const dueStep = 5 + (10 - priority) * agingSteps;
          expect(started).toBeLessThanOrEqual((dueStep + 1) * slots + bypassesMax + slots + 1);
        },
      ),
    );
  });
});
