import type { Violation } from './checker.ts';
import { type History, isEnding, type Observation } from './history.ts';

/** What was acknowledged exists once, and ends; what was refused was refused as a server does that is well. */
export function promiseViolations({ observations, record, faults }: History): Violation[] {
  const rows = new Map(record.tasks.map((row) => [row.taskId, row]));
  const found: Violation[] = [];
  const idOf = new Map<string, string>();
  const missing = new Set<string>();
  for (const seen of observations) {
    if (seen.type !== 'acknowledged') continue;
    const former = idOf.get(seen.op);
    if (former !== undefined && former !== seen.taskId)
      found.push({ verdict: 'doubled', what: `${seen.op} was acknowledged as ${former} and ${seen.taskId}` });
    idOf.set(seen.op, seen.taskId);
    const row = rows.get(seen.taskId);
    if (row === undefined) missing.add(`${seen.op} (${seen.taskId}) was acknowledged, and is not on record`);
    else if (row.op !== seen.op)
      missing.add(`${seen.taskId} was acknowledged for ${seen.op}, and asks for ${row.op}`);
  }
  for (const what of missing) found.push({ verdict: 'lost', what });
  const wanted = new Map(observations.filter(isAsked).map(({ op, priority }) => [op, priority]));
  for (const { op, taskId, priority, status } of record.tasks) {
    if (wanted.has(op) && wanted.get(op) !== priority)
      found.push({
        verdict: 'lost',
        what: `${op} asked for priority ${wanted.get(op)}, and has ${priority}`,
      });
    if (!isEnding(status))
      found.push({ verdict: 'stuck', what: `${op} (${taskId}) is ${status} at the end` });
  }
  for (const [op, ids] of grouped(record.tasks.map(({ op, taskId }) => [op, taskId]))) {
    if (ids.length > 1)
      found.push({ verdict: 'doubled', what: `${op} stands on record as ${ids.join(', ')}` });
  }
  return [...found, ...missingLooks(observations), ...badRefusals(observations, faults)];
}

function isAsked(observation: Observation): observation is Extract<Observation, { type: 'asked' }> {
  return observation.type === 'asked';
}

function missingLooks(observations: readonly Observation[]): Violation[] {
  return observations.flatMap((seen): Violation[] =>
    seen.type === 'seen' && seen.status === 'missing'
      ? [{ verdict: 'lost', what: `${seen.op} (${seen.taskId}) was not found when asked for` }]
      : [],
  );
}

/** What a door may answer at any time: busy, not there, out of time; and of a task, that it failed or was cancelled. */
const goodRefusals: ReadonlySet<number> = new Set([409, 429, 502, 503, 504]);

function badRefusals(observations: readonly Observation[], faults: History['faults']): Violation[] {
  const isFull = (atMs: number) =>
    faults.some(({ kind, beganMs, endedMs }) => kind === 'full disk' && beganMs <= atMs && atMs <= endedMs);
  return observations.flatMap((refusal): Violation[] => {
    if (refusal.type !== 'refused' || goodRefusals.has(refusal.status)) return [];
    const when = isFull(refusal.atMs) ? ' while the disk was full' : '';
    return [
      {
        verdict: 'bad refusal',
        what: `${refusal.op} was answered ${refusal.status}${when}: ${refusal.text}`,
      },
    ];
  });
}

/** Values by their key, in their order. */
export function grouped<T>(entries: Iterable<readonly [string, T]>): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const [key, value] of entries) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
