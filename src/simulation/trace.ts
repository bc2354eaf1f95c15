import { createHash, type Hash } from 'node:crypto';
import type { Fact } from '../machines/facts.ts';
import type { WorldEvent } from './world-events.ts';

/** One line for each fact and act, with its virtual time. The same seed gives the same bytes. */
export class Trace {
  /** The lines, where they were wanted. */
  readonly lines: string[] = [];
  readonly #keeps: boolean;
  readonly #hash: Hash = createHash('sha256');
  #count = 0;

  constructor(keeps: boolean) {
    this.#keeps = keeps;
  }

  get count(): number {
    return this.#count;
  }

  /** Of all lines so far; two runs are the same when it is. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  hear(event: WorldEvent, elapsedMs: number): void {
    const text = textOf(event);
    if (text === undefined) return;
    const line = `${elapsedMs.toFixed(3).padStart(14)} ${text}`;
    this.#count += 1;
    this.#hash.update(line).update('\n');
    if (this.#keeps) this.lines.push(line);
  }
}

/** `undefined` for what is no news: beats, what was told after it was written, and looks at what is known. */
function textOf(event: WorldEvent): string | undefined {
  switch (event.type) {
    case 'beat':
    case 'fact.told':
    case 'looked':
    case 'measured':
    case 'disk.checked':
    case 'surveyed':
      return undefined;
    case 'link.heard':
      return event.frame === 'beat' ? undefined : textOfRest(event);
    case 'fact':
      return `fact ${event.committed.seq} ${factText(event.committed.fact)}`;
    case 'client.acknowledged':
      return `client.acknowledged ${event.taskIds.join(' ')} ${event.key ?? '-'}${event.replayed ? ' replayed' : ''}`;
    case 'client.read':
      return `client.read ${event.taskId} ${event.task?.status ?? 'unknown'}`;
    case 'operator':
      return `operator ${event.act} ${event.detail}`.trimEnd();
    default:
      return textOfRest(event);
  }
}

function textOfRest({ type, ...rest }: WorldEvent): string {
  const words = Object.entries(rest).map(([name, value]) => `${name}=${brief(value)}`);
  return [type, ...words].join(' ');
}

function factText(fact: Fact): string {
  const { type, ...rest } = fact;
  const words = Object.entries(rest).flatMap(([name, value]) => {
    if (name === 'task') return [`priority=${(value as { priority: number }).priority}`];
    if (name === 'reason') return [`rule=${brief((value as { rule: string }).rule)}`];
    if (name === 'failure') return [`code=${(value as { code: string }).code}`];
    if (name === 'usage' || name === 'reply') return [];
    return [`${name}=${brief(value)}`];
  });
  return [type, ...words].join(' ');
}

/** Prompts are long, and their head names them. */
const briefChars = 60;

function brief(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > briefChars ? `${text.slice(0, briefChars)}…` : text;
}
