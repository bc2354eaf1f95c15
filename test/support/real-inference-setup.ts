import { type ChildProcess, execFile, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/**
 * Real inference for tests: llama.cpp on the CPU, from `test/llm`, a package of its own so that nobody who installs
 * Koubou gets its 85 MB. The first use on a machine installs it (15 s) and makes the model; later uses start at once.
 */

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../llm/', import.meta.url));
const inFolder = (name: string): string => `${folder}${name}`;
const modelFile = inFolder('.model/tiny.gguf');
const setupLock = inFolder('.model/setup.lock');

/** Between two looks at the lock of another test process. */
const lockPollMs = 100;

/** A beforeAll that starts a real server may install it first: give it so long. */
export const realInferenceSetupTimeoutMs = 300_000;

/** True when the developer has said so: real inference runs on linux-x64 only, and is never left out in silence. */
export const skipsRealInference = process.env['KOUBOU_SKIP_REAL_INFERENCE'] === '1';

/** What the server reports; `test/llm/ollama-server.mjs` tells what each means. */
interface ServerEvent {
  readonly event: 'listening' | 'started' | 'finished' | 'aborted' | 'refused';
  /** Generations that run or wait for their turn. */
  readonly running: number;
  readonly url?: string;
  readonly eval_count?: number;
}

export interface RealOllama {
  readonly url: string;
  readonly model: 'tiny';
  /** All reports so far. */
  readonly events: readonly ServerEvent[];
  /** The next report of that kind; call it before what causes it. */
  next(event: ServerEvent['event']): Promise<ServerEvent>;
  close(): Promise<void>;
}

export interface RealOllamaOptions {
  /** A pause after each token, in ms; without it, the model writes about 1,000 tokens a second. */
  readonly delayMs?: number;
  /** Generations at once; the others wait, as in Ollama. */
  readonly parallel?: number;
}

/**
 * A server of its own process, which also ends when the test process dies.
 *
 * @throws Error on any platform but linux-x64
 */
export async function startRealOllama({
  delayMs = 0,
  parallel = 1,
}: RealOllamaOptions = {}): Promise<RealOllama> {
  await prepare();
  const settings = { '--model': `tiny=${modelFile}`, '--delay-ms': delayMs, '--parallel': parallel };
  const child = fork(inFolder('ollama-server.mjs'), Object.entries(settings).flat().map(String), {
    execArgv: [],
    silent: true,
  });
  const events: ServerEvent[] = [];
  const reports = new EventEmitter();
  const errors: Buffer[] = [];
  child.stderr?.on('data', (bytes) => errors.push(bytes));
  if (child.stdout === null) throw new Error('the server has no stdout');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as ServerEvent;
    events.push(event);
    reports.emit(event.event, event);
  });
  const next = async (event: ServerEvent['event']): Promise<ServerEvent> => (await once(reports, event))[0];
  const died = once(child, 'exit').then(() => {
    throw new Error(`The inference server ended at once: ${Buffer.concat(errors)}`);
  });
  const { url = '' } = await Promise.race([next('listening'), died]);
  died.catch(() => {}); // from here on its end is wanted
  return { url, model: 'tiny', events, next, close: () => kill(child) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function prepare(): Promise<void> {
  const platform = `${process.platform}-${process.arch}`;
  if (platform !== 'linux-x64') {
    throw new Error(
      `Real inference is set up for linux-x64 only, and this is ${platform}. ` +
        'Set KOUBOU_SKIP_REAL_INFERENCE=1 to leave its tests out knowingly.',
    );
  }
  await mkdir(inFolder('.model'), { recursive: true });
  await alone(async () => {
    if (await isOlder(inFolder('node_modules/.package-lock.json'), [inFolder('package-lock.json')])) {
      await run('npm', ['ci', '--omit=optional', '--ignore-scripts'], { cwd: folder });
    }
    if (await isOlder(modelFile, [inFolder('make-tiny-model.mjs'), inFolder('gguf.mjs')])) {
      await run(process.execPath, [inFolder('make-tiny-model.mjs'), modelFile]);
    }
  });
}

async function isOlder(file: string, sources: readonly string[]): Promise<boolean> {
  const changedMs = await Promise.all([file, ...sources].map(mtimeMs));
  const [madeMs = 0, ...sourcesMs] = changedMs;
  return sourcesMs.some((sourceMs) => sourceMs > madeMs);
}

async function mtimeMs(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
}

/** Test files run in processes of their own, and two of them must not install at once. */
async function alone(work: () => Promise<void>): Promise<void> {
  for (;;) {
    const lock = await open(setupLock, 'wx').catch(() => undefined);
    if (lock !== undefined) {
      await lock.writeFile(String(process.pid));
      await lock.close();
      break;
    }
    const holder = await readFile(setupLock, 'utf8').catch(() => '');
    if (holder !== '' && !isAlive(Number(holder))) await rm(setupLock, { force: true });
    await sleep(lockPollMs);
  }
  try {
    await work();
  } finally {
    await rm(setupLock, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
