import { limits } from '../machines/limits.ts';
import { failed, type Outcome, retry } from '../machines/outcome.ts';

/** How long a server may send us away; a larger `Retry-After` is a mistake or malice, and is cut to this. */
const retryAfterMsMax = 3_600_000;

/** So much of a server's own words goes into a message. */
const quoteCharsMax = 200;

/** Looking for the prompt in a server's words: any echo of `window + step` characters or more is found. */
const echo = { windowChars: 16, stepChars: 8 } as const;

/** Something that happened at the server, with what it means for the attempt. Thrown within the Ollama backend only. */
export class ServerTrouble extends Error {
  override readonly name = 'ServerTrouble';
  readonly outcome: Outcome;

  constructor(outcome: Outcome, options?: ErrorOptions) {
    super(outcome.kind, options);
    this.outcome = outcome;
  }
}

/** What the messages are about: who was asked, for what. */
export interface Asked {
  /** The server's host and port, without credentials. */
  readonly address: string;
  readonly model: string;
  /** Needed to keep it out of messages. */
  readonly prompt: string;
}

/** A non-2xx answer. */
export interface Refusal {
  readonly status: number;
  /** The header as it came, or `null`. */
  readonly retryAfter: string | null;
  /** The `error` of a JSON body, or `null` where there was none. */
  readonly error: string | null;
}

/** No answer came: the connection could not be made, or it ended before the headers. */
export function connectTrouble(asked: Asked, cause: unknown): ServerTrouble {
  const code = errorCode(cause);
  if (code?.startsWith('HPE_')) return garbageTrouble(asked, 'does not speak HTTP', cause);
  const message =
    code === 'ECONNRESET'
      ? `Ollama at ${asked.address} closed the connection before it answered.`
      : `Ollama at ${asked.address} cannot be reached (${code ?? 'no reason given'}): is it running there?`;
  return new ServerTrouble(retry('backend.unreachable', message), { cause });
}

/** The answer ended before its last chunk, whatever the reason. */
export function cutTrouble(asked: Asked, cause?: unknown): ServerTrouble {
  if (errorCode(cause)?.startsWith('HPE_')) return garbageTrouble(asked, 'broke the rules of HTTP', cause);
  const message = `The answer of Ollama at ${asked.address} was cut off before its end.`;
  return new ServerTrouble(retry('backend.cut', message), { cause });
}

/** The answer is not what the protocol says. `what` completes the sentence "The server at … ". */
export function garbageTrouble(asked: Asked, what: string, cause?: unknown): ServerTrouble {
  const message = `The server at ${asked.address} ${what}: is it really Ollama?`;
  return new ServerTrouble(retry('backend.garbage', message), { cause });
}

/** An `{"error"}` line under status 200: the generation broke at the server. */
export function errorLineTrouble(asked: Asked, error: unknown): ServerTrouble {
  const message = `The generation failed at Ollama on ${asked.address}${quoted(asked, error)}.`;
  return new ServerTrouble(retry('backend.error', message));
}

/** More text than one answer may have; `limits.outputBytesMax`. */
export function tooLarge(asked: Asked): Outcome {
  const mib = limits.outputBytesMax / (1024 * 1024);
  return failed(
    'execution.too_large',
    `${asked.model} wrote more than ${mib} MiB and was stopped: set num_predict to bound its answers.`,
  );
}

/** The one table from status numbers to outcomes. */
export function refusalTrouble(asked: Asked, refusal: Refusal): ServerTrouble {
  return new ServerTrouble(refusalOutcome(asked, refusal));
}

function refusalOutcome(asked: Asked, { status, retryAfter, error }: Refusal): Outcome {
  const { address, model } = asked;
  if (status === 503 || status === 429) {
    const message = `Ollama at ${address} is busy (${status}): its queue is full.`;
    return retry('backend.busy', message, retryAfterMs(retryAfter));
  }
  if (status >= 500) {
    return retry('backend.error', `Ollama at ${address} answered ${status}${quoted(asked, error)}.`);
  }
  if (status === 404 && error !== null) {
    return failed(
      'model.unknown',
      `Ollama at ${address} has no model ${model}: run \`ollama pull ${model}\` there.`,
    );
  }
  if (status === 404) {
    return failed('input.refused', `The server at ${address} knows no /api/generate (404): is it Ollama?`);
  }
  if (status === 401 || status === 403) {
    return failed(
      'input.refused',
      `Ollama at ${address} refused the credentials (${status}): check the worker's host.`,
    );
  }
  if (status >= 400) {
    return failed(
      'input.refused',
      `Ollama at ${address} refused the task (${status})${quoted(asked, error)}.`,
    );
  }
  return garbageTrouble(asked, `answered ${status} where 200 was expected`).outcome;
}

/** `Retry-After` in ms (RFC 9110, 10.2.3: seconds or a date); 0 where it is missing or unreadable. */
function retryAfterMs(header: string | null): number {
  if (header === null) return 0;
  const delayMs = /^\s*\d+\s*$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(delayMs) ? 0 : Math.min(Math.max(delayMs, 0), retryAfterMsMax);
}

/**
 * The first line of what the server said, for the end of a sentence. Empty when the server repeats the prompt: messages
 * go to logs and to people who may not read the task.
 */
function quoted(asked: Asked, error: unknown): string {
  const text = typeof error === 'string' ? error : JSON.stringify(error ?? null);
  const line = (text.trim().split(/[\r\n]/, 1)[0] ?? '').slice(0, quoteCharsMax).replace(/[\s.]+$/, '');
  return line === '' || line === 'null' || echoes(line, asked.prompt.trim()) ? '' : `: ${line}`;
}

function echoes(line: string, prompt: string): boolean {
  if (prompt.length <= echo.windowChars) return prompt !== '' && line.includes(prompt);
  for (let start = 0; start + echo.windowChars <= line.length; start += echo.stepChars) {
    if (prompt.includes(line.slice(start, start + echo.windowChars))) return true;
  }
  return false;
}

/** The system's code of an error; fetch implementations hide it in `cause`. */
function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return errorCode(error.cause);
}
