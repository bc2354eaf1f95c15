import type { Violation } from './checker.ts';
import { type Fault, type History, isEnding, readAnswer, type Seen, type TaskRow } from './history.ts';

/** How far clocks and rounding may lie apart, in ms. */
const toleranceMs = 50;

/** What was told of endings agrees with itself, with the record, and with what the servers said. */
export function endingViolations({ observations, generations, faults, record }: History): Violation[] {
  const rows = new Map(record.tasks.map((row) => [row.taskId, row]));
  const found: Violation[] = [];
  for (const observation of observations) {
    if (observation.type === 'cancelled') {
      const row = rows.get(observation.taskId);
      if (row !== undefined && row.status !== 'cancelled')
        found.push({
          verdict: 'resurrected',
          what: `${row.op} was cancelled, and is ${row.status}`,
        });
    }
    if (observation.type !== 'seen' || !isEnding(observation.status)) continue;
    const row = rows.get(observation.taskId);
    const violation = row === undefined ? undefined : contradiction(observation, row, faults);
    if (violation !== undefined) found.push(violation);
  }
  const whole = new Set(generations.filter(({ end }) => end === 'complete').map(({ id }) => id));
  for (const row of record.tasks) {
    const wrong = wrongResult(row, whole);
    if (wrong !== undefined) found.push({ verdict: 'wrong result', what: wrong });
  }
  return [...found, ...endedTwice(record), ...failedForNothing(record, faults, generations)];
}

/** Rows that nobody asked about are told by the record; what somebody saw is compared here. */
function contradiction(seen: Seen, row: TaskRow, faults: readonly Fault[]): Violation | undefined {
  const { op, by, status, output, atMs } = seen;
  const isSame = row.status === status && (output === null || row.output === output);
  if (!isSame) {
    const what = `${op} was told as ${status} ${output ?? ''} by ${by}; the record says ${row.status} ${row.output ?? ''}`;
    const wasKilled = faults.some(({ killsServer, endedMs }) => killsServer && endedMs >= atMs);
    if (wasKilled && (row.endedMs === null || row.endedMs > atMs)) return { verdict: 'told too early', what };
    return { verdict: by === 'sync' ? 'sync differs' : 'resurrected', what };
  }
  return row.endedMs !== null && row.endedMs > atMs + toleranceMs
    ? {
        verdict: 'told too early',
        what: `${op} was told as ${status} ${row.endedMs - atMs} ms before it ended`,
      }
    : undefined;
}

function wrongResult({ op, status, output }: TaskRow, whole: ReadonlySet<string>): string | undefined {
  if (status !== 'completed') return undefined;
  const answer = readAnswer(output ?? '');
  if (answer === undefined) return `${op} was completed with ${JSON.stringify(output)}`;
  if (answer.op !== op) return `${op} was completed with the answer to ${answer.op}`;
  return whole.has(answer.generation)
    ? undefined
    : `${op} was completed with ${answer.generation}, which no server has finished`;
}

function endedTwice({ events }: History['record']): Violation[] {
  const ended = new Map<string, string>();
  return events.flatMap(({ taskId, type }): Violation[] => {
    if (taskId === null || !isEnding(type.replace('task.', ''))) return [];
    const former = ended.get(taskId);
    ended.set(taskId, type);
    return former === undefined
      ? []
      : [{ verdict: 'doubled', what: `${taskId} has two endings: ${former} and ${type}` }];
  });
}

/** Failures are excused by a fault during the life of the task, or by attempts that were made to fail. */
function failedForNothing(
  { tasks, events }: History['record'],
  faults: readonly Fault[],
  generations: History['generations'],
): Violation[] {
  const accepted = new Map(
    events.filter(({ type }) => type === 'task.accepted').map(({ taskId, atMs }) => [taskId, atMs]),
  );
  const broken = new Set(generations.filter(({ end }) => end === 'broke').map(({ op }) => op));
  return tasks.flatMap(({ op, taskId, status, errorCode, endedMs }): Violation[] => {
    if (status !== 'failed' || broken.has(op)) return [];
    const [from, to] = [accepted.get(taskId) ?? 0, endedMs ?? 0];
    const isExcused = faults.some(
      ({ beganMs, endedMs: over, reaches }) => reaches !== 'nobody' && beganMs <= to && over >= from,
    );
    return isExcused
      ? []
      : [{ verdict: 'failed for nothing', what: `${op} failed with ${errorCode ?? 'no code'}` }];
  });
}
