import { systemClock } from '../actors/clock.ts';
import { demoBackend } from '../actors/demo-backend.ts';
import { type Announced, JoinClient, type JoinClientOptions } from '../actors/join-client.ts';
import type { JoinNews } from '../actors/join-news.ts';
import { dialPool, poolUrl } from '../actors/join-socket.ts';
import { ollamaBackend } from '../actors/ollama-backend.ts';
import { ollamaProbe } from '../actors/ollama-probe.ts';
import { openaiBackend } from '../actors/openai-backend.ts';
import { openaiProbe } from '../actors/openai-probe.ts';
import { systemRandom } from '../actors/random.ts';
import { workerId } from '../machines/identifiers.ts';
import { unseen } from '../machines/sighting.ts';
import { CliError, exitCodes } from './cli.ts';
import { watchSignals } from './signals.ts';
import { oneLine } from './text-width.ts';
import type { WorkerCli, WorkerOptions } from './worker-command.ts';

/** How often the connection is looked at. The pool says itself how often it wants to be told of the worker. */
const pingMs = 15_000;
const workerName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Works for a pool until SIGTERM, SIGINT or SIGHUP, and drains. A second signal ends it at once.
 *
 * @throws CliError when the command line or the environment is wrong
 */
export async function work(cli: WorkerCli, options: WorkerOptions): Promise<number> {
  const { terminal, messages } = cli;
  const talk = messages.worker;
  const url = poolUrl(options.join);
  // The address may hold a password that somebody put there; it is shown to who typed it, and to nobody else.
  if (url === undefined) throw misused(talk.notPoolUrl(options.join));
  const token = cli.env['WORKER_AUTH_TOKEN'] ?? '';
  if (token === '') throw misused(talk.tokenMissing);
  const announced = announcedOf(cli, options);
  const random = systemRandom();
  const client = new JoinClient({
    clock: systemClock,
    random,
    dial: dialPool({ url, token, clock: systemClock, heartbeatMs: pingMs }),
    ...serverOf(cli, options),
    announced,
    instance: random.suffix(20),
    drainGraceMs: options.drainGrace * 1_000,
    onNews: (news) => tell(cli, options, news),
    onFault: (error) => terminal.say(messages.talk.unexpected(stackOf(error))),
  });
  const signals = watchSignals();
  try {
    if (!options.json) terminal.say(talk.connecting(url));
    void client.start();
    void signals.first.then(() => {
      terminal.say(talk.stopping);
      client.stop();
      signals.onFurther(() => {
        terminal.say(talk.forced);
        process.exit(exitCodes.failed);
      });
    });
    const ending = await client.ended;
    if (ending.kind === 'refused') throw new CliError(talk.refused(oneLine(ending.refusal.message)));
    terminal.say(talk.stopped);
    return exitCodes.done;
  } finally {
    signals.stop();
  }
}

/** What generates, and how it is looked at. */
function serverOf(
  { env, messages }: WorkerCli,
  { demo, ollama, openai }: WorkerOptions,
): Pick<JoinClientOptions, 'backend' | 'look'> {
  if (demo) return { backend: demoBackend(), look: async () => unseen };
  const url = openai ?? ollama;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw misused(messages.worker.notServerUrl(url));
  }
  if (openai === undefined) return { backend: ollamaBackend({ host: ollama }), look: ollamaProbe(ollama) };
  const apiKey = env['OPENAI_API_KEY'] || null;
  return { backend: openaiBackend({ baseUrl: openai, apiKey }), look: openaiProbe(openai, apiKey) };
}

function announcedOf({ messages }: WorkerCli, options: WorkerOptions): Announced {
  const talk = messages.worker;
  if (!workerName.test(options.name)) throw misused(talk.badName(options.name));
  const labels = (options.label ?? []).map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw misused(talk.badLabel(text));
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  return {
    workerId: workerId(options.name),
    slots: options.slots,
    models: options.models ?? null,
    capabilities: options.capabilities ?? [],
    labels: Object.fromEntries(labels),
    performanceFactor: options.performanceFactor,
  };
}

/** The reasons are words of whoever answers there: nothing in them may steer the terminal. */
function tell({ terminal, messages }: WorkerCli, { json, name }: WorkerOptions, news: JoinNews): void {
  const talk = messages.worker;
  if (json) {
    const { kind: event, ...rest } = news;
    terminal.json({ event, worker_id: name, ...rest });
    return;
  }
  switch (news.kind) {
    case 'joined':
      terminal.line(talk.joined(name));
      return;
    case 'back':
      terminal.say(talk.back(news.running));
      return;
    case 'cut':
      terminal.say(talk.cut(oneLine(news.detail), news.running));
      return;
    case 'waiting':
      terminal.say(talk.waiting(oneLine(news.detail)));
      return;
  }
}

function misused(message: string): CliError {
  return new CliError(message, exitCodes.misused);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
