import type { CommittedFact, Fact } from '../../src/machines/facts.ts';
import { assignmentId, type TaskId, workerId } from '../../src/machines/identifiers.ts';
import { noUsage } from '../../src/machines/outcome.ts';
import { invariants } from '../../src/simulation/invariants.ts';
import { Judge } from '../../src/simulation/judge.ts';
import { Ledger } from '../../src/simulation/ledger.ts';
import type { WorldEvent } from '../../src/simulation/world-events.ts';
import { simulatedConfig } from './simulated-config.ts';

/** One thing that happens in a history that is told by hand; facts get their numbers by themselves. */
export type Told = WorldEvent | Fact | { readonly passMs: number };

export const task = (n: number) => `t${n}` as TaskId;
export const local = workerId('local_001');
export const remote = workerId('remote_001');
const promptOf = (n: number) => `t${n}:x`;

export const began = (process = 1): WorldEvent => ({ type: 'process.began', process });

export const accepted = (n: number, changes: { priority?: number; runAtMs?: number } = {}): Fact => ({
  type: 'task.accepted',
  taskId: task(n),
  task: {
    taskId: task(n),
    seq: n,
    prompt: promptOf(n),
    taskType: 'general',
    priority: 9,
    runAtMs: null,
    metadata: { files: [], output_file: null, options: {}, created_by: 'test' },
    ...changes,
  },
});

export const assigned = (n: number, lease: number, worker = local): Fact => ({
  type: 'task.assigned',
  taskId: task(n),
  assignmentId: assignmentId(lease),
  workerId: worker,
  model: 'm',
  lease: 1,
  reason: { rule: 'r', choice: worker, model: 'm', config_version: 1, candidates: [] },
});

export const completed = (n: number, lease: number, output = `answer ${lease} to t${n}`): Fact => ({
  type: 'task.completed',
  taskId: task(n),
  assignmentId: assignmentId(lease),
  workerId: local,
  model: 'm',
  output,
  usage: noUsage,
  elapsedMs: 1,
});

export const retried = (n: number, lease: number, failures: number, delayMs: number): Fact => ({
  type: 'task.retried',
  taskId: task(n),
  assignmentId: assignmentId(lease),
  workerId: local,
  failure: { code: 'backend.error', message: 'it failed' },
  delayMs,
  failures,
  fallbacks: 0,
});

export const runBegan = (n: number, lease: number): WorldEvent => ({
  type: 'run.began',
  process: 1,
  workerId: local,
  taskId: task(n),
  assignmentId: assignmentId(lease),
  prompt: promptOf(n),
  load: 'warm',
});

export const runEnded = (n: number, lease: number, output: string | null): WorldEvent => ({
  type: 'run.ended',
  workerId: local,
  taskId: task(n),
  assignmentId: assignmentId(lease),
  how: 'succeeded',
  output,
});

export const acknowledged = (n: number, key: string | null = null): WorldEvent => ({
  type: 'client.acknowledged',
  taskIds: [task(n)],
  wanted: [{ prompt: promptOf(n), taskType: 'general', priority: 9 }],
  key,
  replayed: false,
});

export const readAs = (n: number, status: string, ending: string | null = null): WorldEvent => ({
  type: 'client.read',
  taskId: task(n),
  task: { taskId: task(n), prompt: promptOf(n), taskType: 'general', priority: 9, status, ending },
});

/** A task that is asked for, done and answered, as it should be. */
export const wellDone = (n: number, lease: number): readonly Told[] => [
  accepted(n),
  assigned(n, lease),
  acknowledged(n),
  runBegan(n, lease),
  runEnded(n, lease, `answer ${lease} to t${n}`),
  completed(n, lease),
];

/** Lets the judge hear a history; answers the names of what was broken, each once. */
export function judged(history: readonly Told[], config = simulatedConfig()): readonly string[] {
  const judge = new Judge(new Ledger(config), invariants);
  let nowMs = 0;
  let seq = 0;
  for (const each of history) {
    if ('passMs' in each) {
      nowMs += each.passMs;
      continue;
    }
    judge.hear(isEvent(each) ? each : factEvent(each, ++seq, nowMs), nowMs);
  }
  return [...new Set(judge.violations.map(({ invariant }) => invariant))];
}

/** A fact with a number of the history's own choice. */
export const numbered = (fact: Fact, seq: number): WorldEvent => factEvent(fact, seq, 0);

export const told = (fact: Fact, seq: number): WorldEvent => ({
  type: 'fact.told',
  process: 1,
  committed: committedOf(fact, seq, 0),
});

function factEvent(fact: Fact, seq: number, nowMs: number): WorldEvent {
  return { type: 'fact', process: 1, committed: committedOf(fact, seq, nowMs) };
}

/** Epoch ms of the beginning of a history that is told by hand. */
export const startMs = 1_000_000_000;

function committedOf(fact: Fact, seq: number, nowMs: number): CommittedFact {
  return { seq, atMs: startMs + nowMs, fact };
}

function isEvent(each: WorldEvent | Fact): each is WorldEvent {
  return !/^(task|worker|endpoint|pool|journal)\./.test(each.type);
}
