import { failed, type Outcome, retry } from '../machines/outcome.ts';
import { quoted } from './quoting.ts';

/** What the messages are about: which program was asked, and whom it asked for what. */
export interface GeminiAsked {
  /** The program's name, without its folder. */
  readonly program: string;
  /** Host and port of its Ollama server, without credentials. */
  readonly address: string;
  readonly model: string;
  /** Needed to keep it out of messages. */
  readonly prompt: string;
}

/** What argparse exits with when it does not like the arguments. */
const usageExitCode = 2;

/** The words of Python's HTTP client and of the system below it; the program passes them on as text. */
const unreachable =
  /failed to connect|connection refused|connection attempts failed|connection reset|server disconnected|no route to host|network is unreachable|name or service not known|nodename nor servname|name resolution|errno (?:101|104|111|113)\b/i;
const timedOut = /timed? ?out|timeout/i;
const fileUnreadable = /error reading file|context file not found/i;

/** The one place that says what an exit code other than 0 means, by what the program logged. */
export function exitOutcome(asked: GeminiAsked, exitCode: number, stderr: string): Outcome {
  const { program, address } = asked;
  const { status, words } = lastErrorOf(stderr);
  if (status !== null) return statusOutcome(asked, status, words);
  if (fileUnreadable.test(words)) {
    return failed('input.refused', `A file of the task could not be read by ${program}.`);
  }
  if (unreachable.test(words)) {
    return retry(
      'backend.unreachable',
      `${program} cannot reach Ollama at ${address}${quoted(words, asked.prompt)}.`,
    );
  }
  if (timedOut.test(words)) {
    return retry('backend.no_answer', `Ollama at ${address} gave ${program} no answer in its time.`);
  }
  if (exitCode === usageExitCode) {
    const said = quoted(words, asked.prompt);
    return retry(
      'backend.error',
      `${program} did not understand its arguments${said}. Is it a version that knows --provider ollama?`,
    );
  }
  return retry('backend.error', `${program} ended with code ${exitCode}${quoted(words, asked.prompt)}.`);
}

/** The status numbers of the Ollama server behind the program, as for a server that we ask ourselves. */
function statusOutcome(asked: GeminiAsked, status: number, words: string): Outcome {
  const { program, address, model } = asked;
  const said = quoted(words, asked.prompt);
  if (status === 503 || status === 429) {
    return retry('backend.busy', `Ollama at ${address} is busy (${status}): its queue is full.`);
  }
  if (status === 404 && /\bmodel\b/i.test(words)) {
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
      `Ollama at ${address} refused ${program} (${status}): check the worker's host.`,
    );
  }
  if (status < 500) {
    return failed('input.refused', `Ollama at ${address} refused the task (${status})${said}.`);
  }
  return retry('backend.error', `Ollama at ${address} answered ${program} with ${status}${said}.`);
}

interface LoggedError {
  /** What the Ollama server answered, where the program says so. */
  readonly status: number | null;
  readonly words: string;
}

/**
 * The last error that was logged as JSON, with the last status number; where there is none, the last line of plain text, which
 * is where Python and argparse say what was wrong. Records of other levels hold the prompt, and nothing of them is told.
 */
function lastErrorOf(stderr: string): LoggedError {
  let status: number | null = null;
  let words: string | null = null;
  let plain = '';
  for (const line of stderr.split('\n')) {
    if (!line.startsWith('{')) {
      if (line.trim() !== '') plain = line;
      continue;
    }
    const record = recordOf(line);
    if (record['level'] !== 'ERROR' && record['level'] !== 'CRITICAL') continue;
    const { status_code: code, error, message } = record;
    if (typeof code === 'number' && code >= 400 && code <= 599) status = code;
    if (typeof error === 'string') words = error;
    else if (typeof message === 'string') words = message;
  }
  return { status, words: words ?? plain };
}

/** Half a line, of a program that was interrupted, is no record and says nothing. */
function recordOf(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}
