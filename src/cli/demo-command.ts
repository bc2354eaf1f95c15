import type { Command } from 'commander';
import type { Act, Cli } from './cli.ts';
import { addCommand } from './command-options.ts';
import type { DemoOptions } from './demo-run.ts';

/** `koubou demo` */
export function registerDemo(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages;
  addCommand(program, cli, {
    usage: 'demo',
    description: help.demo,
    examples: ['koubou demo', 'koubou demo --once', 'KOUBOU_HOME=/tmp/my-demo koubou demo'],
  })
    .option('--once', help.once)
    .action(
      act(async (options: DemoOptions) => {
        // Only commands that serve load the server.
        const { runDemo } = await import('./demo-run.ts');
        return runDemo(cli, options);
      }),
    );
}
