import { limits } from '../machines/limits.ts';
import { failed, type Outcome, retry } from '../machines/outcome.ts';
import { quoted as quotedWords } from './quoting.ts';
import type { Complaint } from './server-complaint.ts';

/** How long a server may send us away; a larger `Retry-After` is a mistake or malice, and is cut to this. */
const retryAfterMsMax = 3_600_000;

/** Something that happened at the server, with what it means for the attempt. Thrown within backends only. */
export class ServerTrouble extends Error {
  override readonly name = 'ServerTrouble';
  readonly outcome: Outcome;

  constructor(outcome: Outcome, options?: ErrorOptions) {
    super(outcome.kind, options);
    this.outcome = outcome;
  }
}

/** What one kind of server calls things, and what to do about them; the outcomes are the same for all kinds. */
export interface ServerKind {
  /** In the middle of a sentence: `Ollama`, `the server`. */
  readonly name: string;
  /** Completes "is it really …?". */
  readonly nature: string;
  /** Why servers of this kind are busy; `null` where their own words tell. */
  readonly busyReason: string | null;
  /** Completes "The server at … " for a 404 that is not about the model. */
  readonly unknownPath: string;
  /** Completes "check the worker's …" when the credentials are refused. */
  readonly credentials: string;
  /** What to do about a model that the server does not have. */
  readonly modelAdvice: (model: string) => string;
  /** What to do about a prompt that does not fit, beside making it shorter. */
  readonly contextAdvice: string;
  readonly isModelUnknown: (status: number, complaint: Complaint | null) => boolean;
}

/** What the messages are about: who was asked, for what. */
export interface Asked {
  readonly server: ServerKind;
  /** The server's host and port, without credentials. */
  readonly address: string;
  readonly model: string;
  /** Needed to keep it out of messages. */
  readonly prompt: string;
  /** The API key, for the same reason; `null` where there is none. */
  readonly secret: string | null;
}

/** A non-2xx answer. */
export interface Refusal {
  readonly status: number;
  /** The header as it came, or `null`. */
  readonly retryAfter: string | null;
  /** What its body says, or `null` where that is nothing. */
  readonly complaint: Complaint | null;
}

/** No answer came: the connection could not be made, or it ended before the headers. */
export function connectTrouble(asked: Asked, cause: unknown): ServerTrouble {
  const code = errorCode(cause);
  if (code?.startsWith('HPE_')) return garbageTrouble(asked, 'does not speak HTTP', cause);
  const what =
    code === 'ECONNRESET'
      ? 'closed the connection before it answered.'
      : `cannot be reached (${code ?? 'no reason given'}): is it running there?`;
  return new ServerTrouble(retry('backend.unreachable', `${opening(asked)} ${what}`), { cause });
}

/** The answer ended before its last chunk, whatever the reason. */
export function cutTrouble(asked: Asked, cause?: unknown): ServerTrouble {
  if (errorCode(cause)?.startsWith('HPE_')) return garbageTrouble(asked, 'broke the rules of HTTP', cause);
  const message = `The answer of ${asked.server.name} at ${asked.address} was cut off before its end.`;
  return new ServerTrouble(retry('backend.cut', message), { cause });
}

/** The answer is not what the protocol says. `what` completes the sentence "The server at … ". */
export function garbageTrouble(asked: Asked, what: string, cause?: unknown): ServerTrouble {
  const message = `The server at ${asked.address} ${what}: is it really ${asked.server.nature}?`;
  return new ServerTrouble(retry('backend.garbage', message), { cause });
}

/** An error under status 200, in place of an answer or in the middle of it: the generation broke at the server. */
export function generationTrouble(asked: Asked, complaint: Complaint | null): ServerTrouble {
  if (saysTooLong(asked, complaint)) return new ServerTrouble(tooLong(asked, complaint));
  const message = `The generation failed at ${asked.server.name} on ${asked.address}${quoted(asked, complaint)}.`;
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

function refusalOutcome(asked: Asked, { status, retryAfter, complaint }: Refusal): Outcome {
  const { address, model, server } = asked;
  const opened = opening(asked);
  if (status === 503 || status === 429) {
    const reason = server.busyReason === null ? quoted(asked, complaint) : `: ${server.busyReason}`;
    return retry('backend.busy', `${opened} is busy (${status})${reason}.`, retryAfterMs(retryAfter));
  }
  // Before 5xx too: llama.cpp and its forks have answered 500 to a prompt that is too long.
  if (status >= 400 && saysTooLong(asked, complaint)) return tooLong(asked, complaint);
  if (status >= 500) {
    return retry('backend.error', `${opened} answered ${status}${quoted(asked, complaint)}.`);
  }
  if (status === 401 || status === 403) {
    return failed(
      'input.refused',
      `${opened} refused the credentials (${status}): check the worker's ${server.credentials}.`,
    );
  }
  if (status >= 400 && server.isModelUnknown(status, complaint)) {
    return failed('model.unknown', `${opened} has no model ${model}: ${server.modelAdvice(model)}.`);
  }
  if (status === 404) return failed('input.refused', `The server at ${address} ${server.unknownPath}`);
  if (status >= 400) {
    return failed('input.refused', `${opened} refused the task (${status})${quoted(asked, complaint)}.`);
  }
  return garbageTrouble(asked, `answered ${status} where 200 was expected`).outcome;
}

/**
 * How servers name a prompt that does not fit, and the sentences of those that give it no name of its own: Ollama ("the
 * input length exceeds the context length"), llama.cpp ("request (4390 tokens) exceeds the available context size (4096
 * tokens)"), vLLM ("maximum context length is 16384 tokens", "context length is only 1024 tokens"), LM Studio ("loaded
 * with context length of only 2048 tokens", "greater than the context length"). llama.cpp's "Context size has been
 * exceeded" is none of them: it comes also when the slots beside have used up what they share.
 */
const tooLongNames: ReadonlySet<string> = new Set(['context_length_exceeded', 'exceed_context_size_error']);
const tooLongWords =
  /exceeds? (?:[\w']+ ){0,4}context (?:length|size|window)|context length (?:is|of) (?:only )?\d|greater than the context length/i;

function saysTooLong(asked: Asked, complaint: Complaint | null): boolean {
  if (complaint === null) return false;
  if (complaint.names.some((name) => tooLongNames.has(name))) return true;
  // A quotation is empty where the words are those of the prompt.
  return tooLongWords.test(quotedWords(complaint.message, asked.prompt));
}

function tooLong(asked: Asked, complaint: Complaint | null): Outcome {
  const { address, model, server } = asked;
  const what = `The prompt does not fit into the context of ${model} at ${address}${quoted(asked, complaint)}.`;
  return failed('input.too_long', `${what} Make it shorter, or ${server.contextAdvice}.`);
}

/** `Retry-After` in ms (RFC 9110, 10.2.3: seconds or a date); 0 where it is missing or unreadable. */
function retryAfterMs(header: string | null): number {
  if (header === null) return 0;
  const delayMs = /^\s*\d+\s*$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(delayMs) ? 0 : Math.min(Math.max(delayMs, 0), retryAfterMsMax);
}

/** Who did it, at the start of a sentence. */
function opening({ server, address }: Asked): string {
  return `${server.name.charAt(0).toUpperCase()}${server.name.slice(1)} at ${address}`;
}

/** The server's words for the end of a sentence, or nothing; neither the prompt nor the API key is ever repeated. */
function quoted({ prompt, secret }: Asked, complaint: Complaint | null): string {
  if (complaint === null || (secret !== null && repeats(complaint.message, secret))) return '';
  return quotedWords(complaint.message, prompt);
}

/** Looks at all of the words too: what is cut off for a quotation may leave the first half of a key. */
function repeats(words: string, secret: string): boolean {
  return words.includes(secret) || quotedWords(words, secret) === '';
}

/** The system's code of an error; fetch implementations hide it in `cause`. */
function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return errorCode(error.cause);
}
