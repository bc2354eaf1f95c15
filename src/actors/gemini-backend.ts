import { basename, resolve, sep } from 'node:path';
import { KoubouError } from '../machines/errors.ts';
import { limits } from '../machines/limits.ts';
import { failed, noUsage, type Outcome, retry } from '../machines/outcome.ts';
import { type AllowedFile, allowedFiles, type ReadableFolders } from './allowed-files.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Backend, Job, JobIo } from './execution.ts';
import { exitOutcome, type GeminiAsked } from './gemini-errors.ts';
import { type Ending, runProgram } from './program-run.ts';
import { noModel } from './server-backend.ts';

export interface GeminiBackendOptions extends ReadableFolders {
  /** The program: a name that is looked for in PATH, or a path; or these and first arguments. */
  readonly command: string | readonly [string, ...string[]];
  /** The Ollama server that the program asks: `http://host:11434`. */
  readonly endpointUrl: string;
  /** Folder in which each run has a private one while it lasts. The program writes the prompt into that. */
  readonly scratch: string;
  /** Whose time passes between asking the program to end and killing it. */
  readonly clock?: Clock;
  /** Where the little comes from that the program sees of our environment; that of this process by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Linux takes no longer single argument (MAX_ARG_STRLEN, 32 pages of 4 KiB), and its closing NUL counts. */
const promptBytesMax = 128 * 1024 - 1;

/** The program is made for writing one file of a repository, and tells the model its name. This one claims nothing. */
const targetFile = 'generated_content.txt';

/** No tokens and keys of ours, and no proxies: our own requests to a worker do not take them either. */
const passedOn =
  /^(?:PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|VIRTUAL_ENV|SSL_CERT_FILE|SSL_CERT_DIR|PYTHON\w+)$/;

/**
 * Runs jobs with the program gemini-repo-cli, one process a job, which asks an Ollama server. It takes the prompt as an argument,
 * where other users of this machine can see it in the list of processes, and has sampling options of its own: those of the job
 * have no effect. It writes its text at the end, in one piece, and counts no tokens.
 *
 * @throws KoubouError `config.invalid` when the endpoint is not an http address
 */
export function geminiBackend(options: GeminiBackendOptions): Backend {
  const { scratch, clock = systemClock, env = process.env } = options;
  const endpoint = endpointOf(options.endpointUrl);
  const command = commandOf(options.command);
  const repository = basename(options.roots[0] ?? '') || 'repository';
  return async (job, io) => {
    if (io.signal.aborted) return { kind: 'cancelled' };
    const { model } = job;
    if (model === null) return noModel();
    const asked = { program: basename(command[0]), address: endpoint.host, model, prompt: job.prompt };
    const unfit = whyUnfit(asked, job);
    if (unfit !== null) return failed('input.refused', unfit);
    const found = await allowedFiles(job.files, options);
    if ('refusal' in found) return found.refusal;

    const stop = new AbortController();
    const answer = new Answer(io, () => stop.abort());
    const ending = await runProgram({
      argv: [...command, ...argumentsOf(job, { endpoint, model, repository, files: found.files })],
      env: environmentOf(env),
      scratch,
      signal: AbortSignal.any([io.signal, stop.signal]),
      clock,
      onOutput: (bytes) => answer.take(bytes),
    });
    return io.signal.aborted ? { kind: 'cancelled' } : outcomeOf(ending, answer, asked);
  };
}

interface Ask {
  readonly endpoint: URL;
  readonly model: string;
  readonly repository: string;
  readonly files: readonly AllowedFile[];
}

/**
 * Arguments as Python's argparse reads them: `--files` takes all that follows up to the next option, and behind `--` nothing is
 * an option. A prompt that is itself `--` would be dropped there, which a line end prevents.
 */
function argumentsOf({ prompt }: Job, { endpoint, model, repository, files }: Ask): string[] {
  const host = endpoint.href.replace(/\/$/, '');
  const options = ['--provider=ollama', `--ollama-model=${model}`, `--ollama-host=${host}`];
  if (files.length > 0) options.push('--files', ...files.map(({ path }) => path));
  return [...options, '--', repository, targetFile, prompt === '--' ? '--\n' : prompt];
}

function environmentOf(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && passedOn.test(name)) kept[name] = value;
  }
  // Python would read arguments and write text in the locale's encoding, and stumble over half a surrogate pair.
  return { ...kept, PYTHONUTF8: '1', PYTHONIOENCODING: 'utf-8:replace', PYTHONUNBUFFERED: '1' };
}

/** Why no arguments can carry the task, or `null`. */
function whyUnfit({ program, model, prompt }: GeminiAsked, { request, format }: Job): string | null {
  if (request !== null || format !== null) {
    const what = request === null ? 'a format of the answer' : 'more than one plain prompt';
    return `${program} cannot be asked for ${what}: use a worker with the backend ollama or openai.`;
  }
  if (prompt.includes('\0') || model.includes('\0')) {
    return `The prompt or the model's name has a NUL character, which ${program} cannot be given: remove it.`;
  }
  const bytes = Buffer.byteLength(prompt);
  if (bytes <= promptBytesMax) return null;
  return (
    `The prompt has ${bytes} bytes, and ${program} can be given at most ${promptBytesMax}: ` +
    'put the long part into a file and name it in files, or use a worker with the backend ollama.'
  );
}

function outcomeOf(ending: Ending, answer: Answer, asked: GeminiAsked): Outcome {
  const { program, model } = asked;
  switch (ending.kind) {
    case 'exited': {
      if (ending.code !== 0) return exitOutcome(asked, ending.code, ending.stderr);
      const output = answer.end();
      if (output.trim() !== '') return { kind: 'succeeded', output, usage: { ...noUsage, model } };
      return retry('backend.empty', `${model} answered ${program} with no text.`);
    }
    case 'killed':
      return retry('backend.error', `${program} was killed by ${ending.signal}: did the memory run out?`);
    case 'stopped': // and not by our caller
      return failed(
        'execution.too_large',
        `${program} wrote more than ${limits.outputBytesMax / (1024 * 1024)} MiB and was stopped: ask for less.`,
      );
    case 'noFolder':
      return retry('backend.error', `No folder could be made for a run of ${program} (${ending.code}).`);
    case 'notStarted':
      return startOutcome(program, ending.code);
  }
}

function startOutcome(program: string, code: string): Outcome {
  if (code === 'ENOENT') {
    const message = `The program ${program} is not installed on this machine: install it, or set the worker's command.`;
    return retry('backend.unreachable', message);
  }
  if (code === 'EACCES') {
    const message = `The program ${program} may not be executed: check its permissions, or the worker's command.`;
    return retry('backend.unreachable', message);
  }
  if (code === 'E2BIG') {
    return failed('input.refused', `Prompt and file names together are too long for ${program}: name fewer.`);
  }
  return retry('backend.error', `The program ${program} could not be started (${code}).`);
}

/** The text that the program prints, from its bytes: a character may arrive in pieces. */
class Answer {
  readonly #io: JobIo;
  readonly #onTooLarge: () => void;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #texts: string[] = [];
  #bytes = 0;
  /** A line end that may be the last one, which Python's `print` adds and the model did not write. */
  #held = '';

  constructor(io: JobIo, onTooLarge: () => void) {
    this.#io = io;
    this.#onTooLarge = onTooLarge;
  }

  take(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > limits.outputBytesMax) this.#onTooLarge();
    else this.#tell(this.#decoder.decode(bytes, { stream: true }));
  }

  end(): string {
    this.#tell(this.#decoder.decode());
    return this.#texts.join('');
  }

  #tell(piece: string): void {
    if (piece === '') return;
    const text = this.#held + piece;
    this.#held = text.endsWith('\n') ? '\n' : '';
    const ready = text.slice(0, text.length - this.#held.length);
    if (ready === '') return;
    this.#texts.push(ready);
    this.#io.onText(ready);
  }
}

/** Its working directory is the run's own folder, so that a relative path must be made absolute before. */
function commandOf(command: GeminiBackendOptions['command']): readonly [string, ...string[]] {
  const [program, ...args] = typeof command === 'string' ? ([command] as const) : command;
  return [program.includes(sep) ? resolve(program) : program, ...args];
}

/** Without credentials: arguments can be seen by other users of this machine. */
function endpointOf(url: string): URL {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new KoubouError(
      'config.invalid',
      'The endpoint of gemini-repo-cli is not an address such as http://127.0.0.1:11434.',
    );
  }
  const endpoint = new URL(url);
  endpoint.username = '';
  endpoint.password = '';
  return endpoint;
}
