import type { LiveEvent } from './live-event.ts';

/** What came of a task so far, and where to go on after a cut. */
export interface TaskLife {
  /** Its facts, the first first; each once. */
  readonly facts: readonly LiveEvent[];
  /** What the attempt that runs, or ran last, has written. */
  readonly text: string;
  readonly assignmentId: number | null;
  /** The last fact or text that came. */
  readonly since: number;
}

export interface TextPiece {
  readonly text: string;
  readonly offset: number;
  readonly assignment_id: number;
  readonly seq: number;
}

export const unlived: TaskLife = { facts: [], text: '', assignmentId: null, since: 0 };

/** A fact more; one that is known changes nothing. */
export function withFact(life: TaskLife, fact: LiveEvent): TaskLife {
  if (life.facts.some(({ seq }) => seq === fact.seq)) return life;
  const facts = [...life.facts, fact].sort((a, b) => a.seq - b.seq);
  const since = Math.max(life.since, fact.seq);
  // Another attempt writes from the beginning.
  const isAnew =
    fact.seq > life.since && ['task.assigned', 'task.retried'].includes(fact.details.event ?? '');
  return isAnew ? { facts, since, text: '', assignmentId: null } : { ...life, facts, since };
}

/** A piece of text more. That of another attempt begins anew; what came before, after a cut, is not written twice. */
export function withText(life: TaskLife, { text, offset, assignment_id, seq }: TextPiece): TaskLife {
  const known = assignment_id === life.assignmentId ? life.text : '';
  return {
    ...life,
    assignmentId: assignment_id,
    text: known.slice(0, offset) + text,
    since: Math.max(life.since, seq),
  };
}

/** How to follow it from here on: nothing is told twice. */
export function followCommand(taskId: string, { since, text }: TaskLife): object {
  return { command: 'subscribe', channel: 'task', task_id: taskId, tokens: true, since, offset: text.length };
}
