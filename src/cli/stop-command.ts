import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { startInBackground } from './background.ts';
import { type Act, type Cli, CliError, exitCodes } from './cli.ts';
import { addCommand, type JsonOption } from './command-options.ts';
import { findHome } from './server-address.ts';
import { holderOf, isAlive } from './server-process.ts';
import { watchSignals } from './signals.ts';
import { isDemoNoted } from './start-note.ts';

/** After the grace of its drain a server ends within seconds; this is added for a slow disk. */
const slackMs = 30_000;
/** Where the configuration cannot be read: longer than people configure. */
const patienceMsByDefault = 300_000;
/** For closing the logs, when the home is free already. */
const lastWordsMs = 3_000;
const pollMs = 50;

/** `koubou stop` and `koubou restart` */
export function registerStop(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages;
  addCommand(program, cli, {
    usage: 'stop',
    description: help.stop,
    examples: ['koubou stop', 'koubou stop --force'],
  })
    .option('--force', help.kill)
    .action(
      act(async ({ force = false, json }: JsonOption & { force?: boolean }) => {
        const pid = await stopServer(cli, force);
        if (json) cli.terminal.json({ stopped: pid !== null, pid });
        else cli.terminal.say(pid === null ? cli.messages.talk.notRunningHere : cli.messages.talk.stopped);
        return exitCodes.done;
      }),
    );

  addCommand(program, cli, {
    usage: 'restart',
    description: help.restart,
    examples: ['koubou restart', 'koubou restart --demo', 'koubou restart --no-demo'],
  })
    .option('--force', help.kill)
    .option('--demo', help.demoWorkers)
    .option('--no-demo', cli.messages.operating.help.noDemo)
    .action(
      act(async ({ force = false, demo, json }: JsonOption & { force?: boolean; demo?: boolean }) => {
        const config = loadConfig(cli); // What cannot be started again is not stopped.
        const isDemo = demo ?? isDemoNoted(findHome(cli));
        await stopServer(cli, force);
        return startInBackground(cli, config, { isDemo, json: json === true });
      }),
    );
}

/** Ends the server of the home and answers its pid; `null` when none ran. */
async function stopServer(cli: Cli, force: boolean): Promise<number | null> {
  const { talk } = cli.messages;
  const holder = holderOf(findHome(cli));
  if (holder.kind === 'nobody') return null;
  if (holder.kind === 'stranger') throw new CliError(talk.stranger);
  const { pid } = holder;
  const signals = watchSignals();
  try {
    send(pid, force ? 'SIGKILL' : 'SIGTERM', cli);
    let hint = talk.stoppingPid(pid);
    void signals.first.then(() => {
      hint = talk.pressAgain;
      cli.terminal.say(hint);
      signals.onFurther(() => send(pid, 'SIGKILL', cli));
    });
    await untilGone(cli, pid, () => hint);
  } finally {
    signals.stop();
  }
  return pid;
}

/** The lock goes first, the process a moment later. */
async function untilGone(cli: Cli, pid: number, hint: () => string): Promise<void> {
  const paths = findHome(cli);
  const startMs = performance.now();
  const patienceMs = patienceMsOf(cli);
  let freeAtMs: number | undefined;
  for (;;) {
    const nowMs = performance.now();
    const holder = holderOf(paths);
    const isFree = holder.kind === 'nobody' || (holder.kind === 'server' && holder.pid !== pid);
    if (isFree) freeAtMs ??= nowMs;
    if (freeAtMs !== undefined && (!isAlive(pid) || nowMs - freeAtMs > lastWordsMs)) break;
    if (nowMs - startMs > patienceMs) throw new CliError(cli.messages.talk.stillStopping(pid));
    cli.terminal.progress(`${hint()} ${Math.floor((nowMs - startMs) / 1_000)} s`);
    await pause(pollMs);
  }
  cli.terminal.progress('');
}

function patienceMsOf(cli: Cli): number {
  try {
    return loadConfig(cli).server.drainGraceMs + slackMs;
  } catch {
    return patienceMsByDefault; // A server whose configuration was broken since must still be stopped.
  }
}

function send(pid: number, signal: NodeJS.Signals, { messages }: Cli): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return; // It has ended since.
    throw new CliError(messages.talk.mayNotStop(pid), exitCodes.failed, { cause: error });
  }
}
