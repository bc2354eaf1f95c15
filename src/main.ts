/** The command `koubou`. */

import { exitCodes } from './cli/cli.ts';
import { messagesFor } from './cli/messages.ts';
import { runCli } from './cli/program.ts';
import { openTerminal, watchPipes } from './cli/terminal.ts';

const { env, stdout } = process;
const argv = process.argv.slice(2);
// A server outlives the reader of its output; any other command has nothing more to say.
const serves = ['start', 'demo', 'worker'].includes(argv[0] ?? '');
watchPipes(process, (code) => {
  if (!serves) process.exit(code === 'EPIPE' ? exitCodes.done : exitCodes.failed);
});

const cli = { env, cwd: process.cwd(), terminal: openTerminal(process, env), messages: messagesFor(env) };
const exitCode = await runCli(argv, cli);
process.exitCode = exitCode;
// What is written has left, even through a slow pipe, before the process ends.
stdout.write('', () => process.exit(exitCode));
