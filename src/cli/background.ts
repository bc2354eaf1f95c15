import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../config/settings.ts';
import { type HomePaths, homePaths, makeFolders } from '../db/home.ts';
import { KoubouError } from '../machines/errors.ts';
import { type Cli, CliError, exitCodes } from './cli.ts';
import { doorLines } from './door-lines.ts';
import { binPath } from './home-scripts.ts';
import { RestClient } from './rest-client.ts';
import type { ServeOptions } from './serve.ts';
import { addressOf, readServerNote, type ServerAddress, type ServerNote } from './server-address.ts';
import { holderOf } from './server-process.ts';

/** Recovery of a large backlog takes seconds; a start that takes longer than this is looked at by people. In ms. */
const patienceMs = 120_000;
const pollMs = 50;
const { O_WRONLY, O_CREAT, O_TRUNC, O_APPEND } = constants;

/** Starts a server of its own life, and comes back when it answers, or when it has ended and why is shown. */
export async function startInBackground(
  cli: Cli,
  config: Config,
  { isDemo, json }: ServeOptions,
): Promise<number> {
  const { terminal, messages } = cli;
  const paths = homePaths(config.home);
  const outputFile = join(paths.logs, 'start.log');
  const holder = holderOf(paths);
  if (holder.kind !== 'nobody') {
    // Told here, so that the output of the one that runs stays as it is.
    throw new CliError(messages.talk.alreadyRuns(holder.kind === 'server' ? holder.pid : null));
  }
  const child = spawnServer(cli, isDemo, paths, outputFile);
  terminal.progress(messages.talk.starting);
  const note = await untilReady(cli, config, child, outputFile);
  child.unref();
  if (json) {
    terminal.json({ pid: note.pid, urls: note.urls, demo: isDemo });
    return exitCodes.done;
  }
  for (const notice of config.notices) terminal.say(notice);
  if (isDemo) terminal.say(messages.talk.demoWarning);
  terminal.line(messages.talk.startedWithPid(note.pid));
  for (const line of doorLines(note.urls)) terminal.line(line);
  return exitCodes.done;
}

function spawnServer(cli: Cli, isDemo: boolean, paths: HomePaths, outputFile: string): ChildProcess {
  const output = openOutput(paths, outputFile);
  try {
    return spawn(process.execPath, [binPath, 'start', ...(isDemo ? ['--demo'] : [])], {
      cwd: cli.cwd,
      env: cli.env,
      detached: true,
      stdio: ['ignore', output, output],
    });
  } finally {
    closeSync(output);
  }
}

/** Only what stands there by the time of readiness matters, and what a process says that dies: each start begins anew. */
function openOutput(paths: HomePaths, outputFile: string): number {
  try {
    makeFolders(paths.logs);
    return openSync(outputFile, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
  } catch (error) {
    throw new KoubouError(
      'home.unusable',
      `cannot write to ${paths.logs}; check its permissions or set KOUBOU_HOME`,
      { cause: error },
    );
  }
}

async function untilReady(
  cli: Cli,
  config: Config,
  child: ChildProcess,
  outputFile: string,
): Promise<ServerNote> {
  const { talk } = cli.messages;
  const paths = homePaths(config.home);
  let fault: Error | undefined;
  child.once('error', (error) => {
    fault = error;
  });
  for (const startMs = performance.now(); ; ) {
    if (fault !== undefined) throw fault;
    if (child.exitCode !== null || child.signalCode !== null) {
      const said = readFileSync(outputFile, 'utf8').trim();
      throw new CliError(`${talk.startFailed}\n${said}`, child.exitCode ?? exitCodes.failed);
    }
    const note = readServerNote(paths);
    if (
      note !== undefined &&
      note.pid === child.pid &&
      (await answers(cli, addressOf(note, config.apiToken)))
    )
      return note;
    if (performance.now() - startMs > patienceMs) {
      child.unref();
      throw new CliError(talk.stillStarting(child.pid ?? 0, outputFile));
    }
    await pause(pollMs);
  }
}

async function answers(cli: Cli, address: ServerAddress): Promise<boolean> {
  try {
    await new RestClient(address, cli.messages).readiness();
    return true;
  } catch {
    return false; // Not yet; whether it ever will, the process itself tells.
  }
}
