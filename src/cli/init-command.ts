import type { Command } from 'commander';
import type { Act, Cli } from './cli.ts';
import { exitCodes } from './cli.ts';
import { addCommand, type JsonOption } from './command-options.ts';
import { layOut } from './home-layout.ts';
import { findHome } from './server-address.ts';

/** `koubou init` */
export function registerInit(program: Command, cli: Cli, act: Act): void {
  const { help, talk } = cli.messages;
  addCommand(program, cli, {
    usage: 'init',
    description: help.init,
    examples: ['koubou init', 'KOUBOU_HOME=/srv/koubou koubou init', 'koubou init --force'],
  })
    .option('--force', help.force)
    .action(
      act(async ({ force = false, json }: JsonOption & { force?: boolean }) => {
        const { root } = findHome(cli);
        const files = layOut(root, force);
        if (json) cli.terminal.json({ home: root, files });
        else {
          cli.terminal.line(root);
          for (const { path, action, backup } of files) {
            cli.terminal.line(`  ${path}  ${talk.laidOut[action]}${backup === null ? '' : ` (${backup})`}`);
          }
          cli.terminal.say(talk.initNext);
        }
        return exitCodes.done;
      }),
    );
}
