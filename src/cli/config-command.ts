import type { Command } from 'commander';
import { checkConfig, formatProblem } from '../config.ts';
import { type Act, type Cli, exitCodes } from './cli.ts';
import { addCommand, type JsonOption } from './command-options.ts';

/** `koubou config check` */
export function registerConfig(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages;
  const config = program
    .command('config')
    .description(help.config)
    .addHelpText('after', `\n${help.examples}\n  $ koubou config check`);
  addCommand(config, cli, {
    usage: 'check',
    description: help.configCheck,
    examples: ['koubou config check', 'KOUBOU_CONFIG=./config koubou config check --json'],
  }).action(
    act(async ({ json }: JsonOption) => {
      const { problems, summary } = checkConfig(cli);
      const isValid = problems.length === 0;
      if (json) {
        cli.terminal.json({ valid: isValid, problems, summary });
      } else {
        for (const line of summary) cli.terminal.line(line);
        for (const problem of problems) cli.terminal.say(formatProblem(problem));
      }
      return isValid ? exitCodes.done : exitCodes.misused;
    }),
  );
}
