import { Command, CommanderError } from 'commander';
import { KoubouError } from '../machines/errors.ts';
import { version } from '../version.ts';
import { type Act, type Cli, CliError, exitCodes } from './cli.ts';
import { registerConfig } from './config-command.ts';
import { registerDb } from './db-command.ts';
import { registerDelegate } from './delegate-command.ts';
import { registerDemo } from './demo-command.ts';
import { registerDoctor } from './doctor-command.ts';
import { registerInit } from './init-command.ts';
import { registerLogs } from './logs-command.ts';
import { registerMcp } from './mcp-command.ts';
import { registerPool } from './pool-command.ts';
import { registerReport } from './report-command.ts';
import { registerRetry } from './retry-command.ts';
import { registerSimulate } from './simulate-command.ts';
import { registerStart } from './start-command.ts';
import { registerStatus } from './status-command.ts';
import { registerStop } from './stop-command.ts';
import { registerTasks } from './task-commands.ts';
import { registerToken } from './token-command.ts';
import { registerViz } from './viz-command.ts';
import { registerWorker } from './worker-command.ts';
import { registerWorkers } from './workers-command.ts';

/** Runs one command line and answers its exit code. What is wrong is said on stderr; nothing is thrown. */
export async function runCli(argv: readonly string[], cli: Cli): Promise<number> {
  let exitCode: number = exitCodes.done;
  const act: Act =
    (action) =>
    async (...args) => {
      exitCode = await action(...args);
    };
  try {
    await buildProgram(cli, act).parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return explain(error, cli);
  }
}

/** All commands; exported for tests of their help. */
export function buildProgram(cli: Cli, act: Act): Command {
  const { help } = cli.messages;
  const program = new Command('koubou')
    .description(help.program)
    .version(version, '-V, --version', help.version)
    .helpOption('-h, --help', help.help)
    .helpCommand('help [command]', help.help)
    // Else --json of a command below a command would be taken for one of the upper.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => cli.terminal.data(text),
      // A mistake in the command line is told by `explain`, in the language of the user.
      writeErr: () => undefined,
      outputError: () => undefined,
    })
    .configureHelp({ styleTitle: (title) => help.titles[title as keyof typeof help.titles] ?? title })
    .addHelpText(
      'after',
      `\n${help.examples}\n  $ koubou init && koubou start --background\n  $ koubou delegate --follow "Write a haiku about workshops"\n  $ koubou doctor\n\n${help.environment}`,
    );
  const registrations = [
    registerInit,
    registerStart,
    registerStop,
    registerStatus,
    registerDelegate,
    registerTasks,
    registerRetry,
    registerPool,
    registerWorkers,
    registerWorker,
    registerToken,
    registerMcp,
    registerLogs,
    registerReport,
    registerViz,
    registerDoctor,
    registerConfig,
    registerDb,
    registerDemo,
    registerSimulate,
  ];
  for (const register of registrations) register(program, cli, act);
  return program;
}

function explain(error: unknown, { messages: { talk }, terminal }: Cli): number {
  if (error instanceof CommanderError) return explainUsage(error, talk, terminal);
  if (error instanceof CliError) {
    terminal.say(error.message);
    return error.exitCode;
  }
  if (error instanceof KoubouError) {
    const isConfig = error.code === 'config.invalid';
    terminal.say(isConfig ? `${talk.configInvalid}\n${error.message}` : error.message);
    return isConfig ? exitCodes.misused : exitCodes.failed;
  }
  terminal.say(talk.unexpected(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  return exitCodes.failed;
}

/** Commander ends by throwing, for help and version too. */
function explainUsage(
  error: CommanderError,
  talk: Cli['messages']['talk'],
  terminal: Cli['terminal'],
): number {
  if (error.exitCode === 0 || error.code === 'commander.helpDisplayed') return exitCodes.done;
  if (error.code === 'commander.help') {
    terminal.say(talk.noCommand);
    return exitCodes.misused;
  }
  terminal.say(talk.usage(error.code, error.message.replace(/^error: /, '')));
  return exitCodes.misused;
}
