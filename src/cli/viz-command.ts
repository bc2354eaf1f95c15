import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { parseTaskId } from '../machines/identifiers.ts';
import { type Act, type Cli, CliError, exitCodes } from './cli.ts';
import { addCommand, type JsonOption, wholeNumber } from './command-options.ts';
import { findHome, findServer, reachable, readServerNote } from './server-address.ts';
import { isAlive } from './server-process.ts';

interface VizOptions extends JsonOption {
  readonly seq?: number;
  readonly open: boolean;
}

/** `koubou viz` */
export function registerViz(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages.viz;
  addCommand(program, cli, {
    usage: 'viz [actor]',
    description: help.viz,
    examples: [
      'koubou viz',
      'koubou viz worker:local_001',
      'koubou viz task_20261122_101500_123456_0123456789abc --seq 57',
    ],
  })
    .option('--seq <number>', help.seq, wholeNumber(cli, 1))
    .option('--no-open', help.noOpen)
    .action(act((actor: string | undefined, options: VizOptions) => showCharts(cli, actor, options)));
}

async function showCharts(
  cli: Cli,
  actor: string | undefined,
  { seq, open, json }: VizOptions,
): Promise<number> {
  const { terminal, messages } = cli;
  if (actor !== undefined && !isActorName(actor)) {
    throw new CliError(messages.viz.notActor(actor), exitCodes.misused);
  }
  if (actor === undefined && seq !== undefined) throw new CliError(messages.viz.seqAlone, exitCodes.misused);
  const path = actor === undefined ? '' : `/${encodeURIComponent(actor)}`;
  const url = `${dashboardOf(cli)}/#/actors${path}${seq === undefined ? '' : `?seq=${seq}`}`;
  if (json === true) terminal.json({ url });
  else terminal.line(url);
  // Where the output goes into a file or a pipe, somebody wants the address and nothing else.
  if (open && json !== true && terminal.columns !== undefined) openOnDesktop(cli, url);
  return exitCodes.done;
}

function isActorName(name: string): boolean {
  return name === 'pool' || /^(?:worker|endpoint|execution):./.test(name) || parseTaskId(name) !== undefined;
}

/** @throws CliError when no server runs here and none is named */
function dashboardOf(cli: Cli): string {
  if ((cli.env['KOUBOU_URL'] ?? '') !== '') {
    const { protocol, hostname } = new URL(findServer(cli).url);
    return `${protocol}//${hostname}:${loadConfig(cli).ports.dashboard}`;
  }
  const note = readServerNote(findHome(cli));
  if (note === undefined || !isAlive(note.pid)) throw new CliError(cli.messages.viz.notRunning);
  return reachable(note.urls.dashboard);
}

/** Shows an address in a browser, if there is a desktop. The address has been printed, so nothing is lost without one. */
function openOnDesktop({ env }: Cli, url: string): void {
  const command = browserCommand(env);
  if (command === undefined) return;
  const [program, ...args] = command;
  const child = spawn(program, [...args, url], {
    detached: true,
    stdio: 'ignore',
    env: env as NodeJS.ProcessEnv,
  });
  child.on('error', () => undefined);
  child.unref();
}

function browserCommand(env: Cli['env']): readonly [string, ...string[]] | undefined {
  switch (process.platform) {
    case 'darwin':
      return ['open'];
    case 'win32':
      return ['explorer.exe'];
    default:
      return (env['DISPLAY'] ?? env['WAYLAND_DISPLAY'] ?? '') === '' ? undefined : ['xdg-open'];
  }
}
