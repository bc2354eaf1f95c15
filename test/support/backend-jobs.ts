import { EventEmitter, once } from 'node:events';
import type { Job, JobIo } from '../../src/actors/execution.ts';
import { assignmentId, type TaskId } from '../../src/machines/identifiers.ts';

/** A job as an execution gives it to a backend; name what matters to the test. */
export function makeJob(overrides: Partial<Job> = {}): Job {
  return {
    taskId: 'task_20260101_000000_000000' as TaskId,
    assignmentId: assignmentId(1),
    taskType: 'general',
    priority: 5,
    files: [],
    prompt: 'Describe the workshop in the rain.',
    request: null,
    format: null,
    model: 'tiny',
    sampling: {},
    fresh: false,
    deadlineMs: 60_000,
    ...overrides,
  };
}

export interface RecordedIo extends JobIo {
  /** The pieces so far. */
  readonly texts: readonly string[];
  readonly abort: () => void;
  /** Resolves with the first piece. */
  readonly firstText: Promise<string>;
}

/** What a backend is given to work with, and a record of what it did. */
export function recordedIo(signal?: AbortSignal): RecordedIo {
  const controller = new AbortController();
  const texts: string[] = [];
  const arrivals = new EventEmitter();
  const firstText = once(arrivals, 'text').then(([text]) => text as string);
  const onText = (text: string): void => {
    texts.push(text);
    arrivals.emit('text', text);
  };
  return { signal: signal ?? controller.signal, onText, texts, abort: () => controller.abort(), firstText };
}
