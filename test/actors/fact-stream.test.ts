import { describe, expect, test } from 'vitest';
import { FactStream, taskOf } from '../../src/actors/fact-stream.ts';
import type { CommittedFact, Fact } from '../../src/machines/facts.ts';
import { taskIdOf } from '../support/pool-samples.ts';
import { alive, leaseFacts, local } from '../support/store-samples.ts';

function setupStream() {
  const faults: unknown[] = [];
  const stream = new FactStream((error) => void faults.push(error));
  const heard: string[] = [];
  const listen = (name: string) => (committed: CommittedFact) => void heard.push(`${name} ${committed.seq}`);
  let seq = 0;
  const publish = (...facts: readonly Fact[]) =>
    stream.publish(facts.map((fact) => ({ seq: ++seq, atMs: 0, fact })));
  return { stream, faults, heard, listen, publish };
}

const one = leaseFacts(1, 1);
const two = leaseFacts(2, 2);

describe('the one stream', () => {
  test('tells everybody everything, in order', () => {
    const { stream, heard, listen, publish } = setupStream();
    stream.subscribe(listen('a'));
    stream.subscribe(listen('b'));
    publish(one.assigned, alive());
    publish(two.assigned);
    expect(heard).toEqual(['a 1', 'b 1', 'a 2', 'b 2', 'a 3', 'b 3']);
  });

  test('tells a follower of one task its facts alone', () => {
    const { stream, heard, listen, publish } = setupStream();
    stream.subscribeTask(taskIdOf(1), listen('a'));
    publish(one.assigned, two.assigned, alive(), one.completed);
    expect(heard).toEqual(['a 1', 'a 4']);
  });

  test('goes on when a listener throws, and reports it', () => {
    const { stream, faults, heard, listen, publish } = setupStream();
    stream.subscribe(() => {
      throw new Error('a bug');
    });
    stream.subscribeTask(taskIdOf(1), () => {
      throw new Error('another');
    });
    stream.subscribe(listen('a'));
    publish(one.assigned, one.completed);
    expect(heard).toEqual(['a 1', 'a 2']);
    expect(faults).toHaveLength(4);
  });

  test('tells nobody who has left, also when he leaves while he is told', () => {
    const { stream, heard, listen, publish } = setupStream();
    const end = stream.subscribe(listen('a'));
    const endTask = stream.subscribeTask(taskIdOf(1), () => {
      heard.push('b');
      endTask();
    });
    stream.subscribeTask(taskIdOf(1), listen('c'));
    publish(one.assigned);
    end();
    publish(one.completed);
    expect(heard).toEqual(['a 1', 'b', 'c 1', 'c 2']);
  });

  test('tells who comes while a fact is told only of those after it', () => {
    const { stream, heard, listen, publish } = setupStream();
    const once = [listen('new')];
    stream.subscribeTask(taskIdOf(1), () => {
      for (const listener of once.splice(0)) stream.subscribeTask(taskIdOf(1), listener);
    });
    publish(one.assigned, one.completed);
    expect(heard).toEqual(['new 2']);
  });

  test('counts those who follow a task, and forgets the ones that left', () => {
    const { stream, listen } = setupStream();
    const ends = [1, 1, 2].map((seq) => stream.subscribeTask(taskIdOf(seq), listen('x')));
    stream.subscribe(listen('y'));
    expect(stream.followers).toBe(3);
    for (const end of ends) end();
    for (const end of ends) end();
    expect(stream.followers).toBe(0);
  });
});

test('a fact belongs to its task, but for a late report, which is its worker’s', () => {
  expect(taskOf(one.retried)).toBe(taskIdOf(1));
  expect(taskOf(alive())).toBeUndefined();
  expect(taskOf({ type: 'pool.paused' })).toBeUndefined();
  const { taskId, assignmentId } = one.assigned;
  const late = {
    type: 'worker.reported_late',
    workerId: local,
    taskId,
    assignmentId,
    outcome: 'succeeded',
  } as const;
  expect(taskOf(late)).toBeUndefined();
});
