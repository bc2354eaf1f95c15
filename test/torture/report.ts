import { orderViolations } from './check-order.ts';
import type { Violation } from './checker.ts';
import { doors, type Fault, type History } from './history.ts';

/** A share of values lies at or below its percentile; null of no values. */
function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? null;
}

interface Latencies {
  readonly name: string;
  readonly valuesMs: readonly number[];
}

/** For people: what was asked, how long it took, what was done to it, and the verdict. */
export function reportOf(history: History, violations: readonly Violation[]): string {
  const { observations, generations, record, faults } = history;
  const count = (type: string) => observations.filter((entry) => entry.type === type).length;
  const states = ['completed', 'failed', 'cancelled'].map(
    (status) => `${record.tasks.filter((row) => row.status === status).length} ${status}`,
  );
  const lines = [
    `Tasks: ${record.tasks.length} on record (${states.join(', ')}), ${record.events.length} events`,
    `Clients: asked ${count('asked')}, acknowledged ${count('acknowledged')}, refused ${count('refused')}, unanswered ${count('unanswered')}, seen ${count('seen')}, told ${count('told')}`,
    `Models: ${generations.length} generations, ${generations.filter(({ end }) => end === 'complete').length} complete`,
    `Order: judged at ${orderViolations(history).judged} assignments`,
    '',
    'ms                          count      p50      p95      p99      max',
    ...latenciesOf(history).map(latencyLine),
    '',
    'Faults that fired:',
    ...firedLines(faults),
    '',
    ...violations.slice(0, 50).map(({ verdict, what }) => `VIOLATION  ${verdict}: ${what}`),
  ];
  if (violations.length > 50) lines.push(`… and ${violations.length - 50} more`);
  return lines.join('\n');
}

/** So long after a fault clients still feel it: what has piled up is answered first. */
const recoveryMs = 500;

/** Requests that lay wholly between two faults tell how fast it is; the others how long a fault is felt. */
function latenciesOf({ observations, record, faults }: History): Latencies[] {
  const doorOf = new Map(
    observations.filter((entry) => entry.type === 'asked').map((entry) => [entry.op, entry] as const),
  );
  const isCalm = (fromMs: number, toMs: number) =>
    !faults.some(({ beganMs, endedMs }) => beganMs <= toMs && endedMs + recoveryMs >= fromMs);
  const acknowledged = observations.filter((entry) => entry.type === 'acknowledged');
  const waited = observations.flatMap((entry) =>
    entry.type === 'seen' && entry.by === 'sync' ? [entry] : [],
  );
  const waitedOps = new Set(waited.map(({ op }) => op));
  const byDoor = doors.map((door) => ({
    name: `acknowledged, ${door}`,
    valuesMs: acknowledged
      .filter(({ op }) => doorOf.get(op)?.door === door && !waitedOps.has(op))
      .map(({ atMs, sentMs }) => atMs - sentMs),
  }));
  const calm = acknowledged.filter(({ op, sentMs, atMs }) => !waitedOps.has(op) && isCalm(sentMs, atMs));
  const accepted = new Map(
    record.events.filter(({ type }) => type === 'task.accepted').map(({ taskId, atMs }) => [taskId, atMs]),
  );
  const lives = record.tasks.map(({ taskId, endedMs }) => (endedMs ?? 0) - (accepted.get(taskId) ?? 0));
  const asked = acknowledged.map(({ op, atMs }) => atMs - (doorOf.get(op)?.atMs ?? atMs));
  return [
    ...byDoor,
    { name: 'acknowledged, in calm', valuesMs: calm.map(({ atMs, sentMs }) => atMs - sentMs) },
    { name: 'acknowledged, all tries', valuesMs: asked },
    { name: 'sync answers', valuesMs: waited.map(({ atMs, sentMs }) => atMs - sentMs) },
    { name: 'from accepted to ended', valuesMs: lives },
  ].filter(({ valuesMs }) => valuesMs.length > 0);
}

function latencyLine({ name, valuesMs }: Latencies): string {
  const figures = [0.5, 0.95, 0.99, 1].map((share) => String(percentile(valuesMs, share) ?? '–').padStart(9));
  return `${name.padEnd(24)} ${String(valuesMs.length).padStart(8)}${figures.join('')}`;
}

function firedLines(faults: readonly Fault[]): string[] {
  return [...new Set(faults.map(({ kind }) => kind))].map((kind) => {
    const all = faults.filter((fault) => fault.kind === kind);
    const fired = all.filter(({ evidence }) => evidence !== null).length;
    return `  ${kind.padEnd(18)} ${fired} of ${all.length}`;
  });
}
