import { expect, test } from 'vitest';
import { logFacts } from '../../../src/fact-log.ts';
import { entryOfEvent } from '../../../src/http/logs/fact-entry.ts';
import type { Fact } from '../../../src/machines/facts.ts';
import { assignmentId, workerId } from '../../../src/machines/identifiers.ts';
import { eventOfFact } from '../../../src/runtime/history.ts';
import { taskIdOf } from '../../support/pool-samples.ts';
import { alive, cancelledWaiting, leaseFacts, local, makeTask } from '../../support/store-samples.ts';

const lease = leaseFacts(1, 1);
const changed = { type: 'worker.changed', workerId: local, from: 'alive' } as const;
const readmitted = { type: 'worker.readmitted', workerId: local, from: 'active' } as const;
const endpoint = { type: 'endpoint.changed', endpoint: 'x', failures: {}, detail: 'it refuses' } as const;

const signalled = { type: 'actor.signalled', fields: {}, by: 'laptop', wakes: null } as const;

/** One of each, and one for each choice within. */
const facts: readonly Fact[] = [
  { type: 'task.accepted', taskId: taskIdOf(1), task: makeTask(1) },
  ...Object.values(lease),
  cancelledWaiting(1),
  { ...lease.failed, assignmentId: null, workerId: null },
  alive(),
  { ...changed, to: 'suspect', detail: 'no answer' },
  { ...changed, to: 'lost', detail: '' },
  { ...readmitted, to: 'quarantined', detail: 'it crashed' },
  { ...readmitted, to: 'drained', detail: '' },
  { type: 'worker.enrolled', workerId: local, detail: 'by reload' },
  { type: 'worker.retired', workerId: workerId('gone'), detail: '' },
  { type: 'worker.rated', workerId: local, from: 1, to: 2 },
  {
    type: 'worker.reported_late',
    workerId: local,
    taskId: taskIdOf(1),
    assignmentId: assignmentId(1),
    outcome: 'succeeded',
  },
  { ...endpoint, from: 'closed', to: 'open' },
  { ...endpoint, from: 'open', to: 'halfOpen' },
  { type: 'pool.started', recovered: 0, waiting: 0 },
  { type: 'pool.paused' },
  { type: 'pool.resumed' },
  { type: 'pool.draining', leases: 0 },
  { type: 'pool.stopped' },
  { type: 'pool.reconfigured', version: 2, changes: [] },
  { type: 'journal.resumed', stalledMs: 5 },
  { ...signalled, actor: 'worker:local_001', machine: 'worker', event: 'worker.drain' },
  { ...signalled, actor: 'pool', machine: 'pool', event: 'pool.pause' },
];

interface Written {
  readonly worker: string;
  readonly type: string;
  readonly message: string;
}

/** The line that the logs hold for a fact: that of its worker, or else that of the pool. */
function written(fact: Fact): Written | undefined {
  const lines: Written[] = [];
  const types = { info: 'info', warn: 'warning', error: 'error' } as const;
  const log = (worker: string | null) => {
    const write = (level: keyof typeof types) => (details: object, message: string) => {
      const said = details as { readonly type?: string; readonly worker_id?: string | null };
      const line = { type: said.type ?? types[level], message };
      lines.push({ worker: worker ?? said.worker_id ?? 'system', ...line });
    };
    return { info: write('info'), warn: write('warn'), error: write('error') };
  };
  logFacts({ pool: log(null), worker: (id) => log(id) })({ seq: 1, atMs: 0, fact });
  return lines.at(-1);
}

test.each(facts)('$type reads the same in the stream as in the logs ($to)', (fact) => {
  const { worker, type, message } = entryOfEvent(eventOfFact({ seq: 1, atMs: 0, fact }));
  expect({ worker, type, message }).toEqual(written(fact));
});

test('a fact of a later program is told by its name', () => {
  const event = { seq: 1, type: 'moon.rose', task_id: null, at: '', from: null, to: null, data: {} };
  expect(entryOfEvent(event)).toMatchObject({ worker: 'system', type: 'info', message: 'moon.rose' });
});
