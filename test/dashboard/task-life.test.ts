import { expect, test } from 'vitest';
import { followCommand, unlived, withFact, withText } from '../../src/http/dashboard/task-life.ts';
import { taskEvent } from './live-event-samples.ts';

const assigned = (seq: number) => taskEvent(seq, 'task.assigned', 't', { status: 'in_progress' });
const piece = (text: string, offset: number, assignment_id = 7, seq = 12) => ({
  text,
  offset,
  assignment_id,
  seq,
});

test('text goes on behind the last that came, and what comes again is written once', () => {
  let life = withFact(unlived, assigned(12));
  life = withText(life, piece('Hello ', 0));
  life = withText(life, piece('world', 6));
  expect(followCommand('t', life)).toMatchObject({ since: 12, offset: 11 });
  life = withText(life, piece('lo world', 3));
  expect(life.text).toBe('Hello world');
});

test('another attempt writes from the beginning, and is followed from there', () => {
  let life = withText(withFact(unlived, assigned(12)), piece('half', 0));
  life = withFact(life, taskEvent(20, 'task.retried', 't'));
  expect(followCommand('t', life)).toMatchObject({ since: 20, offset: 0 });
  life = withFact(life, assigned(21));
  life = withText(life, piece('all', 0, 8, 21));
  expect([life.text, life.facts.map(({ seq }) => seq)]).toEqual(['all', [12, 20, 21]]);
});

test('what is told again after a cut, or of its priority, leaves the text alone', () => {
  let life = withText(withFact(unlived, assigned(12)), piece('half', 0));
  life = withFact(life, assigned(12));
  life = withFact(life, taskEvent(13, 'task.reprioritized', 't', { priority: 9 }));
  expect([life.text, life.facts.length]).toEqual(['half', 2]);
  expect(followCommand('t', life)).toMatchObject({ since: 13, offset: 4 });
});
