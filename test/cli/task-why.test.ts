import { expect, test } from 'vitest';
import { type Messages, messagesFor } from '../../src/cli/messages.ts';
import { english } from '../../src/cli/messages-en.ts';
import { showWhy } from '../../src/cli/task-why.ts';
import type { Candidate, DispatchReason } from '../../src/machines/placement.ts';
import type { AttemptView } from '../../src/runtime/operation.ts';
import { recordedTerminal } from './recorded-terminal.ts';

const task = {
  task_id: 'task_1',
  status: 'completed',
  state: 'completed',
  type: 'general',
  priority: 8,
} as const;

const candidates: readonly Candidate[] = [
  { worker_id: 'gpu1', load: 0.5, warmth: 'loaded' },
  { worker_id: 'gpu2', load: 1, refusal: 'full' },
  { worker_id: 'cpu', load: 0, refusal: 'not preferred' },
];
const reason: DispatchReason = {
  rule: 'urgent first',
  choice: 'gpu1',
  model: 'tiny:latest',
  config_version: 3,
  candidates,
};

function attempt(changes: Partial<AttemptView> = {}): AttemptView {
  return {
    assignment_id: 7,
    attempt: 1,
    worker_id: 'gpu1',
    model: 'tiny:latest',
    status: 'completed',
    assigned_at: '2026-11-22T10:00:00.000Z',
    ended_at: '2026-11-22T10:00:04.200Z',
    duration_ms: 4_200,
    reason: { ...reason },
    outcome: { outputTokens: 120 },
    ...changes,
  };
}

function told(attempts: readonly AttemptView[], messages: Messages = english) {
  const terminal = recordedTerminal(200);
  showWhy({ env: {}, cwd: '/', terminal, messages }, task, attempts);
  return { out: terminal.out.join(''), err: terminal.err.join('\n') };
}

test('an attempt is told with its rule, its ending, and every candidate in words', () => {
  const { out } = told([attempt()]);
  expect(out).toContain('Attempt 1: gpu1, model tiny:latest\n');
  expect(out).toMatch(/^RESULT +completed after 4\.2 s; 120 tokens written$/m);
  expect(out).toMatch(/^RULE +urgent first \(configuration 3\)$/m);
  expect(out).toMatch(/^gpu1 +50 % +in memory +chosen$/m);
  expect(out).toMatch(/^gpu2 +100 % +- +all its slots were busy$/m);
  expect(out).toMatch(/^cpu +0 % +- +the rule does not name it$/m);
  expect(out).not.toContain('EXPECTED');
});

test('each attempt is told, with why it failed', () => {
  const failure = { code: 'backend.busy', message: 'too much at once' };
  const { out } = told([attempt({ status: 'retried', outcome: failure }), attempt({ attempt: 2 })]);
  expect(out).toContain('too much at once (backend.busy)');
  expect(out).toContain('Attempt 2: gpu1');
});

test('expected durations are shown where they decided, and who was overtaken', () => {
  const timed = candidates.map((candidate, index) => ({ ...candidate, expected_ms: 1_000 * (index + 1) }));
  const { out } = told([attempt({ reason: { ...reason, candidates: timed, bypassed: 'task_0' } })]);
  expect(out).toMatch(/^WORKER +LOAD +EXPECTED/m);
  expect(out).toMatch(/^gpu2 +100 % +2\.0 s/m);
  expect(out).toContain('the turn of task_0');
});

test('one that still runs has no ending', () => {
  const { out } = told([attempt({ status: 'active', ended_at: null, duration_ms: null, outcome: null })]);
  expect(out).toMatch(/^RESULT +still running$/m);
});

test('what another version has stored is shown as far as it is understood', () => {
  const foreign = { candidates: [{ worker_id: 'gpu1', refusal: 'on holiday', warmth: 'toString' }] };
  const { out } = told([attempt({ status: 'lost', reason: foreign, outcome: { code: 1 } })]);
  expect(out).toMatch(/^RESULT +lost after 4\.2 s$/m);
  expect(out).toMatch(/^gpu1 +- +toString +on holiday$/m);
  expect(told([attempt({ reason: { rule: 5 }, model: null })]).out).toContain('Attempt 1: gpu1, model -');
});

test('what a rule or a server says cannot steer the terminal', () => {
  const evil = '\u001b[2Jx';
  const { out } = told([
    attempt({
      worker_id: evil,
      model: evil,
      reason: { ...reason, rule: evil },
      outcome: { code: 'backend.error', message: evil },
    }),
  ]);
  expect(out).not.toContain('\u001b');
});

test('where there is no attempt yet, it says what to look at', () => {
  const { out, err } = told([]);
  expect(out).not.toContain('Attempt');
  expect(err).toContain('koubou workers');
});

test('Japanese operators are told in Japanese', () => {
  const { out } = told([attempt()], messagesFor({ LANG: 'ja_JP.UTF-8' }));
  expect(out).toContain('試行 1: gpu1、モデル tiny:latest');
  expect(out).toMatch(/^gpu2 +100 % +- +枠がすべて使用中だった$/m);
});
