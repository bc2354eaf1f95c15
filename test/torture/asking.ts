import type { Observation, Seen } from './history.ts';

/** What a client got to a request; `undefined` in its place when the connection gave no whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly sentMs: number;
  readonly atMs: number;
}

/** Longer than any door lets wait: what takes longer hangs. */
const patienceMs = 90_000;

export async function send(
  url: string,
  method: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Answer | undefined> {
  const sentMs = Date.now();
  try {
    const response = await fetch(url, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patienceMs),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, sentMs, atMs: Date.now() };
  } catch {
    return undefined;
  }
}

/** A field of an object that came from outside, wherever it is. */
export function field(value: unknown, ...path: readonly (string | number)[]): unknown {
  let at = value;
  for (const key of path)
    at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined;
  return at;
}

export function textField(value: unknown, ...path: readonly (string | number)[]): string | null {
  const found = field(value, ...path);
  return typeof found === 'string' ? found : null;
}

/** @returns undefined for what is no JSON */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The history, as it is written. */
export interface Notebook {
  readonly note: (observation: Observation) => void;
}

/** Looks at a task over REST. @returns its status, undefined when nobody answered */
export async function look(
  notebook: Notebook,
  rest: string,
  task: Pick<Seen, 'op' | 'taskId' | 'by'>,
): Promise<string | undefined> {
  const answer = await send(`${rest}/task/${task.taskId}`, 'GET');
  if (answer === undefined || (answer.status !== 200 && answer.status !== 404)) return undefined;
  const body = parsed(answer.text);
  const status = answer.status === 404 ? 'missing' : (textField(body, 'status') ?? 'nameless');
  const output = status === 'completed' ? textField(body, 'result', 'output') : null;
  notebook.note({ type: 'seen', ...task, status, output, sentMs: answer.sentMs, atMs: answer.atMs });
  return status;
}
