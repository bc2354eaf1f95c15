import { describe, expect, test } from 'vitest';
import { type TextPiece, TextRelay } from '../../src/actors/text-relay.ts';
import { assignmentId } from '../../src/machines/identifiers.ts';
import { limits } from '../../src/machines/limits.ts';
import { taskIdOf } from '../support/pool-samples.ts';

const task = taskIdOf(1);
const first = assignmentId(1);
const second = assignmentId(2);

function setupRelay() {
  const relay = new TextRelay();
  relay.open(task, first);
  const pieces: TextPiece[] = [];
  const follow = (offset = 0) => relay.follow(task, offset, (piece) => void pieces.push(piece));
  return { relay, pieces, follow };
}

describe('text on its way', () => {
  test('comes piece by piece, with its place', () => {
    const { relay, pieces, follow } = setupRelay();
    follow();
    relay.append(task, first, 'Once ');
    relay.append(task, first, 'upon');
    expect(pieces).toEqual([
      { assignmentId: 1, offset: 0, text: 'Once ' },
      { assignmentId: 1, offset: 5, text: 'upon' },
    ]);
  });

  test('is told to who comes late, from the place where he left off', () => {
    const { relay, pieces, follow } = setupRelay();
    relay.append(task, first, 'Once upon a time');
    follow(5);
    follow(16);
    relay.append(task, first, '.');
    expect(pieces).toEqual([
      { assignmentId: 1, offset: 5, text: 'upon a time' },
      { assignmentId: 1, offset: 16, text: '.' },
      { assignmentId: 1, offset: 16, text: '.' },
    ]);
  });

  test('under a lease that has ended is dropped', () => {
    const { relay, pieces, follow } = setupRelay();
    follow();
    relay.open(task, second);
    relay.append(task, first, 'late');
    relay.append(task, second, 'again');
    expect(pieces).toEqual([{ assignmentId: 2, offset: 0, text: 'again' }]);
  });

  test('of another task is not told', () => {
    const { relay, pieces, follow } = setupRelay();
    follow();
    relay.open(taskIdOf(2), second);
    relay.append(taskIdOf(2), second, 'other');
    relay.append(taskIdOf(3), second, 'unknown');
    expect(pieces).toEqual([]);
  });

  test('is not told after the subscription or the lease has ended', () => {
    const { relay, pieces, follow } = setupRelay();
    const end = follow();
    end();
    relay.append(task, first, 'x');
    follow(1);
    relay.close(task);
    relay.append(task, first, 'y');
    expect(pieces).toEqual([]);
    end();
  });

  test('can be asked for while nothing runs', () => {
    const { relay, pieces } = setupRelay();
    const end = relay.follow(taskIdOf(9), 0, (piece) => void pieces.push(piece));
    end();
    expect(pieces).toEqual([]);
  });

  test('keeps the end of a long answer within its limit, and its places stay right', () => {
    const { relay, pieces, follow } = setupRelay();
    const chunk = 'x'.repeat(1_000);
    const chunks = Math.ceil((3 * limits.tokensKeptCharsMax) / chunk.length);
    for (let at = 0; at < chunks; at += 1) relay.append(task, first, chunk);
    relay.append(task, first, 'END');
    follow();
    const kept = pieces[0];
    expect(kept?.text.endsWith('END')).toBe(true);
    expect((kept?.offset ?? 0) + (kept?.text.length ?? 0)).toBe(chunks * chunk.length + 3);
    expect(kept?.text.length).toBeGreaterThanOrEqual(limits.tokensKeptCharsMax);
    expect(kept?.text.length).toBeLessThanOrEqual(2 * limits.tokensKeptCharsMax);
  });
});
