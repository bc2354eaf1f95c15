import { describe, expect, test } from 'vitest';
import { orderViolations } from './check-order.ts';
import { type Verdict, verdicts, violationsOf } from './checker.ts';
import { answerOf, type History } from './history.ts';
import {
  acknowledged,
  asked,
  changed,
  events,
  fault,
  generation,
  good,
  observed,
  row,
  seen,
  swapped,
  told,
} from './history-samples.ts';

const failedRow = row('b', 2, { status: 'failed', output: null, errorCode: 'backend.error' });
const failedSeen = good().observations.filter((entry) => entry.type !== 'seen' || entry.op !== 'b');

const bad: readonly (readonly [string, Verdict, History])[] = [
  ['an acknowledged task is not on record', 'lost', changed({ record: { tasks: [row('a', 1)] } })],
  [
    'its id is that of another prompt',
    'lost',
    changed({ record: { tasks: [row('a', 1), { ...row('c', 2), taskId: 'task_b' }] } }),
  ],
  [
    'its priority is another one',
    'lost',
    changed({ record: { tasks: [row('a', 1), row('b', 2, { priority: 9 })] } }),
  ],
  [
    'it was not found when asked for',
    'lost',
    observed(seen('a', 'look', 600, { status: 'missing', output: null })),
  ],
  ['a repeated request got another id', 'doubled', observed(acknowledged('a', 600, 'task_b'))],
  [
    'a request stands on record twice',
    'doubled',
    changed({ record: { tasks: [row('a', 1), row('b', 2), row('a', 3, { taskId: 'task_a2' })] } }),
  ],
  [
    'a task has two endings',
    'doubled',
    changed({
      record: { events: [...events, { seq: 7, taskId: 'task_a', type: 'task.failed', atMs: 900 }] },
    }),
  ],
  [
    'a model was asked twice without a cause',
    'doubled',
    changed({ generations: [...good().generations, generation('a', 'g-a2', 250)] }),
  ],
  [
    'a model was asked again long after a fault that did not meet it',
    'doubled',
    changed({
      generations: [...good().generations, generation('a', 'g-a2', 9_900)],
      faults: [fault(8_000, 9_800)],
    }),
  ],
  [
    'the cause between lay at another worker',
    'doubled',
    changed({
      generations: [...good().generations, generation('a', 'g-a2', 250)],
      faults: [fault(150, 240, { reaches: ['gpu2'], killsServer: false })],
    }),
  ],
  [
    'an ending that was told is another one now',
    'resurrected',
    observed(seen('b', 'look', 800, { output: answerOf('b', 'g-b0') })),
  ],
  [
    'a task that was told as cancelled is completed',
    'resurrected',
    observed({ type: 'cancelled', op: 'b', taskId: 'task_b', atMs: 100 }),
  ],
  [
    'the answer is that to another task',
    'wrong result',
    changed({
      observations: [],
      record: { tasks: [row('a', 1), row('b', 2, { output: answerOf('a', 'g-a') })] },
    }),
  ],
  [
    'the answer is half of one',
    'wrong result',
    changed({ observations: [], record: { tasks: [row('a', 1, { output: 'the answer to' })] } }),
  ],
  [
    'the answer is of a generation that was cut',
    'wrong result',
    changed({ generations: [generation('a', 'g-a', 110, { end: 'left' }), generation('b', 'g-b', 310)] }),
  ],
  [
    'a task failed, and nothing was done to it',
    'failed for nothing',
    changed({ observations: failedSeen, record: { tasks: [row('a', 1), failedRow] } }),
  ],
  [
    'a younger one of the same priority went first',
    'out of order',
    changed({ record: { tasks: [row('a', 2), row('b', 1)], events: swapped() } }),
  ],
  [
    'a task has not ended',
    'stuck',
    changed({
      observations: failedSeen,
      record: { tasks: [row('a', 1), row('b', 2, { status: 'pending', output: null, endedMs: null })] },
    }),
  ],
  [
    'a sync answer is not what the task says',
    'sync differs',
    observed(seen('b', 'sync', 800, { output: answerOf('b', 'g-b0') })),
  ],
  ['an ending was told before it was one', 'told too early', observed(seen('a', 'look', 100))],
  [
    'an ending was told, and a kill has undone it',
    'told too early',
    changed({
      observations: [...good().observations, seen('b', 'sync', 250, { output: answerOf('b', 'g-b0') })],
      faults: [fault(260, 280)],
    }),
  ],
  ['an event was told that is not on record', 'told too early', observed(told(7, 'task.failed'))],
  [
    'an event was left out',
    'told with a gap',
    changed({
      observations: good().observations.filter((entry) => entry.type !== 'told' || entry.seq !== 4),
    }),
  ],
  ['an event was told twice', 'told with a gap', observed(told(6))],
  ['a door broke', 'bad refusal', observed({ type: 'refused', op: 'a', status: 500, text: 'oh', atMs: 50 })],
  ['the database is damaged', 'damaged', changed({ record: { damage: ['integrity_check: page 3'] } })],
];

describe('the checker', () => {
  test('passes a history in which all promises were kept', () => {
    expect(violationsOf(good())).toEqual([]);
  });

  test.each(bad)('finds out that %s', (_what, verdict, history) => {
    expect(violationsOf(history).map((violation) => violation.verdict)).toContain(verdict);
  });

  test('has a history that breaks it for each verdict', () => {
    expect(new Set(bad.map(([, verdict]) => verdict))).toEqual(new Set(Object.keys(verdicts)));
  });
});

const again = [...good().generations, generation('a', 'g-a2', 250)];
const excused: readonly (readonly [string, History])[] = [
  [
    'a model was asked again after a kill between',
    changed({ generations: again, faults: [fault(150, 240)] }),
  ],
  [
    'a model was asked again after its worker was killed',
    changed({ generations: again, faults: [fault(150, 240, { reaches: ['gpu1'], killsServer: false })] }),
  ],
  [
    'a model was asked again since it had failed',
    changed({ generations: [generation('a', 'g-a0', 50, { end: 'broke' }), ...good().generations] }),
  ],
  [
    'a task failed during a fault',
    changed({
      observations: failedSeen,
      faults: [fault(150, 240)],
      record: { tasks: [row('a', 1), failedRow] },
    }),
  ],
  [
    'a request got no answer, and its task is not there',
    observed(asked('c', 5, 40), { type: 'unanswered', op: 'c', atMs: 50 }),
  ],
  [
    'a request was refused since the server was busy',
    observed(asked('c', 5, 40), { type: 'refused', op: 'c', status: 503, text: '', atMs: 50 }),
  ],
  ['the same key got the same id twice', observed(acknowledged('a', 600))],
  ['a watcher joined late', observed(told(5, undefined, 'late'), told(6, undefined, 'late'))],
];

test.each(excused)('it is no violation that %s', (_what, history) => {
  expect(violationsOf(history)).toEqual([]);
});

describe('the order', () => {
  test('is judged where a task was assigned while another waited', () => {
    expect(orderViolations(good())).toEqual({ violations: [], judged: 1 });
  });

  test('lets a higher priority pass an older task', () => {
    const tasks = [row('a', 2, { priority: 9 }), row('b', 1)];
    const observations = [asked('a', 9, 0), asked('b', 5, 20)];
    expect(
      orderViolations(changed({ observations, record: { tasks, events: swapped() } })).violations,
    ).toEqual([]);
  });

  test('of what came in the same moment is not judged', () => {
    const soon = swapped().map((event) => (event.type === 'task.assigned' ? { ...event, atMs: 60 } : event));
    const record = { tasks: [row('a', 2), row('b', 1)], events: soon };
    expect(orderViolations(changed({ record })).violations).toEqual([]);
  });

  test('is not asked of tasks that not every worker takes', () => {
    const observations = good().observations.map((entry) =>
      entry.type === 'asked' ? { ...entry, isPlain: false } : entry,
    );
    const record = { tasks: [row('a', 2), row('b', 1)], events: swapped() };
    expect(orderViolations(changed({ observations, record }))).toEqual({ violations: [], judged: 0 });
  });
});
