import { expect, test } from 'vitest';
import { createActor } from 'xstate';
import { loadConfig } from '../../../src/config.ts';
import type { Store } from '../../../src/db/store.ts';
import { limits } from '../../../src/machines/limits.ts';
import type { TaskContext } from '../../../src/machines/task-events.ts';
import { taskMachine } from '../../../src/machines/task-machine.ts';
import { CurrentConfig } from '../../../src/runtime/current-config.ts';
import { ticketOfRow } from '../../../src/runtime/delegation.ts';
import { recoverLeases } from '../../../src/runtime/recovery.ts';
import { ChartCoverage } from '../../support/path-coverage.ts';
import { type ReplayOptions, replayAll, type Stage } from '../../support/path-replay.ts';
import { openRows, RowWitness, rowExpected } from '../../support/path-rows.ts';
import { edgePaths, type Path, simplePaths } from '../../support/path-walk.ts';
import { atMs, entry } from '../../support/store-samples.ts';
import { anyTaskWalk, leasesBefore, postponedMs, taskInput, taskLifeWalk } from '../../support/task-walks.ts';

const config = new CurrentConfig(
  loadConfig({ cwd: '/nowhere', env: { KOUBOU_CONFIG: `${process.cwd()}/config` } }),
);

/** Another process begins from the rows: they bring the task to where the docs promise. */
async function expectRecovery(store: Store, rows: RowWitness, { actor, clock, armed }: Stage): Promise<void> {
  const { status, value, context } = actor.getSnapshot();
  const { leases, failures, fallbacks } = context as TaskContext;
  const dueMs = armed()[0]?.dueMs;
  await clock.advance(3);
  const { held } = store.recovery();
  const isHeld = typeof value === 'object';
  expect(held.map(({ taskId }) => taskId)).toEqual(isHeld ? [rows.taskId] : []);
  const { refused } = await store.commit(recoverLeases(held).map((fact) => entry(fact, clock.now())));
  expect(refused).toEqual([]);
  expect(rows.activeLeases).toEqual([]);
  const { row } = rows;
  if (status === 'done') {
    expect(row.status).toBe(value);
    return;
  }
  if (isHeld && leases === limits.leasesPerTaskMax) {
    expect(row).toMatchObject({ status: 'failed', leases, failures });
    expect(JSON.parse(row.result ?? '')).toMatchObject({ error_code: 'leases.exhausted' });
    return;
  }
  // That a process ended costs no retry, and no wait begins anew.
  const { delayMs, ...ticket } = ticketOfRow(row, config, clock.now());
  expect(ticket).toMatchObject({ taskId: rows.taskId, leases, failures, fallbacks });
  const isWaiting = value === 'scheduled' || value === 'backingOff';
  expect(delayMs).toBe(isWaiting ? (dueMs ?? 0) - clock.monotonic() : 0);
  const heir = createActor(taskMachine, {
    clock,
    input: {
      ...taskInput,
      ...ticket,
      retryPolicy: { ...taskInput.retryPolicy, retriesMax: ticket.retriesMax },
    },
  }).start();
  if (delayMs > 0) heir.send({ type: 'task.postpone', delayMs });
  expect(heir.getSnapshot().value).toBe(isWaiting ? 'scheduled' : 'queued');
  await clock.advance(delayMs);
  expect(heir.getSnapshot().value).toBe('queued');
  heir.stop();
}

/** What is written down of a task on its way, and compared with it. */
function witnessed(rows: RowWitness, path: Path, isEachStepNew: boolean): Partial<ReplayOptions> {
  let isAccepted = false;
  let priority = 5;
  let failures = 0;
  return {
    input: { ...taskInput, taskId: rows.taskId },
    onStage: (stage) => rows.listen(stage),
    perform: async ({ actor, clock }, event) => {
      const delayMs = event.type === 'task.postpone' ? postponedMs : 0;
      if (!isAccepted) await rows.accept(leasesBefore, delayMs, clock.now());
      isAccepted = true;
      const { status, context } = actor.getSnapshot();
      if (event.type === 'task.reprioritize' && status === 'active') priority = 8;
      const { leases } = context as TaskContext;
      actor.send(event.type === 'task.assign' ? { ...event, assignmentId: rows.token(leases + 1) } : event);
    },
    onStep: async (stage, step) => {
      expect(await rows.commit(stage.clock.now())).toEqual([]);
      // A lease that ends without a verdict is no failure; one that goes to another model is.
      const { kind } = (step.event['outcome'] ?? {}) as { kind?: string };
      if (rows.lastSaid === 'task.retried' && (kind === 'retry' || kind === 'failed')) failures += 1;
      if (!isEachStepNew && step !== path.at(-1)) return;
      const { row, activeLeases } = rows;
      const snapshot = stage.actor.getSnapshot();
      expect(row, path.map(({ event }) => event.type).join()).toMatchObject({
        ...rowExpected(snapshot, stage),
        priority,
        failures,
      });
      expect(row.endedAt === null).toBe(snapshot.status === 'active');
      expect(activeLeases).toEqual(row.status === 'in_progress' ? [row.assignmentId] : []);
    },
  };
}

test('a task is where each path was foreseen to lead, as are its row and who begins from it', async () => {
  const coverage = new ChartCoverage(taskMachine);
  const machine = coverage.watch(taskMachine.provide({}));
  const store = openRows(atMs);
  const edges = edgePaths(anyTaskWalk);
  const simple = simplePaths(taskLifeWalk);
  expect([edges.length > 600, simple.length > 400]).toEqual([true, true]);
  let seq = 0;
  const nextRows = () => {
    seq += 1;
    return new RowWitness(store, seq);
  };
  // What leads to the last step of one of these is itself one of them.
  await replayAll(anyTaskWalk, edges, (path) => {
    const rows = nextRows();
    const onEnd = (stage: Stage) => expectRecovery(store, rows, stage);
    return { coverage, machine, ...witnessed(rows, path, false), onEnd };
  });
  await replayAll(taskLifeWalk, simple, (path) => ({
    coverage,
    machine,
    ...witnessed(nextRows(), path, true),
  }));
  expect(coverage.missing()).toEqual([]);
  expect(coverage.summary()).toBe(
    '10/10 states, 19/19 transitions, 1/1 guards, 4/4 places of guards, 1/1 delays',
  );
});
